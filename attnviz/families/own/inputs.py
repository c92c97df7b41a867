"""What goes into a wrapped model: its author's inputs and tokens as an `Encoded`, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import tree
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.trace import Axis, Encoded, RegionAxis, TokenAxis


@dataclass(frozen=True)
class WrappedEncoded(Encoded):
    """A text as `encode` gave it; remembers how the model takes its inputs.

    Attributes:
        structure: The inputs' own form (array, list, dict) with input names at its leaves.
    """

    structure: Any = None

    def packed(self) -> Any:
        """The inputs as the model takes them."""
        if self.structure is None:
            values = list(self.inputs.values())
            return values[0] if len(values) == 1 else dict(self.inputs)
        return tree.map_structure(lambda name: self.inputs[name], self.structure)


#: What stands along a sequence: tokens, or the regions of a picture.
Along = Sequence[str] | RegionAxis


def axes_of(tokens: Along | Mapping[str, Along], text: str) -> dict[str, Axis]:
    """Axes from what `encode` gave; spans where tokens are found in the text one after the other.

    Raises:
        InputError: `bad_encode`: these are no lists of strings.
    """
    alone = "regions" if isinstance(tokens, RegionAxis) else "tokens"
    named = tokens if isinstance(tokens, Mapping) else {alone: tokens}
    axes: dict[str, Axis] = {}
    for name, each in named.items():
        if isinstance(each, RegionAxis):
            axes[str(name)] = each
            continue
        if isinstance(each, str) or not isinstance(each, Iterable) or not all(isinstance(one, str) for one in each):
            raise InputError("bad_encode", expected=_STRINGS, received=_shown(each))
        names = [str(one) for one in each]  # NumPy's own strings too
        axes[str(name)] = TokenAxis.of(names, _spans(names, text))
    if not axes:
        raise InputError("bad_encode", expected="tokens", received="{}")
    return axes


def named(inputs: Any, axes: Sequence[str]) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Inputs as a flat dict, and their form with the names at the leaves."""
    if isinstance(inputs, Mapping):
        return {name: name for name in inputs}, {name: _array(value) for name, value in inputs.items()}
    if isinstance(inputs, (list, tuple)) and len(inputs) and hasattr(inputs[0], "shape"):
        names = list(axes) if len(axes) == len(inputs) else [str(index) for index in range(len(inputs))]
        return type(inputs)(names), dict(zip(names, map(_array, inputs), strict=True))
    return axes[0], {axes[0]: _array(inputs)}


#: What a list of tokens and an input look like, for a message.
_STRINGS = 'a list of strings such as ["the", "cat"]'
_ARRAY = "arrays such as np.array([[2, 7, 3]]), one for each input"


def _array(value: Any) -> NDArray[Any]:
    if "Ragged" in type(value).__name__ or "Sparse" in type(value).__name__:
        raise InputError("bad_encode", expected=f"{_ARRAY} (x.to_tensor())", received=type(value).__name__)
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.empty(1, object)
    if array.ndim and not array.size:
        raise InputError("bad_encode", expected=_ARRAY, received=f"an array of shape {array.shape}")
    if array.dtype.kind == "O":
        raise InputError("bad_encode", expected=_ARRAY, received=_shown(value))
    return array


def _shown(value: Any) -> str:
    """A value in a message: what it is, and how it begins."""
    begins = repr(value)
    return f"{type(value).__name__} {begins[:60]}{'…' if len(begins) > 60 else ''}"


def moving(inputs: Mapping[str, NDArray[Any]], axes: Mapping[str, Axis]) -> dict[str, list[str]]:
    """Which inputs run along which sequence, for `Encoded.moves`. Regions move only what has their name.

    An input of the sequence's name does; of one sequence alone every input that is as long as that one does too (a
    mask, positions), and where none has its name, every input with room for it.
    """
    moves = {name: [name] if _along(inputs[name], axis) else [] for name, axis in axes.items() if name in inputs}
    if len(axes) == 1:
        ((name, axis),) = axes.items()
        if isinstance(axis, RegionAxis):
            return moves  # what else is as long may be rows of pixels
        rows = {key: each.shape[1] for key, each in inputs.items() if each.ndim > 1}
        own = rows.get(name)
        moves[name] = [key for key, length in rows.items() if (length >= len(axis) if own is None else length == own)]
    return moves


def _along(values: NDArray[Any], axis: Axis) -> bool:
    """Whether an input runs along an axis: pixels do not run along regions, vectors of them do."""
    return not isinstance(axis, RegionAxis) or (values.ndim == 3 and values.shape[1] == len(axis))


def packed_inputs(encoded: Encoded) -> Any:
    """The inputs of any `Encoded` as the model takes them."""
    if isinstance(encoded, WrappedEncoded):
        return encoded.packed()
    return WrappedEncoded(encoded.source, encoded.inputs, encoded.axes).packed()


def input_names(encoded: Encoded) -> list[str]:
    """Names of the inputs in the order Keras flattens them."""
    structure = encoded.structure if isinstance(encoded, WrappedEncoded) else None
    names: list[str] = tree.flatten({name: name for name in encoded.inputs} if structure is None else structure)
    return names


def input_lengths(encoded: Encoded) -> dict[str, int]:
    """By name of an input, how long it is behind the batch; inputs that are not are left out."""
    return {name: values.shape[1] for name, values in encoded.inputs.items() if values.ndim > 1}


def _spans(tokens: Sequence[str], text: str) -> list[tuple[int, int] | None]:
    """Where each token stands, as long as only blanks lie between one and the next."""
    spans: list[tuple[int, int] | None] = []
    end = 0
    for token in tokens:
        start = text.find(token, end) if token else -1
        if start >= 0 and not text[end:start].strip():
            spans.append((start, start + len(token)))
            end = start + len(token)
        else:
            spans.append(None)
    return spans
