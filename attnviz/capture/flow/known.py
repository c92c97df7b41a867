"""What is known so far of the axes of a graph's tensors, and how axes meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from attnviz.capture.flow.atoms import UNIT, Atom, Axis, Length, Role, joined, length_of
from attnviz.capture.flow.lengths import lengths

#: For each axis of a result, the (operand, axis) it was taken from.
Sources = list[list[tuple[int, int]]]

#: Of axes that are laid beside each other, whose name the result goes by.
_RANK: dict[Role, int] = {"sequence": 0, "batch": 1, "opaque": 2, "feature": 3, "weight": 4}

#: What a new axis counts that was made out of others.
_HEIRS: tuple[Role, ...] = ("sequence", "batch", "feature", "weight")


@dataclass
class Listed:
    """A list of tensors, as loops read and write them: its own axis and those of an element."""

    along: Axis = UNIT
    element: list[Axis] | None = None


@dataclass(frozen=True)
class Picked:
    """One element taken out along an axis.

    Attributes:
        axis: Which axis it was.
        index: Place, from the end where negative; None where it is computed, as a loop counts.
    """

    axis: Axis
    index: int | None


class Known:
    """Axes by tensor, and which of them are the same.

    Attributes:
        axes: By id of a tensor.
        sources: By id of a tensor, for each of its axes the operands' axes it was taken from.
        picked: By id of a tensor, what was taken out by the operation that made it.
        lists: By id of a tensor that stands for a list.
        dependent: Ids of the tensors that were computed from the inputs' values.
    """

    def __init__(self) -> None:
        self.axes: dict[int, list[Axis]] = {}
        self.sources: dict[int, Sources] = {}
        self.picked: dict[int, Picked] = {}
        self.lists: dict[int, Listed] = {}
        self.dependent: set[int] = set()
        self._same: dict[Atom, Atom] = {}
        self._beside: dict[Atom, set[Axis]] = {}

    def of(self, tensor: tf.Tensor) -> list[Axis] | None:
        """The axes of a tensor, equal ones by one name; None where nothing is known."""
        found = self.axes.get(id(tensor))
        return None if found is None else [self.root(axis) for axis in found]

    def root(self, axis: Axis) -> Axis:
        """An axis by the one name of all that run alike."""
        return joined(self._root(atom) for atom in axis)

    def members(self, axis: Axis) -> set[Atom]:
        """Every atom that is the same as one of these."""
        roots = set(self.root(axis))
        return roots | {atom for atom in self._same if self._root(atom) in roots}

    def beside(self, axis: Axis) -> set[Axis]:
        """The sequences an axis of weights was laid beside in a sum or a product."""
        return {self.root(other) for atom in axis for other in self._beside.get(atom, ())}

    def role(self, axis: Axis) -> Role | None:
        """What an axis counts, by its best-known atom; None for a single thing."""
        roles = [self._root(atom).role for atom in axis]
        return min(roles, key=_RANK.__getitem__, default=None)

    def note(self, tensor: tf.Tensor, axes: Sequence[Axis], sources: Sources) -> None:
        """Keep what an operation does; nothing where it disagrees with the tensor."""
        if tensor.shape.rank is None:
            self.axes[id(tensor)], self.sources[id(tensor)] = list(axes), sources
        elif tensor.shape.rank == len(axes):
            sizes = tensor.shape.as_list()
            self.axes[id(tensor)] = [self._settled(axis, size) for axis, size in zip(axes, sizes, strict=True)]
            self.sources[id(tensor)] = sources

    def _settled(self, axis: Axis, size: int | None) -> Axis:
        """An axis whose open length turns out to be fixed, as a table of so many positions was added."""
        axis = self.root(axis)
        if len(axis) == 1 and axis[0].size is None and size is not None and size != 1:
            new = Atom(axis[0].key, axis[0].role, size)
            self._same[axis[0]] = new
            return (new,)
        return axis

    def settle(self, atom: Atom, size: int) -> None:
        """The open length of an atom turns out to be this."""
        self._same[self._root(atom)] = Atom(atom.key, atom.role, size)

    def fresh(self, key: Any, size: int | None, parents: Sequence[Axis] = (), role: Role | None = None) -> Axis:
        """A new axis, made out of others: of a sequence comes a sequence."""
        if size == 1:
            return UNIT
        roles = [self._root(atom).role for axis in parents for atom in axis]
        heir: Role | None = next((each for each in _HEIRS if each in roles), None)
        made: Role = role or heir or "opaque"
        return (Atom((key, tuple(parents)), made, size),)

    def permuted(self, axis: Axis, how: Any, back: Any = None, size: int | None = None) -> Axis:
        """The axis of a sequence whose places are exchanged; what is exchanged back is what it was.

        Args:
            axis: Before.
            how: What exchanges them: a slice, a roll by so many places, an order that is computed.
            back: What exchanges them back; None where it is the same.
            size: How many are left, where not all are.
        """
        axis = self.root(axis)
        if self.role(axis) != "sequence":
            return axis
        before: Any = axis[0].key if len(axis) == 1 else None
        if how[0] != "order" and isinstance(before, tuple) and len(before) == 2 and before[0] == (back or how):
            whole: Axis = before[1][0]
            return whole
        return (Atom((how, (axis,)), "sequence", self.size(axis) if size is None else size),)

    def is_permuted(self, axis: Axis, whole: Axis) -> bool:
        """Whether an axis is another with its places exchanged."""
        key: Any = axis[0].key if len(axis) == 1 else None
        named = isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], tuple)
        return (
            bool(named)
            and key[0][0] in ("slice", "roll")
            and key[1] == (self.root(whole),)
            and bool(whole)
            and (key[0][0] == "roll" or key[0][1:] == (None, None, -1))
        )

    def size(self, axis: Axis) -> int | None:
        """How long, where that is known."""
        length = length_of(axis)
        return None if length is None or length[1] else length[0]

    def length(self, tensor: tf.Tensor) -> list[Length] | None:
        """What a small tensor of whole numbers says of lengths."""
        return lengths(tensor, lambda each: self.axes.get(id(each)))

    def broadcast(
        self, operands: Sequence[tuple[int, tf.Tensor]], rank: int, apart: int | None = None
    ) -> tuple[list[Axis], Sources]:
        """Axes of what is computed element by element from operands, each given with its number.

        Args:
            operands: Numbers and tensors.
            rank: Of the result.
            apart: An axis along which they do not lie beside each other.
        """
        axes: list[Axis] = []
        sources: Sources = []
        for place in range(rank):
            found: list[tuple[int, int, Axis]] = []
            for number, tensor in operands:
                own = self.axes[id(tensor)]
                at = place - (rank - len(own))
                if at >= 0 and own[at]:
                    found.append((number, at, own[at]))
            several = [each for each in found if self.size(each[2]) != 1]
            found = several or found[:1]  # what is counted singly is spread over what is not
            sources.append([(number, at) for number, at, _ in found])
            axes.append(self.meet([axis for _, _, axis in found]) if found and place != apart else UNIT)
        return axes, sources

    def meet(self, axes: Sequence[Axis]) -> Axis:
        """One axis where several are laid beside each other; axes of inputs that meet so are the same."""
        best = self._whole_of(axes) or min(axes, key=lambda axis: _RANK.get(self.role(axis) or "weight", 9))
        for other in axes:
            if other is not best and self.root(other) != self.root(best):
                self._unite(self.root(best), self.root(other))
        return best

    def _whole_of(self, axes: Sequence[Axis]) -> Axis | None:
        """The sequence in its own order where it is laid beside itself in others, as where it is added to what was
        rolled: a place is called what stands there unmoved."""
        roots = [self.root(axis) for axis in axes]
        if all(each == roots[0] for each in roots):
            return None
        for axis in roots:
            key: Any = axis[0].key if len(axis) == 1 else None
            whole: Axis | None = key[1][0] if isinstance(key, tuple) and len(key) == 2 and key[1] else None
            if whole is not None and self.is_permuted(axis, whole) and any(each != axis for each in roots if each):
                others = (each for each in roots if each and each != axis and each != self.root(whole))
                if all(self.is_permuted(each, whole) for each in others):
                    return whole
        return None

    def _unite(self, best: Axis, other: Axis) -> None:
        pairs = list(zip(best, other, strict=True)) if len(best) == len(other) else []
        for one, two in pairs:
            if one.size is not None and two.size is not None and one.size != two.size:
                return
        for one, two in pairs:
            if one != two and _of_input(one) and _of_input(two):
                self._same[two] = one
            elif one.role in ("sequence", "batch") and two.role not in ("sequence", "batch"):
                self._beside.setdefault(two, set()).add((one,))
        if not pairs and len(other) == 1 and self.role(best) in ("sequence", "batch"):
            self._beside.setdefault(other[0], set()).add(best)

    def as_sequence(self, axis: Axis) -> Axis:
        """An axis that turns out to count tokens, such as that of ids declared as numbers."""
        found = []
        for atom in self.root(axis):
            new = Atom(atom.key, "sequence", atom.size) if atom.role == "feature" else atom
            if new != atom:
                self._same[atom] = new
            found.append(new)
        return tuple(found)

    def _root(self, atom: Atom) -> Atom:
        while atom in self._same:
            atom = self._same[atom]
        return atom


def _of_input(atom: Atom) -> bool:
    return isinstance(atom.key, tuple) and atom.key[0] == "input"
