"""Weights that another program computed, as a trace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError, TraceError
from attnviz.trace.axes import Axis, RegionAxis, TokenAxis
from attnviz.trace.block import MASK_CAUSAL, AttentionBlock, Kind
from attnviz.trace.outputs import Classification, Output, Tensor
from attnviz.trace.source import Text
from attnviz.trace.trace import AttentionTrace

#: What tokenizers put in beside the text: [CLS], <s>, <|endoftext|>.
_SPECIAL = re.compile(r"\[[A-Z]+\]|<[^<>\s]+>")

#: What stands for the one query of attention pooling.
_LEARNED = "W"


def from_arrays(
    weights: Any,
    tokens: Sequence[str] | Axis,
    query_tokens: Sequence[str] | Axis | None = None,
    *,
    kind: Kind | None = None,
    output: Output | Mapping[str, float] | None = None,
    special: Sequence[bool] | None = None,
    model: str = "arrays",
) -> AttentionTrace:
    """A trace of weights that are there already; every figure, table and measure that asks no model takes it.

    Args:
        weights: After the softmax. An array `[query, key]`, `[head, query, key]` or `[layer, head, query, key]`, or of
            pooling `[key]`; a list of layers, each an array of these forms, with a batch of one before the heads or
            without, as `output_attentions=True` gives them; or a tuple of steps, each a tuple of layers, as generation
            gives them. NumPy, PyTorch, TensorFlow, JAX.
        tokens: Of the keys: strings, or an axis of a trace, such as `RegionAxis.grid_of(14, 14, ["[CLS]"])`. Of steps
            there may be one more, the last that was written: it asks nobody.
        query_tokens: Of the queries, where they are not the keys.
        kind: Of attention. None: `cross` where there are query tokens, `pooling` where one query looks at several keys,
            `causal` where no query looks ahead, else `self`.
        output: What the model answered: probabilities by class, or a value of `attnviz.trace`.
        special: Of the keys, which are no part of the text. None: those that look it, such as `[CLS]` and `</s>`.
        model: A name for the model.

    Raises:
        InputError: `arrays_shape`, `arrays_batch`, `arrays_tokens`: there are no such axes; `arrays_token_list`: ids,
            or a text, in place of tokens; `arrays_none`, `arrays_output`: there are no weights; `trace_rows`,
            `trace_not_finite`, `trace_kind`: it is no attention.

    >>> trace = from_arrays([[0.9, 0.1], [0.3, 0.7]], ["good", "film"])
    >>> trace.block(0).kind, trace.block(0).shape
    ('self', (1, 1, 2, 2))
    >>> from_arrays([[1, 0], [0.3, 0.7]], ["good", "film"], output={"good": 0.9, "bad": 0.1}).block(0).kind
    'causal'
    """
    layers, precise = _layers(weights)
    queries, keys = layers[0].shape[1:]
    chosen = kind or _kind(layers, query_tokens)
    if _in_steps(weights):
        tokens = _written_before(tokens, keys) if query_tokens is None else tokens
        query_tokens = None if query_tokens is None else _written_before(query_tokens, queries)
    key = _axis(tokens, keys, "key", special)
    query: Axis
    if query_tokens is not None:
        query = _axis(query_tokens, queries, "query", None)
    else:
        query = TokenAxis.of([_LEARNED], special=[True]) if chosen == "pooling" and queries == 1 else key
    if len(query) != queries:
        raise InputError("arrays_tokens", what="query", expected=queries, received=len(query))
    mask = np.triu(np.full((queries, keys), MASK_CAUSAL, np.int8), 1) if chosen == "causal" else None
    answered = output if output is not None else Tensor(np.zeros(0, np.float32))
    if isinstance(answered, Mapping):
        answered = Classification(tuple(answered), np.array(list(answered.values()), np.float32))
    try:
        blocks = [
            AttentionBlock(name, chosen, query, key, stacked, mask, "float32" if precise else "float16")
            for name, stacked in _stacked(layers).items()
        ]
    except TraceError as error:
        raise InputError(error.code, **error.parameters) from error
    return AttentionTrace(model, Text(" ".join(key.tokens)), tuple(blocks), answered)


def _layers(weights: Any) -> tuple[list[NDArray[np.float32]], bool]:
    """Each layer as float32 `[head, query, key]`, and whether rows add up to 1 to single precision."""
    if hasattr(weights, "keys") and not hasattr(weights, "shape"):  # what a model of transformers answers
        raise InputError("arrays_output", received=type(weights).__name__)
    if isinstance(weights, Sequence) and not len(weights):
        raise InputError("arrays_none")
    steps_given = _in_steps(weights)
    if not _held(weights):
        weights = _array(weights)
    if steps_given:
        steps = [_layers(step) for step in weights]
        if len({len(layers) for layers, _ in steps}) != 1:
            raise InputError("arrays_shape", received=str([len(layers) for layers, _ in steps])[:200])
        return [_joined(layer) for layer in zip(*(layers for layers, _ in steps), strict=True)], all(
            p for _, p in steps
        )
    listed = isinstance(weights, Sequence)
    arrays = [_array(each) for each in weights] if listed else [_array(weights)]
    precise = all(array.dtype.itemsize >= 4 for array in arrays)
    layers = [layer for array in arrays for layer in _heads(array, one_layer=listed)]
    if not layers or any(layer.shape[1:] != layers[0].shape[1:] for layer in layers):
        raise InputError("arrays_shape", received=str([layer.shape for layer in layers])[:200])
    return layers, precise


def _in_steps(weights: Any) -> bool:
    """Whether these are steps of a generation: sequences of layers."""
    nested = isinstance(weights, Sequence) and bool(weights) and isinstance(weights[0], Sequence)
    return nested and _held(weights)


def _written_before(tokens: Any, length: int) -> Any:
    """Tokens without the last that was written, where that is among them."""
    listed = isinstance(tokens, Sequence) and not isinstance(tokens, str)
    return tokens[:-1] if listed and len(tokens) == length + 1 else tokens


def _held(value: Any) -> bool:
    """Whether there is an array, or sequences hold some; else they are all numbers and make up one."""
    while isinstance(value, Sequence) and not isinstance(value, str) and value:
        value = value[0]
    return int(getattr(value, "ndim", 0)) > 0


def _array(given: Any) -> NDArray[Any]:
    """As NumPy has it. PyTorch's tensors may need a gradient, lie on a device, or be of a type NumPy does not know."""
    if hasattr(given, "detach"):
        given = given.detach().cpu()
        half = str(given.dtype) in ("torch.bfloat16", "torch.float16")
        return np.asarray(given.float().numpy()).astype(np.float16 if half else np.float32)
    try:
        array = np.asarray(given)
        if array.dtype.kind == "O" and any(each is None for each in array.flat):
            raise InputError("arrays_none")
        return array if array.dtype == np.float16 else array.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise InputError("arrays_shape", received=str(error)[:200]) from error


