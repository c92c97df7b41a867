"""What an axis runs along: a sequence of the model's inputs, a part of one, several joined, or none."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from attnviz.capture.flow import Axis, Flow
from attnviz.capture.flow.atoms import joined
from attnviz.capture.flow.blank import EMPTY, ZEROS

#: What turns the order of a sequence round.
BACKWARDS = ("slice", None, None, -1)


@dataclass(frozen=True)
class Along:
    """What an axis runs along.

    Attributes:
        key: Two axes of one key are the same sequence.
        role: What it counts, see `flow.atoms.Role`; empty for a single thing.
        inputs: Which of the model's inputs (in flattened order) have this axis.
        inside: Of what it is a part: the whole, first, last and step as of a slice.
        parts: What it is joined from, each with its length (None: open).
        origin: Of places that were exchanged, the key of the sequence in its order; None where they were not.
        known: Whether it is known which place is which.
        blank: Where nothing but zeros stands there, which: places nobody has written to, or beside a sequence.
    """

    key: Hashable
    role: str = ""
    inputs: frozenset[int] = frozenset()
    inside: tuple[Along, int | None, int | None, int] | None = None
    parts: tuple[tuple[Along, int | None], ...] = ()
    origin: Hashable | None = None
    known: bool = True
    blank: str = ""

    def same(self, other: Along) -> bool:
        """Whether both are one sequence, in whatever order."""
        return (self.origin or self.key) == (other.origin or other.key)


def along(flow: Flow, axis: Axis) -> Along:
    """What an axis runs along, as far as names can be given to it."""
    root = flow.root(axis)
    if not root:
        return Along(())
    beside = flow.beside(root)
    if flow.role(root) == "weight" and len(beside) == 1:
        return along(flow, next(iter(beside)))
    inputs = frozenset(
        each.key[1]
        for each in flow.members(root)
        if isinstance(each.key, tuple) and each.key[0] == "input" and each.role != "batch"
    )
    inside: tuple[Along, int | None, int | None, int] | None = None
    parts: tuple[tuple[Along, int | None], ...] = ()
    origin, known, blank = None, True, ""
    if len(root) == 1 and isinstance(root[0].key, tuple) and len(root[0].key) == 2:
        what, parents = root[0].key
        moved = isinstance(what, tuple) and (what == BACKWARDS or what[0] in ("roll", "order"))
        whole = along(flow, parents[0]) if moved else None
        origin = None if whole is None else whole.origin or whole.key
        known = whole is None or (what[0] != "order" and whole.known)
        blank = what[0] if isinstance(what, tuple) and what[0] in (EMPTY, ZEROS) else ""
        if isinstance(what, tuple) and what[0] == "slice" and len(what) == 4:
            inside = (along(flow, parents[0]), *what[1:])
        elif isinstance(what, tuple) and what[0] == "take" and len(what[1]) == 1:
            inside = (along(flow, parents[0]), what[1][0], what[1][0] + 1 or None, 1)
        elif isinstance(what, tuple) and what[0] == "take":
            outer = along(flow, parents[0])
            parts = tuple(
                (Along((root, place), outer.role, inside=(outer, at, at + 1 or None, 1)), 1)
                for place, at in enumerate(what[1])
            )
            if sorted(what[1]) == list(range(flow.size(parents[0]) or 0)):
                origin = outer.origin or outer.key
        elif isinstance(what, tuple) and what[0] == "concat":
            parts = tuple((along(flow, each), size) for each, size in zip(parents, what[1], strict=True))
        elif isinstance(what, tuple) and what[0] == "roll" and whole is not None:
            size, shift = flow.size(parents[0]), what[1]
            rest = None if size is None else size - abs(shift)
            inputs, counts = frozenset(), (shift, rest) if shift > 0 else (rest, -shift)
            ends = (Along((root, 0), whole.role, inputs, (whole, -shift, None, 1)), counts[0])
            parts = (ends, (Along((root, 1), whole.role, inputs, (whole, None, -shift, 1)), counts[1]))
        elif isinstance(what, tuple) and what[0] == "pad" and sum(what[1]):  # places more, of no token
            before, after = ((Along((root, at), blank=ZEROS), size) for at, size in enumerate(what[1]))
            padded = (along(flow, parents[0]), flow.size(parents[0]))
            parts = tuple(each for each in (before, padded, after) if each[1] != 0)
    return Along(root, flow.role(root) or "", inputs, inside, parts, origin, known, blank)  # type: ignore[arg-type]


def along_all(flow: Flow, axes: Sequence[Axis]) -> Along | None:
    """What several axes together run along: the rows and columns of a picture, or one sequence cut in blocks."""
    if not axes:
        return None
    whole = joined(atom for axis in axes for atom in flow.root(axis))
    if len(whole) == 1:
        return along(flow, whole)
    parts = [along(flow, axis) for axis in axes]
    inputs = frozenset.union(*(each.inputs for each in parts))
    return Along(tuple(each.key for each in parts), parts[0].role, inputs)
