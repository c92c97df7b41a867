"""What a model of the next word is compared with: how often pieces, and stretches of pieces, were seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Taken off each count and given to shorter stretches.
DISCOUNT = 0.75


class Counts:
    """An interpolated n-gram with absolute discounting (Ney, Essen and Kneser 1994).

    p(w | c) = max(n(c, w) − d, 0) / n(c) + d · (kinds of words after c) / n(c) · p(w | c without its first), down to
    equal probabilities.

    Args:
        order: n; 1 counts single pieces.
        documents: Ids of each, special ones included.
        size: Entries of the vocabulary.
    """

    def __init__(self, order: int, documents: Sequence[Sequence[int]], size: int) -> None:
        self.order, self.size = order, size
        self._seen: list[dict[tuple[int, ...], dict[int, int]]] = [defaultdict(dict) for _ in range(order)]
        for document in documents:
            for place in range(1, len(document)):
                for length in range(min(order, place + 1)):
                    after = self._seen[length][tuple(document[place - length : place])]
                    after[document[place]] = after.get(document[place], 0) + 1
        self._totals = [{context: sum(after.values()) for context, after in level.items()} for level in self._seen]

    def probability(self, context: Sequence[int], token: int) -> float:
        """Of a piece after others, of which the last n − 1 count."""
        p = 1.0 / self.size
        for length in range(min(self.order, len(context) + 1)):
            key = tuple(context[len(context) - length :])
            after, total = self._seen[length].get(key), self._totals[length].get(key, 0)
            if after:
                p = max(after.get(token, 0) - DISCOUNT, 0) / total + DISCOUNT * len(after) / total * p
        return p

    def logs(self, document: Sequence[int]) -> NDArray[np.float64]:
        """Log probabilities of all pieces but the first, nats."""
        first = self.order - 1
        return np.log([self.probability(document[max(0, i - first) : i], document[i]) for i in range(1, len(document))])
