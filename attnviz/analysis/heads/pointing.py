"""Whether the weight lies on the thing that is being named, while a caption of a composed picture is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.subwords import BLANK
from attnviz.scenes import Composed, kinds_of, lying, names_in
from attnviz.scenes.naming import mentions


@dataclass(frozen=True)
class Pointed:
    """Where the weight lies while a word names a thing of the picture.

    Attributes:
        kind: Of the thing, see `attnviz.scenes.kinds_of`.
        share: Weight on the regions that lie on it, 0 to 1.
        hit: Whether the heaviest region lies on it.
    """

    kind: str
    share: float
    hit: bool


def pointed(
    scene: Composed, words: Sequence[str], values: NDArray[np.floating], grid: tuple[int, int]
) -> list[Pointed | None]:
    """Of each word that names something that is there; None of all others.

    Args:
        scene: What the caption is about.
        words: Of the caption, as in `Written.tokens`.
        values: `[word, region]`, regions row by row.
        grid: Rows and columns of the regions.
    """
    found: list[Pointed | None] = [None] * len(words)
    for word, kind, there in _named(scene, words, grid):
        row = values[word]
        found[word] = Pointed(kind, float(row[there].sum()), bool(there[row.argmax()]))
    return found


def by_head(
    scene: Composed, words: Sequence[str], weights: NDArray[np.floating], grid: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How each head looks at what is being named: means over the words that name something that is there.

    Args:
        scene, words, grid: As for `pointed`.
        weights: `[layer, head, word, region]`, regions row by row.

    Returns:
        The share of words whose heaviest region lies on the thing, and the weight on it, both float64 `[layer, head]`;
        NaN where no word names anything.
    """
    hits, shares = [], []
    for word, _, there in _named(scene, words, grid):
        row = weights[:, :, word].astype(np.float64)  # [layer, head, region]
        hits.append(there[row.argmax(axis=-1)])
        shares.append(row[..., there].sum(axis=-1))
    if not hits:
        nothing = np.full(weights.shape[:2], np.nan)
        return nothing, nothing
    return np.mean(hits, axis=0), np.mean(shares, axis=0)


def _named(
    scene: Composed, words: Sequence[str], grid: tuple[int, int]
) -> Iterator[tuple[int, str, NDArray[np.bool_]]]:
    """Each word that names something that is there, what, and the regions that lie on it."""
    for mention in mentions([word.removeprefix(BLANK) for word in words], kinds_of(scene)):
        objects = [place for place, each in enumerate(names_in(scene)) if each == mention.kind]
        if objects:
            there = lying(scene, objects, grid)
            yield from ((word, mention.kind, there) for word in mention.words)


def border(values: NDArray[np.floating], grid: tuple[int, int]) -> tuple[NDArray[np.float64], float]:
    """How much of the weight lies on the outermost regions of a picture.

    Args:
        values: `[word, region]`, regions row by row.
        grid: Rows and columns of the regions.

    Returns:
        The share of each word's weight, float64 `[word]`, and the share of all regions that these are.
    """
    edge = np.ones(grid, bool)
    edge[1:-1, 1:-1] = False
    there = edge.ravel()
    weights = np.asarray(values, np.float64)
    shares: NDArray[np.float64] = weights[:, there].sum(axis=-1)
    return shares, float(there.mean())


def excess(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """What each word gives to a region above the mean over the words; 0 where it gives less.

    Args:
        values: `[word, region]`.

    Returns:
        float64 of the same shape.

    >>> excess(np.array([[0.75, 0.25], [0.25, 0.75]])).tolist()
    [[0.25, 0.0], [0.0, 0.25]]
    """
    weights = np.asarray(values, np.float64)
    above: NDArray[np.float64] = np.maximum(weights - weights.mean(axis=0), 0.0)
    return above
