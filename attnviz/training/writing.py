"""What all models that write share in training: the loss, and quick greedy writing of many texts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache as once
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from attnviz.families.writing.decoding import Rules
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.families.writing.transformer import Networks


@contextmanager
def precision(*, half: bool) -> Iterator[None]:
    """Layers made meanwhile compute in float32, or with `half`, where it pays, in bfloat16, with float32 variables."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if half and half_pays() else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@once
def half_pays() -> bool:
    """Whether this machine multiplies matrices faster in bfloat16: one without units for it takes several times as
    long as in float32."""
    return seconds("bfloat16") < seconds("float32")


def seconds(dtype: str, size: int = 512, times: int = 5) -> float:
    """Seconds that a product of two square matrices takes, at best."""
    matrix, taken = ops.ones((size, size), dtype), []
    for _ in range(times + 1):
        begun = time.perf_counter()
        float(ops.cast(ops.matmul(matrix, matrix)[0, 0], "float32"))
        taken.append(time.perf_counter() - begun)
    return min(taken[1:])  # the first compiles


class Smoothed(keras.losses.Loss):
    """Cross-entropy with smoothed labels, nats per token; wanted id 0 is padding.

    (1 − ε)·(−log p_wanted) + ε·mean over the vocabulary of −log p.
    """

    def __init__(self, smoothing: float) -> None:
        super().__init__(name="smoothed")
        self.smoothing = smoothing

    def __call__(self, wanted: Any, logits: Any, sample_weight: Any = None) -> Any:
        size = logits.shape[-1]
        target = ops.one_hot(wanted, size) * (1 - self.smoothing) + self.smoothing / size
        loss = ops.categorical_crossentropy(target, logits, from_logits=True)  # [B, T]
        present = ops.cast(ops.not_equal(wanted, 0), loss.dtype)
        return ops.sum(loss * present) / ops.sum(present)


class OneHead(keras.layers.Layer):
    """One head's rows of weights `[B, H, T, S]`: `[B, T, S]`."""

    def __init__(self, head: int, **options: Any) -> None:
        super().__init__(**options)
        self.head = head

    def call(self, weights: Any) -> Any:
        return weights[:, self.head]


def padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """Ids of sentences, each ended by the end id, padded with 0."""
    ids = np.zeros((len(rows), max(map(len, rows)) + 1), np.int32)
    for row, pieces in enumerate(rows):
        ids[row, : len(pieces) + 1] = [*pieces, END_ID]
    return ids


class Greedy:
    """Writes the most probable token each time, for many sentences at once.

    Args:
        networks: As built; their weights are read at each call.
        longest: Tokens after which writing stops.
    """

    def __init__(self, networks: Networks, longest: int) -> None:
        self._networks, self._longest = networks, longest
        self._caches = [x.shape[1:] for x in networks.step.inputs if x.name.startswith("cache_")]

    def __call__(self, sources: Sequence[Sequence[int]], batch_size: int = 125) -> list[list[int]]:
        """Ids of sources to ids written, without start and end."""
        order = np.argsort([len(source) for source in sources])
        written: dict[int, list[int]] = {}
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            for row, ids in zip(rows, self._some([sources[row] for row in rows]), strict=True):
                written[int(row)] = ids
        return [written[row] for row in range(len(sources))]

    def _some(self, sources: Sequence[Sequence[int]]) -> list[list[int]]:
        ids = padded(sources)
        return self.about({"source": ids}, [START_ID] * len(ids))

    def about(
        self, given: Mapping[str, NDArray[Any]], start: Sequence[int], rules: Rules | None = None
    ) -> list[list[int]]:
        """Ids written about a batch of sources, without start and end.

        Args:
            given: What the encoder takes; of regions `source` and `regions`.
            start: The token before the first of each.
            rules: Whose bars hold; None: everything may be written.
        """
        ids = given["source"]
        memory: Any = self._networks.encoder.predict_on_batch(dict(given) if len(given) > 1 else ids)
        cache: Any = [np.zeros((len(ids), *shape), np.float32) for shape in self._caches]
        token = np.array(start, np.int32)[:, None]
        columns: list[NDArray[np.int32]] = []
        for position in range(self._longest):
            result = self._networks.step.predict_on_batch(
                {"token": token, "position": np.array([position], np.int32), "source": ids}
                | {"memory": list(memory), "cache": list(cache)}
            )
            cache = result["cache"]
            logits = np.array(result["logits"])
            if rules is not None:
                for row, values in enumerate(logits):
                    values[list(rules.barred([int(each[row, 0]) for each in columns]))] = -np.inf
            token = logits.argmax(axis=-1)[:, None].astype(np.int32)
            columns.append(token)
            if all((np.concatenate(columns, axis=1) == END_ID).any(axis=1)):
                break
        rows = np.concatenate(columns, axis=1)
        return [list(map(int, row[: np.argmax(row == END_ID)] if (row == END_ID).any() else row)) for row in rows]
