"""The one value that crosses every border: an immutable record of the attention of one run.

Plain NumPy and strings; nothing here knows TensorFlow, Plotly or Streamlit. Models make traces,
everything else reads them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError, TraceError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["pooling", "self", "causal", "cross"]
KINDS: tuple[Kind, ...] = ("pooling", "self", "causal", "cross")

#: Why a weight is exactly zero: values of `AttentionBlock.mask`.
MASK_NONE, MASK_PADDING, MASK_CAUSAL, MASK_OTHER, MASK_HIDDEN = 0, 1, 2, 3, 4

#: What an edit may say of a cell instead of a weight: the model's own, its mask lifted, the cell masked.
OWN, LIFTED, HIDDEN = float("nan"), float("inf"), float("-inf")

#: More weights than this are not written out unasked.
MAX_WEIGHTS = 1_000_000

#: Of the table of a trace.
_COLUMNS = ("block", "layer", "head", "query", "key", "weight", "query_token", "key_token")

#: For each position shown, the positions of the model's own axis it stands for.
Groups = tuple[tuple[int, ...], ...]

#: How far a row may be from summing to one.
ROW_TOLERANCE = {"float32": 1e-5, "float16": 1e-2, "bfloat16": 1e-2}


@dataclass(frozen=True)
class Notice:
    """Something the reader should know about a run, put into words where it is shown.

    Attributes:
        code: Catalogue key `notices.<code>`.
        parameters: Plain values the words mention.
    """

    code: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", dict(self.parameters))

    def message(self, language: str = "en") -> str:
        """The notice in words."""
        from attnviz.i18n import translate

        return translate(language, f"notices.{self.code}", **self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Code, parameters and the English words."""
        return {"code": self.code, "parameters": dict(self.parameters), "message": self.message()}


