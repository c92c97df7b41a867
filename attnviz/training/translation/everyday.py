"""Sentences from daily life, translated, with a reader's verdicts."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from attnviz.training.card import table

#: What a verdict on a translation may be.
VERDICTS = ("good", "understandable", "wrong")


@dataclass(frozen=True)
class Sentence:
    """One sentence, and what a reader found of one translation of it.

    Attributes:
        text: As typed.
        translation: The one that was judged; empty where none was.
        verdict: One of `VERDICTS`.
        why: In a few words.
        alignment: Which words look where they should, and which do not.
    """

    text: str
    translation: str = ""
    verdict: str = ""
    why: str = ""
    alignment: str = ""


@dataclass(frozen=True)
class Judged:
    """A sentence, its translation now, and the verdict if this translation is the one that was judged."""

    text: str
    translation: str
    verdict: Sentence | None


def sentences(source: str, target: str) -> tuple[Sentence, ...]:
    """The sentences of one direction; none where there is no file."""
    file = Path(__file__).with_name(f"everyday-{source}-{target}.toml")
    if not file.is_file():
        return ()
    found = tuple(Sentence(**each) for each in tomllib.loads(file.read_text(encoding="utf-8"))["sentences"])
    for each in found:
        if each.translation and each.verdict not in VERDICTS:
            raise ValueError(f"Expected a verdict of {', '.join(VERDICTS)}. Received: {each.verdict!r}")
    return found


def judged(known: Sequence[Sentence], translate: Callable[[str], str]) -> list[Judged]:
    """Every sentence translated, with the verdict that holds for it."""
    written = [translate(each.text) for each in known]
    return [
        Judged(each.text, now, each if now == each.translation else None)
        for each, now in zip(known, written, strict=True)
    ]


def markdown(rows: Sequence[Judged]) -> str:
    """How many of which verdict, then a table."""
    counts = Counter(row.verdict.verdict if row.verdict else "not judged" for row in rows)
    summary = ", ".join(f"{counts[name]} {name}" for name in (*VERDICTS, "not judged") if counts[name])
    lines = []
    for row in rows:
        own = row.verdict
        verdict = "not judged" if own is None else own.verdict + (f": {own.why}" if own.why else "")
        cells = (row.text, row.translation, verdict, own.alignment if own else "")
        lines.append([cell.replace("|", "\\|") for cell in cells])
    return f"{summary} of {len(rows)}.\n\n" + table(["sentence", "translation", "verdict", "alignment"], lines)
