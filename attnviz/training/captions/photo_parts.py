"""Collages drawn at random: what is learned from, and what is set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.scenes import GROCERIES, Collage, Photo
from attnviz.scenes.collage import GROUNDS, UNITS
from attnviz.scenes.groceries import photographs

#: How often a collage has one photograph, two, three, four.
_COUNTS = (0.1, 0.3, 0.3, 0.3)

#: Least and most of a side that one photograph takes of two, and widest gap between them, of `UNITS`.
_SPLIT, _GAP = (11, 17), 2

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class PhotoPart:
    """How the collages of one part are drawn.

    Attributes:
        seed: Of what is drawn.
        count: Collages.
        of: Part of the data set whose photographs they show, see `scenes.groceries.PARTS`.
        even: Every kind comes as often; else every photograph.
    """

    seed: int
    count: int
    of: str
    even: bool = False

    def scenes(self) -> Iterator[Collage]:
        """The collages, the same each time.

        Raises:
            InputError: The photographs are not on this machine, or damaged.
        """
        rng, known = np.random.default_rng(self.seed), photographs()
        counts = {kind: known.count(self.of, kind) for kind in GROCERIES}
        kinds = [kind for kind, count in counts.items() if count]
        shares = np.array([1 if self.even else counts[kind] for kind in kinds], np.float64)
        for _ in range(self.count):
            boxes = _layout(rng, int(rng.choice(4, p=_COUNTS)) + 1)
            chosen = rng.choice(len(kinds), size=len(boxes), replace=False, p=shares / shares.sum())
            photos = [
                Photo(kinds[kind], self.of, int(rng.integers(counts[kinds[kind]])) + 1, *box)
                for kind, box in zip(chosen, boxes, strict=True)
            ]
            yield Collage.composed(
                str(rng.choice(list(GROUNDS))), [photos[place] for place in rng.permutation(len(photos))]
            )


def parts(count: int) -> dict[str, PhotoPart]:
    """By name: `train` and `dev` of photographs that may be learned from, `test` of the official test part alone.

    Args:
        count: Collages to learn from.
    """
    return {
        "train": PhotoPart(seed=1, count=count, of="train", even=True),
        "dev": PhotoPart(seed=2, count=300, of="val"),
        "test": PhotoPart(seed=3, count=1000, of="test"),
    }


def _layout(rng: np.random.Generator, count: int) -> list[Box]:
    """Places of so many photographs, x, y, width, height: one, or two rows or columns, each of them one or two."""
    gap = int(rng.integers(_GAP + 1))
    whole = (gap, gap, UNITS - 2 * gap, UNITS - 2 * gap)
    if count == 1:
        return [whole]
    upright = bool(rng.random() < 0.5)
    halves = _halves(rng, whole, gap, upright=upright)
    if count == 2:
        return list(halves)
    divided = [bool(rng.random() < 0.5)] if count == 3 else []
    wanted: Sequence[bool] = [divided[0], not divided[0]] if divided else [True, True]
    found: list[Box] = []
    for half, cut in zip(halves, wanted, strict=True):
        found += _halves(rng, half, gap, upright=not upright) if cut else [half]
    return found


def _halves(rng: np.random.Generator, box: Box, gap: int, *, upright: bool) -> tuple[Box, Box]:
    """A place cut in two, side by side or, upright, one above the other."""
    x, y, width, height = box
    whole = height if upright else width
    first = round(float(rng.uniform(*_SPLIT)) / UNITS * (whole - gap))
    second = whole - gap - first
    if upright:
        return (x, y, width, first), (x, y + first + gap, width, second)
    return (x, y, first, height), (x + first + gap, y, second, height)