@dataclass(frozen=True)
class TokenAxis:
    """The tokens along one side of a block.

    Attributes:
        tokens: What is shown, one string a position.
        spans: `(start, end)` in characters into the text of the trace, or None for a token that stands for no text.
        special: True where the token is not part of the text ([CLS], a learned query).
        unknown: True where the model's vocabulary lacks the token.
        words: Number of the word each token is of, equal for neighbours that make up one; None if the model does not
            tell, see `analysis.reading.words`.
        text: What the spans point into where that is not the text of the trace: a translation.
    """

    tokens: tuple[str, ...]
    spans: tuple[tuple[int, int] | None, ...]
    special: tuple[bool, ...]
    unknown: tuple[bool, ...]
    words: tuple[int, ...] | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.tokens), len(self.spans), len(self.special), len(self.unknown)}
        if self.words is not None:
            lengths.add(len(self.words))
        if len(lengths) != 1:
            raise TraceError("trace_axis", received=str(sorted(lengths)))

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def of(
        cls,
        tokens: Sequence[str],
        spans: Sequence[tuple[int, int] | None] | None = None,
        special: Sequence[bool] | None = None,
        unknown: Sequence[bool] | None = None,
    ) -> TokenAxis:
        """An axis from its tokens; what is not given is None or False throughout."""
        n = len(tokens)
        return cls(
            tuple(tokens),
            tuple(spans) if spans is not None else (None,) * n,
            tuple(map(bool, special)) if special is not None else (False,) * n,
            tuple(map(bool, unknown)) if unknown is not None else (False,) * n,
        )

    def labels(self) -> tuple[str, ...]:
        """The tokens made distinct by a count where a word repeats: `the`, `cat`, `the (2)`."""
        seen: dict[str, int] = {}
        labels = []
        for token in self.tokens:
            seen[token] = seen.get(token, 0) + 1
            labels.append(token if seen[token] == 1 else f"{token} ({seen[token]})")
        return tuple(labels)

    def take(self, positions: Sequence[int]) -> TokenAxis:
        """These positions only, in this order."""
        words = None if self.words is None else tuple(self.words[p] for p in positions)
        parts = (self.tokens, self.spans, self.special, self.unknown)
        tokens, spans, special, unknown = (tuple(part[p] for p in positions) for part in parts)
        return TokenAxis(tokens, spans, special, unknown, words, self.text)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, as in the JSON of a trace; `text` is added where spans point into another text than its own."""
        data: dict[str, Any] = {
            "tokens": list(self.tokens),
            "spans": [list(span) if span is not None else None for span in self.spans],
            "special": list(self.special),
            "unknown": list(self.unknown),
        }
        return data if self.text is None else {**data, "text": self.text}


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
    """

    name: str
    kind: Kind
    query: TokenAxis
    key: TokenAxis
    weights: NDArray[np.float32]
    mask: NDArray[np.int8] | None = None
    precision: str = "float32"
    edited: bool = False
    hidden: NDArray[np.float32] | None = None
    renormalised: bool = False
    parts: tuple[Groups, Groups] | None = None

    def __post_init__(self) -> None:
        weights = self.weights if _unchangeable(self.weights) else _frozen(np.array(self.weights, dtype=np.float32))
        object.__setattr__(self, "weights", weights)
        if self.kind not in KINDS:
            raise TraceError("trace_kind", block=self.name, received=self.kind, expected=", ".join(KINDS))
        expected = (len(self.query), len(self.key))
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
            object.__setattr__(self, "mask", _frozen(mask))
        if self.hidden is not None:
            hidden = np.array(self.hidden, dtype=np.float32)
            if hidden.shape != weights.shape[:3]:
                raise TraceError(
                    "trace_shape", block=self.name, expected=str(weights.shape[:3]), received=str(hidden.shape)
                )
            if not np.isfinite(hidden).all():
                raise TraceError("trace_not_finite", block=self.name)
            object.__setattr__(self, "hidden", _frozen(hidden))
        if self.parts is not None and tuple(map(len, self.parts)) != expected:
            received = str(tuple(map(len, self.parts)))
            raise TraceError("trace_shape", block=self.name, expected=str(expected), received=received)
        if not self.edited and weights.size:
            self._check_rows(sums)

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

    def select(self, layer: int | None = None, head: int | None = None) -> AttentionBlock:
        """The same block with one layer or one head only (both axes stay).

        Raises:
            InputError: There is no such layer or head.
        """
        layers, heads, _, _ = self.shape
        weights, mask, hidden = self.weights, self.mask, self.hidden
        for axis, (what, index, size) in enumerate((("layer", layer, layers), ("head", head, heads))):
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
        """As in the JSON of a trace; what an `analysis.reading` changed is added where there is any."""
        data: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "query": self.query.to_dict(),
            "key": self.key.to_dict(),
            "weights": self.weights.tolist(),
        }
        if self.hidden is not None:
            data |= {"hidden": self.hidden.tolist(), "renormalised": self.renormalised}
        if self.parts is not None:
            names = ("query_positions", "key_positions")
            data |= {name: list(map(list, groups)) for name, groups in zip(names, self.parts, strict=True)}
        return data


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
        object.__setattr__(self, "probabilities", _frozen(np.array(self.probabilities, dtype=np.float32)))
        if self.probabilities.shape != (len(self.labels),):
            raise TraceError(
                "trace_shape",
                block="output",
                expected=str((len(self.labels),)),
                received=str(self.probabilities.shape),
            )
        _check_finite(self.probabilities)

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
class Translation:
    """A written translation.

    Attributes:
        text: The translation as shown.
        tokens: Tokens written, as entries of the model's vocabulary (`run` takes them as `prefix`), the end token too.
        log_probabilities: float `[token]`, nats.
        alternatives: For each step, `(token, log probability)` pairs, best first.
        finished: False if writing was stopped before the end token.
    """

    text: str
    tokens: tuple[str, ...]
    log_probabilities: NDArray[np.float32]
    alternatives: tuple[tuple[tuple[str, float], ...], ...] = ()
    finished: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "log_probabilities", _frozen(np.array(self.log_probabilities, dtype=np.float32)))
        expected, received = (len(self.tokens),), self.log_probabilities.shape
        if received != expected:
            raise TraceError("trace_shape", block="output", expected=str(expected), received=str(received))
        _check_finite(self.log_probabilities)

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace."""
        return {
            "kind": "translation",
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
        object.__setattr__(self, "vector", _frozen(np.array(self.vector, dtype=np.float32)))
        if self.vector.ndim != 1:
            raise TraceError("trace_shape", block="output", expected="(feature,)", received=str(self.vector.shape))
        _check_finite(self.vector)

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace."""
        return {"kind": "embedding", "vector": self.vector.tolist()}


