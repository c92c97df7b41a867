"""What can be typed after `python -m attnviz`."""

from __future__ import annotations

import argparse
from pathlib import Path

from attnviz import __version__
from attnviz.cli import commands
from attnviz.i18n import languages, translate
from attnviz.scenes.groceries import FOLDER

#: The models of the checkout.
_MODELS = Path(__file__).resolve().parents[2] / "models"


def build_parser(language: str) -> argparse.ArgumentParser:
    """What can be typed, with help in a language; what is parsed has `run`, which carries the command out."""
    parser = argparse.ArgumentParser(prog="attnviz", description=translate(language, "cli.about"))
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--lang", choices=list(languages()), default=language, help=translate(language, "cli.lang"))
    several = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str) -> argparse.ArgumentParser:
        added = several.add_parser(name, help=translate(language, f"cli.{name}"))
        # Behind the command as well; without a value of its own, lest it undo the one in front.
        added.add_argument("--lang", choices=list(languages()), default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return added

    listing = command("models")
    listing.set_defaults(run=commands.models)

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
    tracing.set_defaults(run=commands.trace)

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
    handing.set_defaults(run=commands.handout)

    training = command("train")
    training.add_argument("name", metavar="NAME")
    training.add_argument(
        "--models", type=Path, default=_MODELS, metavar="FOLDER", help=translate(language, "cli.folder")
    )
    training.set_defaults(run=commands.train)

    evaluating = command("evaluate")
    evaluating.add_argument("name", metavar="NAME")
    evaluating.add_argument("--write", action="store_true", help=translate(language, "cli.write"))
    evaluating.set_defaults(run=commands.evaluate)

    fetching = command("data")
    fetching.add_argument("name", metavar="NAME", choices=[FOLDER])
    fetching.set_defaults(run=commands.data)

    adding = command("add")
    adding.add_argument("source", metavar="SOURCE")
    adding.add_argument("--name", metavar="N", help=translate(language, "cli.name"))
    adding.add_argument("--sha256", metavar="H", help=translate(language, "cli.sha256"))
    adding.set_defaults(run=commands.add)

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
    measuring.set_defaults(run=commands.corpus)

    command("lectures").set_defaults(run=commands.lectures)

    checking = command("lecture")
    checking.add_argument("file", metavar="FILE", help=translate(language, "cli.lecture_file"))
    checking.add_argument("-o", "--output", type=Path, metavar="FILE", help=translate(language, "cli.lecture_output"))
    checking.add_argument("--worksheet", action="store_true", help=translate(language, "cli.lecture_worksheet"))
    checking.set_defaults(run=commands.lecture)
    return parser
