"""What a model answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import TraceError
from attnviz.trace.arrays import frozen, short

WrittenKind = Literal["translation", "caption", "continuation"]
WRITTEN_KINDS: tuple[WrittenKind, ...] = ("translation", "caption", "continuation")


@dataclass(frozen=True, eq=False)
class Classification:
    """Probabilities over classes.

    Attributes:
        labels: Stable label codes.
        probabilities: float `[class]`, summing to 1.
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "probabilities", frozen(np.array(self.probabilities, dtype=np.float32)))
        if self.probabilities.shape != (len(self.labels),):
            raise TraceError(
                "trace_shape",
                block="output",
                expected=str((len(self.labels),)),
                received=str(self.probabilities.shape),
            )
        _check_finite(self.probabilities)

    def __repr__(self) -> str:
        """In a line; all of it is in `to_dict`."""
        best = f"{self.labels[self.predicted]!r} {self.probabilities[self.predicted]:.4f}" if self.labels else ""
        return f"<Classification: {best} of {len(self.labels)} classes>"

    @property
    def predicted(self) -> int:
        """Index of the most probable class."""
        return int(np.argmax(self.probabilities))

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace."""
        return {
            "kind": "classification",
            "labels": list(self.labels),
            "probabilities": self.probabilities.tolist(),
        }


@dataclass(frozen=True, eq=False)
class Written:
    """What a model has written, token by token.

    Attributes:
        kind: `translation`, `caption` (of a picture) or `continuation` (of the text that was given).
        text: What was written, as shown.
        tokens: Tokens written, as entries of the model's vocabulary (`run` takes them as `prefix`), the end token too.
        log_probabilities: float `[token]`, nats.
        alternatives: For each step, `(token, log probability)` pairs, best first.
        finished: False if writing was stopped before the end token.

    Raises:
        TraceError: There is no such kind, or lengths do not agree.
    """

    kind: WrittenKind
    text: str
    tokens: tuple[str, ...]
    log_probabilities: NDArray[np.float32]
    alternatives: tuple[tuple[tuple[str, float], ...], ...] = ()
    finished: bool = True

    def __post_init__(self) -> None:
        if self.kind not in WRITTEN_KINDS:
            raise TraceError("trace_kind", block="output", received=self.kind, expected=", ".join(WRITTEN_KINDS))
        object.__setattr__(self, "log_probabilities", frozen(np.array(self.log_probabilities, dtype=np.float32)))
        expected, received = (len(self.tokens),), self.log_probabilities.shape
        if received != expected:
            raise TraceError("trace_shape", block="output", expected=str(expected), received=str(received))
        _check_finite(self.log_probabilities)

    def __repr__(self) -> str:
        """In a line; all of it is in `to_dict`."""
        return f"<Written {self.kind}: {short(self.text)!r}, {len(self.tokens)} tokens>"

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace."""
        return {
            "kind": self.kind,
            "text": self.text,
            "tokens": list(self.tokens),
            "log_probabilities": self.log_probabilities.tolist(),
            "alternatives": [[[token, value] for token, value in step] for step in self.alternatives],
            "finished": self.finished,
        }


@dataclass(frozen=True, eq=False)
class Embedding:
    """A vector for the whole text, float `[feature]`."""

    vector: NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "vector", frozen(np.array(self.vector, dtype=np.float32)))
        if self.vector.ndim != 1:
            raise TraceError("trace_shape", block="output", expected="(feature,)", received=str(self.vector.shape))
        _check_finite(self.vector)

    def __repr__(self) -> str:
        """In a line; all of it is in `to_dict`."""
        return f"<Embedding: {len(self.vector)} features>"

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace."""
        return {"kind": "embedding", "vector": self.vector.tolist()}


@dataclass(frozen=True, eq=False)
class Tensor:
    """The output of a model nothing more is known about: numbers of any shape, not finite ones included."""

    values: NDArray[Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(np.array(self.values)))

    def __repr__(self) -> str:
        """In a line; all of it is in `to_dict`."""
        return f"<Tensor: {self.values.dtype} {list(self.values.shape)}>"

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace; None for a number JSON does not know."""
        values = self.values
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            values = np.where(np.isfinite(values), values, np.array(None, dtype=object))
        return {"kind": "tensor", "shape": list(self.values.shape), "values": values.tolist()}


@dataclass(frozen=True, eq=False)
class Filled:
    """What a masked language model expects in the place of each mask.

    Attributes:
        positions: Of the masks, along the axis of the tokens, from 0.
        alternatives: For each mask, `(token, log probability)` pairs, nats, best first; tokens as the vocabulary has
            them, `▁` for a blank.

    Raises:
        TraceError: There is no mask, lengths do not agree, or a mask has no alternatives.
    """

    positions: tuple[int, ...]
    alternatives: tuple[tuple[tuple[str, float], ...], ...]

    def __post_init__(self) -> None:
        if not self.positions or len(self.positions) != len(self.alternatives) or not all(self.alternatives):
            counts = [len(self.positions), *map(len, self.alternatives)]
            raise TraceError("trace_shape", block="output", expected="(mask,), (mask, token)", received=str(counts))
        _check_finite(np.array([value for each in self.alternatives for _, value in each], np.float32))

    def __repr__(self) -> str:
        """In a line; all of it is in `to_dict`."""
        best = ", ".join(f"{each[0][0]!r} {float(np.exp(each[0][1])):.4f}" for each in self.alternatives[:4])
        return f"<Filled: {best} at {len(self.positions)} masks>"

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace."""
        return {
            "kind": "filled",
            "positions": list(self.positions),
            "alternatives": [[[token, value] for token, value in each] for each in self.alternatives],
        }


Output = Classification | Written | Filled | Embedding | Tensor


def output_from_dict(data: Mapping[str, Any]) -> Output:
    """What the `to_dict` of an output wrote.

    Raises:
        TraceError: There is no such kind, or the output is not sound.
    """
    kind = data["kind"]
    if kind == "classification":
        return Classification(tuple(map(str, data["labels"])), np.array(data["probabilities"], np.float32))
    if kind == "embedding":
        return Embedding(np.array(data["vector"], np.float32))
    if kind == "tensor":
        values = np.array(data["values"])
        values = values.astype(np.float64) if values.dtype == object else values
        return Tensor(values.reshape([int(size) for size in data["shape"]]))
    steps = (tuple((str(token), float(value)) for token, value in step) for step in data["alternatives"])
    if kind == "filled":
        return Filled(tuple(map(int, data["positions"])), tuple(steps))
    return Written(
        kind,
        str(data["text"]),
        tuple(map(str, data["tokens"])),
        np.array(data["log_probabilities"], np.float32),
        tuple(steps),
        bool(data["finished"]),
    )


def _check_finite(values: NDArray[np.float32]) -> None:
    if not np.isfinite(values).all():
        raise TraceError("trace_not_finite", block="output")