@dataclass(frozen=True, eq=False)
class Tensor:
    """The output of a model nothing more is known about: numbers of any shape, not finite ones included."""

    values: NDArray[Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(np.array(self.values)))

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace; None for a number JSON does not know."""
        values = self.values
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            values = np.where(np.isfinite(values), values, np.array(None, dtype=object))
        return {"kind": "tensor", "shape": list(self.values.shape), "values": values.tolist()}


Output = Classification | Translation | Embedding | Tensor


@dataclass(frozen=True, eq=False)
class Edit:
    """Weights changed by hand, put into the running model in place of its own.

    Attributes:
        block: Name of the block.
        weights: float `[query, key]`; the model goes on from these. NaN (`OWN`) leaves a weight to the model, inf
            (`LIFTED`) lifts a mask there, -inf (`HIDDEN`) masks: in a row with one of these the model's own weights
            follow from its scores under the changed mask.
        layer: Layer within the block.
        head: Head within the layer, or None for all heads.
        label: What was done, for the reader (a code of `analysis.surgery.operations`, or plain words).
        padding: Lift the mask of padding, too: positions that are cut from the block, where the model was given any.
    """

    block: str
    weights: NDArray[np.float32]
    layer: int = 0
    head: int | None = None
    label: str = ""
    padding: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", _frozen(np.array(self.weights, dtype=np.float32)))

    def to_dict(self) -> dict[str, Any]:
        """What was changed, with the weights: null where the model's own stays, `lifted`, `hidden`."""
        return {
            "block": self.block,
            "layer": self.layer,
            "head": self.head,
            "label": self.label,
            "weights": _told(self.weights.tolist()),
            **({"padding": True} if self.padding else {}),
        }


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """The attention of one run of one model on one text.

    Attributes:
        model: Name of the model.
        text: The text as the model took it (cleaned, possibly cut); spans point into it.
        blocks: In order of first call.
        output: What the model answered.
        notices: What the reader should know.
        edits: What was changed by hand; empty means the model's own computation.

    Raises:
        TraceError: Names repeat, or a block or the output is not sound.
    """

    model: str
    text: str
    blocks: tuple[AttentionBlock, ...]
    output: Output
    notices: tuple[Notice, ...] = ()
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        names = [block.name for block in self.blocks]
        if len(set(names)) != len(names):
            raise TraceError("trace_names", received=", ".join(names))

    @property
    def edited(self) -> bool:
        """Whether anything was changed by hand: weights, or what the model read (the notice `edited` says it)."""
        return bool(self.edits) or any(notice.code == "edited" for notice in self.notices)

    def block(self, name: str) -> AttentionBlock:
        """The block of that name, or the first of that kind.

        Raises:
            InputError: There is none; the message lists the names.
        """
        for candidate in self.blocks:
            if candidate.name == name:
                return candidate
        for candidate in self.blocks:
            if candidate.kind == name:
                return candidate
        names = ", ".join(block.name for block in self.blocks)
        raise InputError("no_such_block", received=name, expected=names)

    def select(self, block: str | None = None, layer: int | None = None, head: int | None = None) -> AttentionTrace:
        """The same trace with one block, layer or head only."""
        blocks = self.blocks if block is None else (self.block(block),)
        if layer is not None or head is not None:
            blocks = tuple(each.select(layer, head) for each in blocks)
        return AttentionTrace(self.model, self.text, blocks, self.output, self.notices, self.edits)

    def to_dict(self, block: str | None = None, layer: int | None = None, head: int | None = None) -> dict[str, Any]:
        """Plain Python values, ready for JSON.

        Args:
            block: Name of one block, or None for all.
            layer: One layer, or None for all.
            head: One head, or None for all.

        Raises:
            InputError: More than a million weights would be written, or there is no such part.
        """
        part = self.select(block, layer, head)
        part._check_size()
        data: dict[str, Any] = {
            "model": self.model,
            "text": self.text,
            "output": self.output.to_dict(),
            "notices": [notice.to_dict() for notice in self.notices],
            "blocks": [each.to_dict() for each in part.blocks],
        }
        if self.edits:
            data["edits"] = [edit.to_dict() for edit in self.edits]
        return data

    def to_json(
        self, block: str | None = None, layer: int | None = None, head: int | None = None, indent: int | None = None
    ) -> str:
        """`to_dict` as JSON text, not escaped beyond what JSON needs."""
        return json.dumps(self.to_dict(block, layer, head), ensure_ascii=False, allow_nan=False, indent=indent)

    def to_frame(self, block: str | None = None, layer: int | None = None, head: int | None = None) -> pd.DataFrame:
        """One weight a row.

        Returns:
            Columns `block`, `layer`, `head`, `query`, `key`, `weight`, and `query_token`, `key_token` for reading.

        Raises:
            InputError: More than a million weights would be written, or there is no such part.
        """
        import pandas as pd

        part = self.select(block, layer, head)
        part._check_size()
        frames = []
        for each in part.blocks:
            index = np.indices(each.shape).reshape(4, -1)
            frames.append(
                pd.DataFrame(
                    {
                        "block": each.name,
                        "layer": index[0] + (layer or 0),
                        "head": index[1] + (head or 0),
                        "query": index[2],
                        "key": index[3],
                        "weight": each.weights.reshape(-1),
                        "query_token": np.array(each.query.tokens, dtype=object)[index[2]],
                        "key_token": np.array(each.key.tokens, dtype=object)[index[3]],
                    }
                )
            )
        if not frames:
            return pd.DataFrame(columns=list(_COLUMNS))
        return pd.concat(frames, ignore_index=True)

    def _check_size(self) -> None:
        size = sum(block.weights.size for block in self.blocks)
        if size > MAX_WEIGHTS:
            names = ", ".join(block.name for block in self.blocks)
            raise InputError("too_many_weights", received=size, limit=MAX_WEIGHTS, blocks=names)


