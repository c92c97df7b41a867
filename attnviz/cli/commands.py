"""What each command does with what was typed: prints its result, and returns the exit code."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import InputError
from attnviz.i18n import translate
from attnviz.places import write_whole

if TYPE_CHECKING:
    from attnviz.families.writing.decoding import Sampling

#: Exit code of anything the user caused while a command was carried out.
FAILED = 1

#: Seconds between lines about long work where there is no terminal.
TOLD_EVERY = 30.0


def lectures(options: argparse.Namespace) -> int:
    """List the lectures, and say what is wrong with those that are not sound."""
    from attnviz import lectures

    sound, wrong = lectures.every()
    _print_json(
        [
            {"name": name, "title": dict(held.title), "slides": len(held.slides), "minutes": held.minutes}
            for name, held in sound.items()
        ]
    )
    for error in wrong.values():
        print(f"attnviz: {error.message(options.lang)}", file=sys.stderr)
    return FAILED if wrong else 0


def lecture(options: argparse.Namespace) -> int:
    """Check a lecture, and write it as a page that plays offline, a PDF or a worksheet."""
    from attnviz import lectures

    held = lectures.read(Path(options.file)) if options.file.endswith(".toml") else lectures.find(options.file)
    told = translate(options.lang, "cli.lecture_good", file=options.file, slides=len(held.slides))
    if options.output is not None:
        ending = options.output.suffix.lower()
        if ending not in (".html", ".pdf"):
            raise InputError("no_such_format", received=ending.lstrip("."), expected="html, pdf")
        from attnviz import offline
        from attnviz.export.printed import pdf

        content = offline.page(held, options.lang)
        if ending == ".pdf":
            content = pdf(content, mark="sheet" if options.worksheet else "")
        write_whole(options.output, content)
        told = translate(options.lang, "cli.lecture_written", file=options.output.name, bytes=len(content))
    print(told, file=sys.stderr)
    return 0


def models(options: argparse.Namespace) -> int:
    """List the models, and say what is wrong with folders that hold none."""
    from attnviz import zoo

    _print_json([card.to_dict() for card in zoo.models()])
    refused = zoo.problems()
    for error in refused.values():
        print(f"attnviz: {error.message(options.lang)}", file=sys.stderr)
    return FAILED if refused else 0


def trace(options: argparse.Namespace) -> int:
    """Run a model on a text or scene: JSON, or a file of the kind its ending says."""
    from attnviz import export, zoo
    from attnviz.analysis.surgery import operations

    kind = "json" if options.output is None else options.output.suffix.lstrip(".").lower()
    if kind not in export.KINDS:
        raise InputError("no_such_format", received=kind, expected=", ".join(export.KINDS))
    model = zoo.load(options.model)
    how = {"target": options.target, "length": options.length, "sampling": _sampling(options)}
    trace = operations.traced(model, options.text, options.edit, options.language, **how)
    part = {"block": options.block, "layer": options.layer, "head": options.head}
    for notice in trace.notices:
        print(f"attnviz: {notice.message(options.lang)}", file=sys.stderr)
    if options.output is None:
        _print_json(trace.to_dict(**part))
        return 0
    names = model.card.names_of_labels(options.lang)
    content = export.file(trace, kind, **part, language=options.lang, names=names)
    write_whole(options.output, content)
    return 0


def handout(options: argparse.Namespace) -> int:
    """Write two printed pages about one sentence."""
    from urllib.parse import urlencode

    from attnviz import zoo
    from attnviz.analysis.focus import asked
    from attnviz.export import handout
    from attnviz.export.printed import pdf

    ending = options.output.suffix.lower()
    if ending not in (".html", ".pdf"):
        raise InputError("no_such_format", received=ending.lstrip("."), expected="html, pdf")
    model = zoo.load(options.model)
    encoded = model.encode_in(options.text, options.language)
    trace = model.run(encoded)
    alignment = model.card.details.get("alignment")
    chosen = asked(trace, options.layer, options.head, options.block, options.query, alignment)
    own = handout.taken_apart(model, encoded, trace, chosen)
    shown = {"lang": options.lang, "model": model.card.name, "text": options.text}
    address = f"{options.address.rstrip('/')}/?{urlencode(shown)}" if options.address else ""
    content = handout.page(trace, model.card, own, chosen, address=address, language=options.lang)
    write_whole(options.output, pdf(content) if ending == ".pdf" else content)
    return 0


def _sampling(options: argparse.Namespace) -> Sampling | None:
    """How tokens are drawn; None where nothing about it is said."""
    from attnviz.families.writing.decoding import Sampling

    given = {name: getattr(options, name) for name in ("temperature", "top_k", "top_p", "seed")}
    said = {name: value for name, value in given.items() if value is not None}
    return Sampling(**said) if said else None


def train(options: argparse.Namespace) -> int:
    """Train a model by its recipe."""
    from attnviz import training
    from attnviz.corpus import shelf

    again = shelf.command(options.models / options.name)
    folder = training.train(options.name, models_folder=options.models)
    print(folder)
    if again:  # what was measured is of the former weights, and went with them
        print(translate(options.lang, "cli.corpus_gone", command=again), file=sys.stderr)
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Measure a model's figures again."""
    from attnviz import training

    _print_json(training.evaluate(options.name, write=options.write))
    return 0


def corpus(options: argparse.Namespace) -> int:
    """Measure a model's heads over many sentences."""
    from contextlib import redirect_stdout
    from itertools import islice

    from attnviz import corpus, training
    from attnviz.corpus.reading import count
    from attnviz.training.progress import Progress

    if bool(options.files) == options.test:
        raise InputError("corpus_what")
    if options.test:
        sentences: Any = training.test_sentences(options.model)
        total = len(sentences)
    else:
        paths = corpus.files(options.files)
        columns = (options.column, options.target, options.links)
        total, sentences = count(paths, *columns), corpus.lines(paths, *columns)
    if options.first is not None:
        total, sentences = min(total, max(options.first, 0)), islice(sentences, max(options.first, 0))
    left = translate(options.lang, "cli.corpus_left", time="{time}")
    progress = Progress(options.model[-28:], total, left=left, every=TOLD_EVERY)
    with redirect_stdout(sys.stderr):  # Ray says there that a worker died; standard output is for the summary
        found = corpus.measure(
            options.model,
            sentences,
            effect=options.effect,
            faithfulness=options.faithfulness,
            brief=options.brief,
            folder=options.output,
            progress=progress.update,
            ray=options.ray,
        )
    progress.close(translate(options.lang, "cli.corpus_done", sentences=found.summary["sentences"]))
    for code, number in found.summary["refused"].items():
        where = next((each["where"] for each in found.summary["examples"] if each["error"] == code), "")
        words = translate(options.lang, f"errors.{code}")
        print(translate(options.lang, "cli.corpus_refused", number=number, why=words, where=where), file=sys.stderr)
    _print_json(dict(found.summary))
    return 0


def data(options: argparse.Namespace) -> int:
    """Fetch data that models learn from."""
    from attnviz.training import groceries

    print(groceries.fetch())
    return 0


def add(options: argparse.Namespace) -> int:
    """Add a pretrained model to the models of this machine."""
    from attnviz import zoo

    folder = zoo.source_folder(options.source)
    print(zoo.add(folder, options.name or options.source.rstrip("/").rpartition("/")[2], options.sha256))
    return 0


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1))
