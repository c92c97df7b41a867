"""`python -m attnviz`: models, lectures, lecture, trace, handout, corpus, train, evaluate, data, add.

Results on standard output, messages on standard error.
"""

from __future__ import annotations

import argparse
import json
import locale
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz import __version__
from attnviz.errors import AttnvizError, InputError
from attnviz.i18n import choose, languages, translate
from attnviz.places import write_whole
from attnviz.scenes.groceries import FOLDER

if TYPE_CHECKING:
    from attnviz.families.writing.decoding import Sampling

#: Exit codes: a bad call, and anything the user caused later.
BAD_CALL, FAILED = 2, 1

#: Codes of errors that say that a name or path is none of a model.
_NO_MODEL = ("no_such_model", "no_such_path", "load_file", "load_weights", "hub_name")

#: Seconds between lines about long work where there is no terminal.
TOLD_EVERY = 30.0

#: The models of the checkout.
_MODELS = Path(__file__).resolve().parent.parent / "models"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: As typed after `attnviz`; None takes the process's own.

    Returns:
        Exit code: 0, or 2 for a call that cannot be carried out, 1 for a failure while carrying it out.
    """
    # Standard error is for our own messages.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    language = choose((locale.getlocale()[0] or "").replace("_", "-"))
    parser = _parser(language)
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except AttnvizError as error:
        print(f"attnviz: {error.message(options.lang)}", file=sys.stderr)
        return BAD_CALL if isinstance(error, InputError) or error.code in _NO_MODEL else FAILED
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(translate(options.lang, "cli.interrupted"), file=sys.stderr)
        return 130


def _parser(language: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="attnviz", description=translate(language, "cli.about"))
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--lang", choices=list(languages()), default=language, help=translate(language, "cli.lang"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=translate(language, f"cli.{name}"))
        # Behind the command as well; without a value of its own, lest it undo the one in front.
        added.add_argument("--lang", choices=list(languages()), default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return added

    listing = command("models")
    listing.set_defaults(run=_models)

    tracing = command("trace")
    tracing.add_argument("model", metavar="MODEL")
    tracing.add_argument("text", metavar="TEXT", help=translate(language, "cli.text"))
    tracing.add_argument("--target", metavar="T", help=translate(language, "cli.target"))
    tracing.add_argument("--length", type=int, metavar="N", help=translate(language, "cli.length"))
    for name, kind in (("temperature", float), ("top-k", int), ("top-p", float), ("seed", int)):
        words = translate(language, f"cli.{name.replace('-', '_')}")
        tracing.add_argument(f"--{name}", type=kind, metavar="X" if kind is float else "N", help=words)
    tracing.add_argument("--language", default="", metavar="CODE", help=translate(language, "cli.language"))
    tracing.add_argument("--edit", action="append", default=[], metavar="CODE", help=translate(language, "cli.edit"))
    tracing.add_argument("--block", help=translate(language, "cli.block"))
    tracing.add_argument("--layer", type=int, help=translate(language, "cli.layer"))
    tracing.add_argument("--head", type=int, help=translate(language, "cli.head"))
    tracing.add_argument("-o", "--output", type=Path, metavar="FILE", help=translate(language, "cli.output"))
    tracing.set_defaults(run=_trace)

    handing = command("handout")
    handing.add_argument("model", metavar="MODEL")
    handing.add_argument("text", metavar="TEXT", help=translate(language, "cli.text"))
    handing.add_argument("--language", default="", metavar="CODE", help=translate(language, "cli.language"))
    handing.add_argument("--block", help=translate(language, "cli.block"))
    for name in ("layer", "head", "query"):
        handing.add_argument(f"--{name}", type=int, help=translate(language, f"cli.{name}"))
    handing.add_argument("--address", default="", metavar="URL", help=translate(language, "cli.handout_address"))
    handing.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help=translate(language, "cli.handout_output")
    )
    handing.set_defaults(run=_handout)

    training = command("train")
    training.add_argument("name", metavar="NAME")
    training.add_argument(
        "--models", type=Path, default=_MODELS, metavar="FOLDER", help=translate(language, "cli.folder")
    )
    training.set_defaults(run=_train)

    evaluating = command("evaluate")
    evaluating.add_argument("name", metavar="NAME")
    evaluating.add_argument("--write", action="store_true", help=translate(language, "cli.write"))
    evaluating.set_defaults(run=_evaluate)

    fetching = command("data")
    fetching.add_argument("name", metavar="NAME", choices=[FOLDER])
    fetching.set_defaults(run=_data)

    adding = command("add")
    adding.add_argument("source", metavar="SOURCE")
    adding.add_argument("--name", metavar="N", help=translate(language, "cli.name"))
    adding.add_argument("--sha256", metavar="H", help=translate(language, "cli.sha256"))
    adding.set_defaults(run=_add)

    measuring = command("corpus")
    measuring.add_argument("model", metavar="MODEL")
    measuring.add_argument("files", metavar="FILE", nargs="*", help=translate(language, "cli.corpus_files"))
    measuring.add_argument("--test", action="store_true", help=translate(language, "cli.corpus_test"))
    measuring.add_argument("--column", metavar="C", help=translate(language, "cli.corpus_column"))
    measuring.add_argument("--target", metavar="C", help=translate(language, "cli.corpus_target"))
    measuring.add_argument("--links", metavar="C", help=translate(language, "cli.corpus_links"))
    measuring.add_argument("--first", type=int, metavar="N", help=translate(language, "cli.corpus_first"))
    measuring.add_argument("--effect", action="store_true", help=translate(language, "cli.corpus_effect"))
    measuring.add_argument("--faithfulness", action="store_true", help=translate(language, "cli.corpus_faithfulness"))
    measuring.add_argument("--brief", action="store_true", help=translate(language, "cli.corpus_brief"))
    measuring.add_argument(
        "--ray", nargs="?", const=True, default=False, metavar="N|ADDRESS", help=translate(language, "cli.corpus_ray")
    )
    measuring.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FOLDER", help=translate(language, "cli.corpus_output")
    )
    measuring.set_defaults(run=_corpus)

    command("lectures").set_defaults(run=_lectures)

    checking = command("lecture")
    checking.add_argument("file", metavar="FILE", help=translate(language, "cli.lecture_file"))
    checking.add_argument("-o", "--output", type=Path, metavar="FILE", help=translate(language, "cli.lecture_output"))
    checking.add_argument("--worksheet", action="store_true", help=translate(language, "cli.lecture_worksheet"))
    checking.set_defaults(run=_lecture)
    return parser


def _lectures(options: argparse.Namespace) -> int:
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


def _lecture(options: argparse.Namespace) -> int:
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


def _models(options: argparse.Namespace) -> int:
    from attnviz import zoo

    _print_json([card.to_dict() for card in zoo.models()])
    refused = zoo.problems()
    for error in refused.values():
        print(f"attnviz: {error.message(options.lang)}", file=sys.stderr)
    return FAILED if refused else 0


def _trace(options: argparse.Namespace) -> int:
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


def _handout(options: argparse.Namespace) -> int:
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


def _train(options: argparse.Namespace) -> int:
    from attnviz import training
    from attnviz.corpus import shelf

    again = shelf.command(options.models / options.name)
    folder = training.train(options.name, models_folder=options.models)
    print(folder)
    if again:  # what was measured is of the former weights, and went with them
        print(translate(options.lang, "cli.corpus_gone", command=again), file=sys.stderr)
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from attnviz import training

    _print_json(training.evaluate(options.name, write=options.write))
    return 0


def _corpus(options: argparse.Namespace) -> int:
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


def _data(options: argparse.Namespace) -> int:
    from attnviz.training import groceries

    print(groceries.fetch())
    return 0


def _add(options: argparse.Namespace) -> int:
    from attnviz import zoo

    folder = zoo.source_folder(options.source)
    print(zoo.add(folder, options.name or options.source.rstrip("/").rpartition("/")[2], options.sha256))
    return 0


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1))
