"""What stands along the axes of a model nothing is known about: tokens of its author's, padding, learned things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.capture.along import Along
from attnviz.capture.flow.blank import EMPTY
from attnviz.trace import Axis, RegionAxis, TokenAxis

#: How what stands for no token is shown: a query that is learned, or computed of the text; a key that is learned; a
#: place that takes weight from all keys; padding.
LEARNED, COMPUTED, MEMORY, SINK, PAD = "learned query", "computed query", "learned key", "sink", "[PAD]"

#: A place that holds zeros: nothing was written to it yet, or it was put beside the tokens.
NOTHING = "empty place"

#: One of several keys that are computed of the tokens and stand for none of them.
COMPUTED_KEY = "computed key"

#: One of several tokens that each query has chosen for itself.
CHOSEN = "chosen key"

#: One of several vectors that no token stands for, where they are keys.
LATENT = "latent"

#: What a router mixes of tokens and shares out again; one of several vectors that were computed one by one.
SLOT, VECTOR = "slot", "vector"

#: A learned vector among the tokens, such as that of a class.
TOKEN = "learned token"

_PADS = ("pad", "padding", "padded")


@dataclass
class Sequences:
    """The author's lists of tokens, and what is known of padding along each sequence of the model.

    Args:
        axes: By name.
        inputs: Names of the model's inputs in flattened order.
        lengths: By name of an input, how long it is behind the batch.
    """

    axes: Mapping[str, Axis]
    inputs: Sequence[str]
    lengths: Mapping[str, int]
    _padding: dict[Any, NDArray[np.bool_]] = field(default_factory=dict)
    _marked: dict[Any, NDArray[np.bool_]] = field(default_factory=dict)

    def owner(self, along: Along | None, lengths: Sequence[int]) -> str | None:
        """The name of the list that belongs to a sequence: by its inputs, else by one of these lengths."""
        if along is not None and not along.known:
            return None
        if along is not None:
            known = [self.inputs[place] for place in sorted(along.inputs) if self.inputs[place] in self.axes]
            if known:
                return known[0]
            if along.inputs and any(name in self.inputs for name in self.axes) and len(self.axes) > 1:
                return None
        fitting = [name for name, axis in self.axes.items() if len(axis) in lengths]
        return fitting[0] if fitting else None

    def is_padding(self, along: Along | None, where: NDArray[np.bool_]) -> bool:
        """Whether positions that a mask hides from all may be padding: nobody has given them a word's name."""
        if not where.any() or where.all():
            return False
        name = self.owner(along, [len(where), len(where) - int(where.sum())])
        if name is None or len(self.axes[name]) != len(where):
            return True
        return _pad_like(self.axes[name], where)

    def mark(self, along: Along | None, where: NDArray[np.bool_]) -> None:
        """A mask says that positions are padding; they are so if nobody calls them otherwise."""
        for key in self._keys(along, where):
            self._marked[key] = self._marked.get(key, np.zeros_like(where)) | where
        if self.is_padding(along, where):
            self.pad(along, where)

    def marked(self, along: Along | None, length: int) -> NDArray[np.bool_]:
        """Which positions a mask calls padding, whatever others say, bool `[length]`."""
        nothing = np.zeros(length, bool)
        return next((self._marked[key] for key in self._keys(along, nothing) if key in self._marked), nothing)

    def pad(self, along: Along | None, where: NDArray[np.bool_]) -> None:
        """Positions of a sequence are padding."""
        for key in self._keys(along, where):
            known = self._padding.get(key)
            self._padding[key] = where if known is None else known | where

    def padding(self, along: Along | None, length: int) -> NDArray[np.bool_]:
        """Which positions of a sequence are known to be padding, bool `[length]`."""
        nothing = np.zeros(length, bool)
        for key in self._keys(along, nothing):
            known = self._padding.get(key)
            if known is not None:
                return known
        return nothing

    def _keys(self, along: Along | None, where: NDArray[np.bool_]) -> list[Any]:
        if along is None or not along.role:
            return []
        keys: list[Any] = [(along.key, len(where))]
        if along.inside is None and not along.parts:
            keys += [("input", self.inputs[place], len(where)) for place in sorted(along.inputs)]
        return keys

    def named(self, along: Along | None, length: int, kept: NDArray[np.intp]) -> tuple[Axis, bool]:
        """The tokens of an axis after cutting; by position, and False, where no list fits."""
        whole = self._whole(along, length)
        if whole is not None:
            return (whole if len(kept) == length else whole.take(kept.tolist())), True
        name = self.owner(along, [len(kept)])
        if name is not None and len(self.axes[name]) == len(kept) and self._in_order(along, length):
            return self.axes[name], True
        if along is not None and along.role == "weight" and not along.inputs and not along.parts and length > 1:
            return numbered(LATENT, len(kept)), True
        return TokenAxis.of([str(index) for index in kept]), False

    def _whole(self, along: Along | None, length: int) -> Axis | None:
        """Names of every position of an axis, padding too."""
        if along is not None and not along.known:
            return None
        if along is not None and along.parts:
            return self._joined(along, length)
        if along is not None and along.role == "weight" and not along.inputs:
            return None
        name = self.owner(along, [length])
        if self._in_order(along, length) and name is not None and len(self.axes[name]) == length:
            return self.axes[name]
        if along is not None and along.inside is not None:
            outer, first, last, step = along.inside
            owner = self.owner(outer, [])
            whole = None if owner is None else self._whole(outer, self.lengths.get(owner, len(self.axes[owner])))
            places = [] if whole is None else list(range(len(whole)))[first:last:step]
            return whole.take(places) if whole is not None and len(places) == length else None
        gone = self.padding(along, length)
        name = self.owner(along, [length - int(gone.sum())])
        if gone.any() and name is not None and len(self.axes[name]) == length - int(gone.sum()):
            return _spread(self.axes[name], gone)
        return None

    def _joined(self, along: Along, length: int) -> Axis | None:
        sizes = self._sizes(along, length)
        if sizes is None:
            return None
        whole = [self._whole(part, size) for (part, _), size in zip(along.parts, sizes, strict=True)]
        if not any(whole):  # joined of nothing that has a name
            return None
        found: list[Axis] = []
        for names, (part, _), size in zip(whole, along.parts, sizes, strict=True):
            if names is None and part.role in ("", "weight", "feature"):
                lone = size == 1 and part.blank != EMPTY
                name = SINK if lone else NOTHING if part.blank else MEMORY
                names = TokenAxis.of([name] * size, special=[True] * size)
            if not isinstance(names, TokenAxis):
                return None
            found.append(names)
        return TokenAxis.of(
            [token for each in found for token in each.tokens],
            [span for each in found for span in each.spans],
            [special for each in found for special in each.special],
            [unknown for each in found for unknown in each.unknown],
        )

    def same(self, one: Along, other: Along, length: int) -> bool:
        """Whether two axes of one length have the same places of one sequence, in whatever order."""
        if one.same(other):
            return True
        places = [self._places(each, length) for each in (one, other)]
        return None not in places and sorted(places[0] or (), key=repr) == sorted(places[1] or (), key=repr)

    def exchanged(self, one: Along | None, other: Along | None, length: int) -> bool:
        """Whether two axes of one length are known to go through a sequence in two orders."""
        if one is None or other is None or one.key == other.key:
            return False
        places = [self._places(each, length) for each in (one, other)]
        return one.origin != other.origin or (None not in places and places[0] != places[1])

    def _in_order(self, along: Along | None, length: int) -> bool:
        """Whether an axis goes through each of its sequences from the front, as far as is known."""
        if along is None or along.origin is not None:
            return along is None
        last: dict[Any, int] = {}
        for key, at in self._places(along, length) or ():
            if at <= last.get(key, -1):
                return False
            last[key] = at
        return True

    def _places(self, along: Along, length: int) -> list[tuple[Any, int]] | None:
        """For each place of an axis whose it is: the key of a whole sequence, and the place there."""
        found: list[tuple[Any, int]] | None = None
        if along.inside is not None:
            outer, first, last, step = along.inside
            whole = self._length(outer)
            places = None if whole is None else self._places(outer, whole)
            found = None if places is None else places[first:last:step]
        elif along.parts:
            sizes = self._sizes(along, length) or ()
            parts = [self._places(part, size) for (part, _), size in zip(along.parts, sizes, strict=False)]
            found = None if not parts or None in parts else [each for part in parts for each in part or ()]
        elif along.known:
            found = [(along.key, at) for at in range(length)]
        return found if found is not None and len(found) == length else None

    def _sizes(self, along: Along, length: int) -> list[int] | None:
        """How long the parts of an axis are this time; one that is not known is as long as what is left."""
        sizes = [self._length(part) if size is None else size for part, size in along.parts]
        rest = length - sum(size for size in sizes if size is not None)
        if sizes.count(None) == 1:
            sizes = [rest if size is None else size for size in sizes]
        known = [size for size in sizes if size is not None]
        return known if len(known) == len(sizes) and sum(known) == length else None

    def _length(self, along: Along) -> int | None:
        """How long a sequence of the model is this time: one of its inputs, a part of it, or several joined."""
        if along.inside is not None:
            outer, first, last, step = along.inside
            whole = self._length(outer)
            return None if whole is None else len(range(whole)[first:last:step])
        if along.parts:
            sizes = [self._length(part) if size is None else size for part, size in along.parts]
            return None if None in sizes else sum(size or 0 for size in sizes)
        known = {self.lengths.get(self.inputs[place]) for place in along.inputs}
        return next(iter(known)) if len(known) == 1 else None

    def lone(self, place: tuple[Along, int] | None) -> Axis | None:
        """The one token that asks."""
        if place is None:
            return None
        along, index = place
        length = self._length(along) if along.parts else None
        if length is not None:
            whole, fits = self.named(along, length, np.arange(length))
            at = index if index >= 0 else length + index
            return whole.take([at]) if fits and 0 <= at < length else None
        name = self.owner(along, [])
        if name is None:
            return None
        length = self.lengths.get(name, len(self.axes[name]))
        whole_or_none = self._whole(along, length)
        at = index if index >= 0 else length + index
        if whole_or_none is not None and 0 <= at < len(whole_or_none):
            return whole_or_none.take([at])
        return self.axes[name].take([at]) if 0 <= at < len(self.axes[name]) and index >= 0 else None


