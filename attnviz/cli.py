"""`python -m attnviz`: models, trace, train, evaluate, add. Results on standard output, messages on standard error."""

from __future__ import annotations

import argparse
import json
import locale
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from attnviz import __version__
from attnviz.errors import AttnvizError, InputError
from attnviz.i18n import choose, languages, translate

#: Exit codes: a bad call, and anything the user caused later.
BAD_CALL, FAILED = 2, 1

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
        return BAD_CALL if isinstance(error, InputError) or error.code == "no_such_model" else FAILED
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
    tracing.add_argument("text", metavar="TEXT")
    tracing.add_argument("--target", metavar="T", help=translate(language, "cli.target"))
    tracing.add_argument("--language", default="", metavar="CODE", help=translate(language, "cli.language"))
    tracing.add_argument("--edit", action="append", default=[], metavar="CODE", help=translate(language, "cli.edit"))
    tracing.add_argument("--block", help=translate(language, "cli.block"))
    tracing.add_argument("--layer", type=int, help=translate(language, "cli.layer"))
    tracing.add_argument("--head", type=int, help=translate(language, "cli.head"))
    tracing.add_argument("-o", "--output", type=Path, metavar="FILE", help=translate(language, "cli.output"))
    tracing.set_defaults(run=_trace)

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

    adding = command("add")
    adding.add_argument("source", metavar="SOURCE")
    adding.add_argument("--name", metavar="N", help=translate(language, "cli.name"))
    adding.add_argument("--sha256", metavar="H", help=translate(language, "cli.sha256"))
    adding.set_defaults(run=_add)
    return parser


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
    trace = operations.traced(model, options.text, options.edit, options.language, target=options.target)
    part = {"block": options.block, "layer": options.layer, "head": options.head}
    for notice in trace.notices:
        print(f"attnviz: {notice.message(options.lang)}", file=sys.stderr)
    if options.output is None:
        _print_json(trace.to_dict(**part))
        return 0
    names = model.card.names_of_labels(options.lang)
    content = export.file(trace, kind, **part, language=options.lang, names=names)
    try:
        options.output.write_bytes(content)
    except (OSError, ValueError) as error:
        raise InputError("cannot_write", file=str(options.output), cause=str(error)) from error
    return 0


def _train(options: argparse.Namespace) -> int:
    from attnviz import training

    folder = training.train(options.name, models_folder=options.models)
    print(folder)
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from attnviz import training

    _print_json(training.evaluate(options.name, write=options.write))
    return 0


def _add(options: argparse.Namespace) -> int:
    from attnviz import zoo

    folder = zoo.source_folder(options.source)
    print(zoo.add(folder, options.name or options.source.rstrip("/").rpartition("/")[2], options.sha256))
    return 0


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1))