def _heads(array: NDArray[Any], *, one_layer: bool) -> list[NDArray[np.float32]]:
    """The layers in an array, each `[head, query, key]`."""
    array = array.astype(np.float32)
    if array.ndim == 1:
        array = array[None]
    if array.ndim == 2:
        array = array[None]
    if array.ndim == 3:
        array = array[None]
    elif array.ndim == 5 and array.shape[1] == 1:
        array = array[:, 0]
    batch = array.shape[0] if one_layer and array.ndim == 4 else array.shape[1] if array.ndim == 5 else 1
    if batch != 1 and array.size:
        raise InputError("arrays_batch", count=batch)
    if array.ndim != 4 or not array.size or (one_layer and array.shape[0] != 1):
        raise InputError("arrays_shape", received=str(array.shape))
    return list(array)


def _joined(steps: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """One layer over all steps: the rows of the first, then the last row of each; keys a step has not are 0."""
    rows = [steps[0], *(step[:, -1:] for step in steps[1:])]
    keys = max(step.shape[2] for step in rows)
    return np.concatenate([np.pad(row, ((0, 0), (0, 0), (0, keys - row.shape[2]))) for row in rows], axis=1)


def _stacked(layers: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Blocks `[layer, head, query, key]` by name: layers of equal numbers of heads in a row are one."""
    found: list[list[NDArray[np.float32]]] = []
    for layer in layers:
        if found and found[-1][0].shape == layer.shape:
            found[-1].append(layer)
        else:
            found.append([layer])
    return {f"attention_{place}" if place else "attention": np.stack(each) for place, each in enumerate(found)}


def _kind(layers: Sequence[NDArray[np.float32]], query_tokens: Any) -> Kind:
    queries, keys = layers[0].shape[1:]
    if query_tokens is not None:
        return "cross"
    if queries == 1 and keys > 1:
        return "pooling"
    ahead = any(np.triu(layer, 1).any() for layer in layers)
    return "self" if ahead or queries == 1 or queries != keys else "causal"


def _axis(tokens: Any, length: int, what: str, special: Sequence[bool] | None) -> Axis:
    """Tokens as they stand in a text of all of them with blanks between; an axis as it is."""
    is_axis = isinstance(tokens, TokenAxis | RegionAxis)
    listed = not isinstance(tokens, str | bytes) and hasattr(tokens, "__len__") and not hasattr(tokens, "keys")
    received = type(tokens).__name__
    if listed and not is_axis:
        received = next((type(token).__name__ for token in tokens if not isinstance(token, str)), "")
    if not is_axis and received:
        raise InputError("arrays_token_list", what=what, expected=length, received=received)
    if len(tokens) != length or (special is not None and len(special) != length):
        raise InputError("arrays_tokens", what=what, expected=length, received=len(tokens))
    if is_axis:
        found: Axis = tokens
        return found
    # Half a character, as byte-level tokenizers leave it, can be neither shown nor saved.
    named = [str(token).encode("utf-8", "replace").decode("utf-8") for token in tokens]
    ends = np.cumsum([len(token) + 1 for token in named])
    spans = [(int(end) - len(token) - 1, int(end) - 1) for token, end in zip(named, ends, strict=True)]
    flags = special if special is not None else [_SPECIAL.fullmatch(token) is not None for token in named]
    if what == "key":
        return TokenAxis.of(named, [None if flag else span for span, flag in zip(spans, flags, strict=True)], flags)
    return TokenAxis.of(named, special=flags)
