"""The two faces of a model card: `card.json` for programs, `README.md` for people; written here for every kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attnviz.families.card import sealed


class Section:
    """A part of the card for people.

    Args:
        title: Its heading; empty: it goes on from what stands before it.
        paragraphs: In Markdown; empty ones are left out, and a section without any.
    """

    def __init__(self, title: str, *paragraphs: str) -> None:
        self.title, self.paragraphs = title, tuple(filter(None, paragraphs))


def facts(folder: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of files, as the loader checks them."""
    contents = {name: (folder / name).read_bytes() for name in names}
    return {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in contents.items()
    }


def store(folder: Path, content: Mapping[str, Any], words: str | None = None) -> None:
    """`card.json` and `README.md` of a model folder, each whole or as it was.

    Args:
        folder: The model's.
        content: Of `card.json`.
        words: The card for people; None leaves it.
    """
    texts = {"card.json": json.dumps(sealed(content), ensure_ascii=False, indent=1, allow_nan=False) + "\n"}
    if words is not None:
        texts["README.md"] = words
    for name, text in texts.items():
        new = folder / f".{name}.new"
        new.write_text(text, encoding="utf-8", newline="\n")
        new.replace(folder / name)


def markdown(content: Mapping[str, Any], sections: Iterable[Section]) -> str:
    """The card for people: name and summary, then the sections."""
    blocks = [f"# {content['name']}", content["summary"]["en"], content["summary"]["ja"]]
    for section in sections:
        if section.paragraphs:
            blocks += [*([f"## {section.title}"] if section.title else ()), *section.paragraphs]
    return "\n\n".join(blocks) + "\n"


def opening(content: Mapping[str, Any], architecture: str, sizes: str, source: str, split: str) -> list[Section]:
    """What a card begins with: the network, the data and their split, the licence.

    Args:
        content: Of `card.json`.
        architecture: The network in words.
        sizes: Format of one entry of its configuration, of `key` and `value`.
        source: Format of one data set's entry.
        split: In words.
    """
    stated = ", ".join(sizes.format(key=key, value=value) for key, value in content["config"].items())
    return [
        Section("", f"{architecture}, {stated}. Made by `{content['training']['command']}`."),
        Section(
            "Data",
            "\n".join(source.format(**entry) for entry in content["data"]),
            f"Split. {split}",
            f"Weights under {content['licence']}.",
        ),
    ]


def searched(content: Mapping[str, Any], best: str) -> str:
    """How what a model writes is searched for, where its card says so; `best` is true of it among what was tried."""
    length = content.get("search_length")
    return "" if length is None else _SEARCHED.format(length=length, best=best)


_SEARCHED = (
    " Beam search compares by log probability over ((5 + tokens) / 6)^α (Wu et al. 2016) with α = {length}: of those "
    "tried, that with which {best}."
)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], words: int | None = None) -> str:
    """A Markdown table.

    Args:
        head: Names of the columns.
        rows: Cells, shown as text.
        words: So many first columns hold words, the others numbers, which stand to the right; None: all hold words.
    """
    ruler = "|---" * len(head) + "|"
    if words is not None:
        ruler = "| " + " | ".join(["---"] * words + ["---:"] * (len(head) - words)) + " |"
    lines = ["| " + " | ".join(map(str, line)) + " |" for line in (head, *rows)]
    return "\n".join([lines[0], ruler, *lines[1:]])
