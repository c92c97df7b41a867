"""How far each head links words as somebody did by hand, added up over a corpus; see `analysis.heads.word_links`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.heads.word_links import linked, strongest
from attnviz.analysis.reading import read
from attnviz.trace import AttentionTrace


@dataclass(frozen=True, eq=False)
class Aligned:
    """Links of some pairs of sentences, in one block.

    Attributes:
        pairs: How many.
        counts: int64 `[layer, head, 4]`: links found, sure ones there are, found ones that are sure, and that are
            possible.
    """

    pairs: int
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, trace: AttentionTrace, links: str) -> dict[str, Self]:
        """Of one pair, by block of source–target attention; special tokens are left out, pieces put together to words.

        Args:
            trace: Of a sentence, and a translation that was read.
            links: `3-2` sure, `3p2` possible, blanks between: words of the sentence and of its translation.

        Raises:
            ValueError: The links cannot be read, or are not of these words.
        """
        found = {}
        whole = read(trace, "hide", "words")
        for block in whole.blocks:
            if block.kind != "cross":
                continue
            pair = linked(block.key.tokens, block.query.tokens, links.split())
            layers, heads, *_ = block.shape
            counts = np.zeros((layers, heads, 4), np.int64)
            for place in np.ndindex(layers, heads):
                own = strongest(block.weights[place])
                counts[place] = len(own), len(pair.sure), len(own & pair.sure), len(own & pair.possible)
            found[block.name] = cls(1, counts)
        return found

    def with_(self, other: Self) -> Self:
        """Of both."""
        return type(self)(self.pairs + other.pairs, self.counts + other.counts)

    def summary(self) -> dict[str, Any]:
        """`n` pairs, and of each head `precision`, `recall` and `aer`, 0–1, over all pairs together; from 1."""
        return {"n": self.pairs, "heads": list(map(self._head, np.ndindex(self.counts.shape[:2])))}

    def _head(self, place: Sequence[int]) -> dict[str, float]:
        found, sure, in_sure, in_possible = map(int, self.counts[tuple(place)])
        return {
            "layer": place[0] + 1,
            "head": place[1] + 1,
            "precision": in_possible / found,
            "recall": in_sure / sure,
            "aer": 1 - (in_sure + in_possible) / (found + sure),
        }