@dataclass(frozen=True, eq=False)
class Encoded:
    """A text as a model takes it.

    Attributes:
        text: Cleaned and cut once; spans point into it.
        inputs: Input name to array, a batch of one, no padding.
        axes: Sequence name to its tokens (`tokens` where there is one sequence).
        notices: What cleaning and cutting did.
    """

    text: str
    inputs: Mapping[str, NDArray[Any]]
    axes: Mapping[str, TokenAxis]
    notices: tuple[Notice, ...] = ()

    def keep(self, positions: Sequence[int], name: str = "tokens") -> Encoded:
        """The same text with only these positions, in this order: drops or permutes tokens, never the string.

        Args:
            positions: Indices into the axis; may leave out and reorder, not repeat.
            name: Which sequence.

        Raises:
            InputError: A position is out of range or repeats, or none is left.
        """
        axis = self.axes[name]
        chosen = list(positions)
        if not chosen or len(set(chosen)) != len(chosen) or not all(0 <= p < len(axis) for p in chosen):
            raise InputError("bad_positions", received=str(chosen), last=len(axis) - 1)
        inputs = {key: value[:, chosen] if key == name else value for key, value in self.inputs.items()}
        return Encoded(self.text, inputs, {**self.axes, name: axis.take(chosen)}, self.notices)

    def replace(self, positions: Sequence[int], token: int, name: str = "tokens") -> Encoded:
        """The same text with one token, such as the unknown one, in place of those at the positions.

        Args:
            positions: Indices into the axis.
            token: Its id.
            name: Which sequence; the axis keeps the words that stood there and marks them unknown.

        Raises:
            InputError: A position is out of range or repeats.
        """
        axis = self.axes[name]
        chosen = set(positions)
        if len(chosen) != len(positions) or not chosen <= set(range(len(axis))):
            raise InputError("bad_positions", received=str(list(positions)), last=len(axis) - 1)
        ids = self.inputs[name].copy()
        ids[:, sorted(chosen)] = token
        unknown = tuple(known or place in chosen for place, known in enumerate(axis.unknown))
        replaced = replace(axis, unknown=unknown)
        return Encoded(self.text, {**self.inputs, name: ids}, {**self.axes, name: replaced}, self.notices)


@dataclass(frozen=True, eq=False)
class Step:
    """One named array of a computation.

    Attributes:
        name: `features`, `query`, `key`, `value`, `scores`, `bias`, `mask`, `weights`, `context`, `hidden`, `output`, …
        values: The model's own numbers.
        axes: What each axis of `values` is: `key`, `feature`, `class`, …
        formula: Catalogue key `formulas.<formula>` of how it follows from the steps before.
    """

    name: str
    values: NDArray[np.float32]
    axes: tuple[str, ...]
    formula: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(np.array(self.values, dtype=np.float32)))
        if self.values.ndim != len(self.axes):
            raise TraceError("trace_shape", block=self.name, expected=str(self.axes), received=str(self.values.shape))


@dataclass(frozen=True, eq=False)
class Steps:
    """The named arrays of one computation, in order."""

    items: tuple[Step, ...]

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self.step(name).values

    def __contains__(self, name: object) -> bool:
        return any(item.name == name for item in self.items)

    def step(self, name: str) -> Step:
        """The step of that name.

        Raises:
            KeyError: There is none.
        """
        for item in self.items:
            if item.name == name:
                return item
        raise KeyError(name)


def _told(weight: Any) -> Any:
    """A cell of an edit as JSON knows it; lists of cells as they are nested."""
    if isinstance(weight, list):
        return [_told(each) for each in weight]
    if weight != weight:
        return None
    return {LIFTED: "lifted", HIDDEN: "hidden"}.get(weight, weight)


def _check_finite(values: NDArray[np.float32]) -> None:
    if not np.isfinite(values).all():
        raise TraceError("trace_not_finite", block="output")


def _unchangeable(array: Any) -> bool:
    """Whether this is float32 that nobody can write to, which need not be copied."""
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        return False
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return True


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
