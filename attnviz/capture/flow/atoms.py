"""Where an axis of a tensor comes from: a product of atoms, each an axis of an input, of a weight, or a part of one.

A reshape keeps the row-major order of the atoms and only draws the borders between axes anew, so that heads cut out of
features, or put into the batch, can still be told from the tokens.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

#: What an atom counts. `unit` is a single thing that was cut out of several; `opaque` is what could not be followed.
Role = Literal["batch", "sequence", "feature", "weight", "opaque"]


@dataclass(frozen=True)
class Atom:
    """A factor of an axis.

    Attributes:
        key: What it is; two atoms of one key count the same things.
        role: What it counts.
        size: How many, None where the length is open.
    """

    key: Hashable
    role: Role
    size: int | None

    def halves(self, outer: int | None, inner: int | None) -> tuple[Atom, Atom]:
        """The two axes of this one laid out in rows."""
        cut = ("rows", inner) if inner is not None else ("columns", outer)
        return Atom(("half", self, cut, 0), self.role, outer), Atom(("half", self, cut, 1), self.role, inner)


#: An axis: its atoms in row-major order. The empty one has length 1.
Axis = tuple[Atom, ...]

#: A length: a number times the sizes of atoms of open length; None where nothing is known.
Length = tuple[int, tuple[Atom, ...]] | None

UNIT: Axis = ()


def length_of(axis: Axis) -> Length:
    """How long an axis is."""
    number, open_atoms = 1, []
    for atom in axis:
        if atom.size is None:
            open_atoms.append(atom)
        else:
            number *= atom.size
    return number, tuple(open_atoms)


def times(lengths: Iterable[Length]) -> Length:
    """The product of lengths."""
    number: int = 1
    atoms: tuple[Atom, ...] = ()
    for each in lengths:
        if each is None:
            return None
        number, atoms = number * each[0], (*atoms, *each[1])
    return number, atoms


def unpadded(axis: Axis, lost: int) -> Axis | None:
    """The axis before padding was put at its ends, if just as much is taken off again: what is left is as long as it
    was, one place for each of its own."""
    key = axis[0].key if len(axis) == 1 else None
    if not (isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], tuple) and key[0][0] == "pad"):
        return None
    before: Axis = key[1][0]
    return before if sum(key[0][1]) == lost else None


def joined(atoms: Iterable[Atom]) -> Axis:
    """Atoms one after the other; halves that meet again are one."""
    found: list[Atom] = []
    for atom in atoms:
        if found and _belong(found[-1], atom):
            found[-1] = found[-1].key[1]  # type: ignore[index]
        else:
            found.append(atom)
    return tuple(found)


def _belong(first: Atom, second: Atom) -> bool:
    one, two = first.key, second.key
    return (
        isinstance(one, tuple)
        and isinstance(two, tuple)
        and len(one) == len(two) == 4
        and one[0] == two[0] == "half"
        and one[1:3] == two[1:3]
        and (one[3], two[3]) == (0, 1)
    )


def regrouped(axes: Sequence[Axis], lengths: Sequence[Length]) -> list[Axis] | None:
    """The axes of a reshaped tensor.

    Args:
        axes: Before.
        lengths: After; one or, where they are in the middle and as many as the atoms that are left, several may be
            unknown.

    Returns:
        None where it cannot be followed.
    """
    atoms = [atom for axis in axes for atom in axis]
    front: list[Axis] = []
    back: list[Axis] = []
    left = list(lengths)
    while left and left[0] is not None:
        taken = _taken(atoms, left[0])
        if taken is None:
            break
        left.pop(0)
        alone = atoms and atoms[0].size == 1 and left[:1] != [(1, ())]  # `x[:, -1:]` laid out for a layer of units
        front.append(joined([*taken, atoms.pop(0)]) if alone else taken)
    while left and left[-1] is not None:
        taken = _taken(atoms, left[-1], from_end=True)
        if taken is None:
            break
        back.append(taken)
        left.pop()
    if not left:
        return None if any(atom.size != 1 for atom in atoms) else [*front, *back[::-1]]
    if len(left) == 1:
        middle = [joined(atoms)]
    elif len(left) == len(atoms):
        middle = [(atom,) for atom in atoms]
    else:
        return None
    return [*front, *middle, *back[::-1]]


def _taken(atoms: list[Atom], length: tuple[int, tuple[Atom, ...]], from_end: bool = False) -> Axis | None:
    """Take atoms of this length together off one end; None, and nothing taken, where they do not fit."""
    number, wanted = length[0], list(length[1])
    rest, taken = list(atoms), []
    place = -1 if from_end else 0
    while number != 1 or wanted:
        if not rest:
            return None
        atom = rest[place]
        if atom in wanted:
            wanted.remove(atom)
            taken.append(rest.pop(place))
        elif atom.size is not None and number % atom.size == 0:
            number //= atom.size
            taken.append(rest.pop(place))
        elif number > 1 and (atom.size is None or atom.size % number == 0) and not wanted:
            other = None if atom.size is None else atom.size // number
            outer, inner = atom.halves(other, number) if from_end else atom.halves(number, other)
            rest[place] = outer if from_end else inner
            taken.append(inner if from_end else outer)
            number = 1
        else:
            return None
    if not taken and rest and rest[place].size == 1:  # a length of one that somebody counts, such as a batch of one
        taken.append(rest.pop(place))
    atoms[:] = rest
    return joined(taken[::-1] if from_end else taken)
