"""The weights of one attention computation, and why some of them are exactly zero."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, SupportsIndex, get_args

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError, TraceError
from attnviz.trace.arrays import frozen, unchangeable
from attnviz.trace.axes import Axis, axis_from_dict

Kind = Literal["pooling", "self", "causal", "cross"]
KINDS: tuple[Kind, ...] = ("pooling", "self", "causal", "cross")

#: What makes the rows of weights sum to one; `ratio`: numbers of any kind by their sum; `masked`: a softmax under a
#: mask that is put on after it, so that rows may be short of one.
Normalisation = Literal[
    "softmax",
    "relu",
    "softplus",
    "sigmoid",
    "absolute",
    "square",
    "power",
    "elu",
    "ratio",
    "sparsemax",
    "entmax",
    "two_axes",
    "argmax",
    "masked",
]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)

#: Why a weight is exactly zero: values of `AttentionBlock.mask`.
MASK_NONE, MASK_PADDING, MASK_CAUSAL, MASK_OTHER, MASK_HIDDEN = 0, 1, 2, 3, 4

#: For each position shown, the positions of the model's own axis it stands for.
Groups = tuple[tuple[int, ...], ...]

#: What `parts` is called in JSON, of queries and of keys.
_PARTS = ("query_positions", "key_positions")

#: How far a row may be from summing to one.
ROW_TOLERANCE = {"float32": 1e-5, "float16": 1e-2, "bfloat16": 1e-2}


def index_of(what: str, wanted: Any) -> int | None:
    """A place that is counted from 0, as Python's number; None stays.

    Args:
        what: What is counted, for the message.
        wanted: A whole number, NumPy's too.

    Raises:
        InputError: `not_an_index`.

    >>> index_of("head", np.int64(2))
    2
    """
    if wanted is None:
        return None
    if isinstance(wanted, bool | np.ndarray) or not isinstance(wanted, SupportsIndex):
        raise InputError("not_an_index", what=what, received=repr(wanted)[:80])
    return operator.index(wanted)


@dataclass(frozen=True, eq=False)
class AttentionBlock:
    """The weights of one attention computation, or of equal layers stacked.

    Attributes:
        name: Unique within the trace.
        kind: `pooling` (one learned query), `self`, `causal` (self, no look ahead) or `cross` (two sources).
        query: Axis of the rows.
        key: Axis of the columns.
        weights: float32 `[layer, head, query, key]`, non-negative, every row summing to 1 (with `hidden`, if any).
        mask: int8 `[query, key]` or `[layer, head, query, key]`; per cell 0 none, 1 padding, 2 causal, 3 masked by the
            model in another way (a window, say), 4 hidden by hand. None: nothing is masked.
        precision: The precision the model computed in; decides how exactly rows must sum to 1.
        edited: True if the weights were changed by hand; such a block need not sum to 1.
        hidden: float32 `[layer, head, query]`, the weight on keys that are not shown. None: every key is shown.
        renormalised: True if rows were scaled to sum to 1 without what is hidden; `hidden` is still what the model gave
            it. A row of which nothing is left to scale stays zero.
        parts: Of queries and of keys, which of the model's own positions each stands for, where an
            `analysis.reading` left out or merged some. None: each for itself.
        normalisation: What makes the rows sum to 1, one of `NORMALISATIONS`; mostly a softmax.
    """

    name: str
    kind: Kind
    query: Axis
    key: Axis
    weights: NDArray[np.float32]
    mask: NDArray[np.int8] | None = None
    precision: str = "float32"
    edited: bool = False
    hidden: NDArray[np.float32] | None = None
    renormalised: bool = False
    parts: tuple[Groups, Groups] | None = None
    normalisation: Normalisation = "softmax"

    def __post_init__(self) -> None:
        weights = self.weights if unchangeable(self.weights) else frozen(np.array(self.weights, dtype=np.float32))
        object.__setattr__(self, "weights", weights)
        if self.kind not in KINDS:
            raise TraceError("trace_kind", block=self.name, received=self.kind, expected=", ".join(KINDS))
        expected = (len(self.query), len(self.key))
        if self.normalisation not in NORMALISATIONS:
            expected_names = ", ".join(NORMALISATIONS)
            raise TraceError(
                "trace_kind", block=self.name, received=str(self.normalisation)[:80], expected=expected_names
            )
        if weights.ndim != 4 or weights.shape[2:] != expected:
            raise TraceError("trace_shape", block=self.name, expected=str(expected), received=str(weights.shape))
        with np.errstate(all="ignore"):
            sums = weights @ np.ones(weights.shape[-1], np.float32)
        # Finite sums have finite parts. Large edited weights may overflow in a sum, hence the second look.
        if not np.isfinite(sums).all() and not np.isfinite(weights).all():
            raise TraceError("trace_not_finite", block=self.name)
        if self.mask is not None:
            mask = np.array(self.mask, dtype=np.int8)
            if mask.shape not in (expected, weights.shape):
                raise TraceError("trace_shape", block=self.name, expected=str(expected), received=str(mask.shape))
            object.__setattr__(self, "mask", frozen(mask))
        if self.hidden is not None:
            hidden = np.array(self.hidden, dtype=np.float32)
            if hidden.shape != weights.shape[:3]:
                raise TraceError(
                    "trace_shape", block=self.name, expected=str(weights.shape[:3]), received=str(hidden.shape)
                )
            if not np.isfinite(hidden).all():
                raise TraceError("trace_not_finite", block=self.name)
            object.__setattr__(self, "hidden", frozen(hidden))
        if self.parts is not None and tuple(map(len, self.parts)) != expected:
            received = str(tuple(map(len, self.parts)))
            raise TraceError("trace_shape", block=self.name, expected=str(expected), received=received)
        if not self.edited and weights.size:
            self._check_rows(sums)

    def __repr__(self) -> str:
        """In a line; all of it is in `to_dict`."""
        layers, heads, queries, keys = self.shape
        return f"<AttentionBlock {self.name!r}: {self.kind}, {layers=}, {heads=}, {queries=}, {keys=}>"

    def _check_rows(self, sums: NDArray[np.float32]) -> None:
        tolerance, least = ROW_TOLERANCE.get(self.precision, 1e-2), float(self.weights.min())
        if self.hidden is None and least >= 0 and float(np.abs(sums - 1).max()) < tolerance / 2:
            return
        wholes = self.weights.sum(axis=-1, dtype=np.float64)
        if self.hidden is not None:
            least = min(least, float(self.hidden.min()))
            shown = (wholes > 0) & self.renormalised
            wholes = np.where(shown, wholes, wholes + self.hidden)
        error = float(np.abs(wholes - 1).max())
        if error > tolerance or least < 0:
            raise TraceError("trace_rows", block=self.name, received=f"{error:.2e}")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(layers, heads, queries, keys)`."""
        layers, heads, queries, keys = self.weights.shape
        return layers, heads, queries, keys

    def mask_of(self, layer: int, head: int) -> NDArray[np.int8]:
        """Why each weight of a head is zero, int8 `[query, key]`: all 0 where nothing is masked.

        >>> from attnviz.trace import TokenAxis
        >>> axis, weights = TokenAxis.of(["a", "cat"]), np.array([[[[1, 0], [0.5, 0.5]]]])
        >>> AttentionBlock("words", "self", axis, axis, weights, np.array([[0, 2], [0, 0]])).mask_of(0, 0).tolist()
        [[0, 2], [0, 0]]
        """
        if self.mask is None:
            return np.zeros(self.weights.shape[2:], np.int8)
        return self.mask if self.mask.ndim == 2 else self.mask[layer, head]

    def select(self, layer: int | None = None, head: int | None = None) -> AttentionBlock:
        """The same block with one layer or one head only (both axes stay).

        Raises:
            InputError: There is no such layer or head, or it is no whole number.

        >>> from attnviz.trace import TokenAxis
        >>> axis = TokenAxis.of(["a", "cat"])
        >>> block = AttentionBlock("words", "self", axis, axis, np.full((3, 5, 2, 2), 0.5, np.float32))
        >>> block.select(layer=2, head=0).shape
        (1, 1, 2, 2)
        """
        layers, heads, _, _ = self.shape
        weights, mask, hidden = self.weights, self.mask, self.hidden
        for axis, (what, wanted, size) in enumerate((("layer", layer, layers), ("head", head, heads))):
            index = index_of(what, wanted)
            if index is None:
                continue
            if not 0 <= index < size:
                raise InputError("no_such_index", what=what, received=index, last=size - 1)
            weights = np.take(weights, [index], axis=axis)
            if mask is not None and mask.ndim == 4:
                mask = np.take(mask, [index], axis=axis)
            if hidden is not None:
                hidden = np.take(hidden, [index], axis=axis)
        return replace(self, weights=weights, mask=mask, hidden=hidden)

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace; a mask, a precision below float32, a normalisation other than a softmax, and
        what was edited or changed by an `analysis.reading`, are added where there are any."""
        data: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "query": self.query.to_dict(),
            "key": self.key.to_dict(),
            "weights": self.weights.tolist(),
        }
        if self.mask is not None:
            data["mask"] = self.mask.tolist()
        if self.precision != "float32":
            data["precision"] = self.precision
        if self.normalisation != "softmax":
            data["normalisation"] = self.normalisation
        if self.edited:
            data["edited"] = True
        if self.hidden is not None:
            data |= {"hidden": self.hidden.tolist(), "renormalised": self.renormalised}
        if self.parts is not None:
            data |= {name: list(map(list, groups)) for name, groups in zip(_PARTS, self.parts, strict=True)}
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AttentionBlock:
        """What `to_dict` wrote."""
        query, key = (
            tuple(tuple(map(int, group)) for group in data[name]) if name in data else None for name in _PARTS
        )
        mask, hidden = data.get("mask"), data.get("hidden")
        return cls(
            str(data["name"]),
            data["kind"],
            axis_from_dict(data["query"]),
            axis_from_dict(data["key"]),
            np.array(data["weights"], np.float32).reshape([int(size) for size in data["shape"]]),
            mask=None if mask is None else np.array(mask, np.int8),
            precision=str(data.get("precision", "float32")),
            edited=bool(data.get("edited", False)),
            hidden=None if hidden is None else np.array(hidden, np.float32),
            renormalised=bool(data.get("renormalised", False)),
            parts=None if query is None or key is None else (query, key),
            normalisation=data.get("normalisation", "softmax"),
        )