def asking(axis: Axis) -> Axis:
    """An axis along which learned vectors ask as the tokens do: they are no sink or memory, but stand among them."""
    if isinstance(axis, RegionAxis):
        return axis
    return replace(axis, tokens=tuple(TOKEN if each in (SINK, MEMORY) else each for each in axis.tokens))


def _spread(axis: Axis, gone: NDArray[np.bool_]) -> Axis | None:
    """A list of tokens with padding put where it is."""
    if isinstance(axis, RegionAxis):
        return None
    kept = iter(range(len(axis)))
    places = [None if each else next(kept) for each in gone]
    return TokenAxis.of(
        [PAD if at is None else axis.tokens[at] for at in places],
        [None if at is None else axis.spans[at] for at in places],
        [True if at is None else axis.special[at] for at in places],
        [False if at is None else axis.unknown[at] for at in places],
    )


def _pad_like(axis: Axis, where: NDArray[np.bool_]) -> bool:
    """Whether positions are called padding: by a usual name, or all alike in one run at either end."""
    if isinstance(axis, RegionAxis):
        return False
    names = [axis.tokens[at] for at in np.flatnonzero(where)]
    if all(named_padding(name) for name in names):
        return True
    run = where[: len(names)].all() or where[-len(names) :].all()
    return len(names) > 1 and len(set(names)) == 1 and bool(run)


def named_padding(name: str) -> bool:
    """Whether a token is called padding."""
    return "".join(letter for letter in name.lower() if letter.isalpha()) in _PADS or not name.strip()


def numbered(name: str, count: int) -> Axis:
    """Things that stand for no token, counted where there are several."""
    names = [name] if count == 1 else [f"{name} {place + 1}" for place in range(count)]
    return TokenAxis.of(names, special=[True] * count)
