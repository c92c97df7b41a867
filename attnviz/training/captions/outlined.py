"""Whether a captioner of photographs looks at the thing itself, not only at its photograph: outlines drawn by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.caption import CaptionModel
from attnviz.families.writing.subwords import BLANK
from attnviz.scenes import GRID, GROCERIES, Collage
from attnviz.scenes.collage import UNITS
from attnviz.scenes.naming import mentions
from attnviz.training.captions.grammar import LANGUAGES

#: Left, upper, right and lower edge, in regions.
Box = Sequence[float]


def outlines() -> dict[str, NDArray[np.bool_]]:
    """Of each photograph of the test part that has an outline, the regions whose middle lies in it, bool `[196]`."""
    text = Path(__file__).with_name("outlines.toml").read_text(encoding="utf-8")
    return {photo: inside(boxes) for photo, boxes in tomllib.loads(text).items()}


def inside(boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """The regions whose middle lies in one of some boxes, bool `[196]`, row by row.

    >>> np.flatnonzero(inside([(0, 0, 2, 0.6)])).tolist()
    [0, 1]
    """
    middle = np.arange(GRID) + 0.5
    found = np.zeros((GRID, GRID), bool)
    for left, upper, right, lower in boxes:
        found |= np.outer((upper < middle) & (middle < lower), (left < middle) & (middle < right))
    return found.ravel()


def measured(model: CaptionModel, head: tuple[int, int]) -> dict[str, Any]:
    """How often the heaviest region of a word that names the thing rightly lies on it, each photograph shown whole.

    Args:
        model: The captioner.
        head: Layer and head whose weights are looked at.

    Returns:
        `n` photographs, `chance` a region taken blindly, and by language `words` and `hits`, the share of them.
    """
    known = outlines()
    found: dict[str, Any] = {"n": len(known), "chance": round(float(np.mean(list(known.values()))), 4)}
    for language in LANGUAGES:
        hits = [hit for photo, on in known.items() for hit in _hits(model, photo, on, language, head)]
        found[language] = {"words": len(hits), "hits": round(float(np.mean(hits)), 4) if hits else 0.0}
    return found


def _hits(model: CaptionModel, photo: str, on: NDArray[np.bool_], language: str, head: tuple[int, int]) -> list[bool]:
    """Of each word that names the thing in a photograph, whether its heaviest region lies on it."""
    collage = Collage(f"white;{photo}@0,0,{UNITS},{UNITS}")
    block = model.run(model.encode(collage, language)).block("cross")
    words = [word.removeprefix(BLANK) for word in block.query.tokens]
    kind, _, _ = photo.partition(".")
    return [
        bool(on[block.weights[head][word].argmax()])
        for mention in mentions(words, GROCERIES)
        if mention.kind == kind
        for word in mention.words
    ]
