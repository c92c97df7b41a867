"""A source as a model takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.trace.axes import Axis
from attnviz.trace.notice import Notice
from attnviz.trace.source import Source, source_of


@dataclass(frozen=True, eq=False)
class Encoded:
    """A source as a model takes it.

    Attributes:
        source: Cleaned and cut once; spans point into its text. A string is a text.
        inputs: Input name to array, a batch of one, padding only behind what an axis names.
        axes: Sequence name to what stands along it, the one that is typed or drawn first: `tokens`, `regions`.
        notices: What cleaning and cutting did.
        moves: Sequence name to the inputs whose second dimension runs along it. A sequence that is not named here moves
            the input of its own name.
    """

    source: Source
    inputs: Mapping[str, NDArray[Any]]
    axes: Mapping[str, Axis]
    notices: tuple[Notice, ...] = ()
    moves: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", source_of(self.source))

    @property
    def text(self) -> str:
        """The text, or the code of the picture."""
        return str(self.source)

    @property
    def axis(self) -> Axis:
        """What stands along the first sequence."""
        return next(iter(self.axes.values()))

    def keep(self, positions: Sequence[int], name: str = "") -> Self:
        """The same source with only these positions, in this order: drops or permutes them, never the string.

        What an input has behind the sequence, padding, stays there; where an input has some, it keeps its length.

        Args:
            positions: Indices into the axis; may leave out and reorder, not repeat.
            name: Which sequence; the first if empty.

        Raises:
            InputError: A position is out of range or repeats, or none is left; `axis_fixed`: no input runs along it.
        """
        name = name or next(iter(self.axes))
        axis, chosen = self.axes[name], list(positions)
        if not chosen:
            raise InputError("bad_positions", received="[]", last=len(axis) - 1)
        self._check(chosen, axis)
        moved = {each: _taken(self.inputs[each], chosen, len(axis)) for each in self._moving(name)}
        return replace(self, inputs={**self.inputs, **moved}, axes={**self.axes, name: axis.take(chosen)})

    def replace(self, positions: Sequence[int], value: Any, name: str = "") -> Self:
        """The same source with something else in place of what stands at the positions.

        Args:
            positions: Indices into the axis.
            value: An id, such as the unknown token's; for a picture a region's numbers, such as the mean of others.
            name: Which sequence; the first if empty. The axis keeps what stood there and marks it unknown.

        Raises:
            InputError: A position is out of range or repeats; `axis_fixed`: no input runs along it.
        """
        name = name or next(iter(self.axes))
        axis = self.axes[name]
        self._check(positions, axis)
        moving = self._moving(name)
        owner = name if name in moving else moving[0]
        values = np.array(self.inputs[owner])
        values[:, sorted(positions)] = value
        marked = axis.marked(positions)
        return replace(self, inputs={**self.inputs, owner: values}, axes={**self.axes, name: marked})

    def _moving(self, name: str) -> Sequence[str]:
        found = self.moves.get(name, [name] if name in self.inputs else [])
        if not found:
            raise InputError("axis_fixed", axis=name, inputs=", ".join(self.inputs))
        return found

    @staticmethod
    def _check(positions: Sequence[int], axis: Axis) -> None:
        if len(set(positions)) != len(positions) or not all(0 <= place < len(axis) for place in positions):
            raise InputError("bad_positions", received=str(list(positions)), last=len(axis) - 1)


def _taken(values: NDArray[Any], positions: list[int], length: int) -> NDArray[Any]:
    """`[batch, position, …]` with these positions only, and as long as before where there is padding behind."""
    tail = values[:, length:]
    more = [tail, np.repeat(tail[:, -1:], length - len(positions), axis=1)] if tail.shape[1] else []
    return np.concatenate([values[:, positions], *more], axis=1)
