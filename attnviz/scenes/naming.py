"""Which of its words names which thing: a caption read against the kinds there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from attnviz.scenes.kinds import KINDS, Kind


@dataclass(frozen=True)
class Mention:
    """A thing that a caption names.

    Attributes:
        kind: Name, see `KINDS`.
        words: Places of its words among the caption's, its colour included.
    """

    kind: str
    words: tuple[int, ...]


def mentions(words: Sequence[str], kinds: Mapping[str, Kind] = KINDS) -> list[Mention]:
    """What a caption names, in order.

    Args:
        words: Of either language, without blanks.
        kinds: Of the things that may be named, by name.

    >>> [(each.kind, each.words) for each in mentions(["two", "blue", "cars", "and", "a", "palm", "tree"])]
    [('blue-car', (1, 2)), ('palm-tree', (5, 6))]
    """
    phrases, found, start = _phrases(kinds), [], 0
    longest = max(map(len, phrases))
    while start < len(words):
        lengths = range(min(longest, len(words) - start), 0, -1)
        length = next((n for n in lengths if tuple(words[start : start + n]) in phrases), 0)
        if length:
            kind = phrases[tuple(words[start : start + length])]
            found.append(Mention(kind, tuple(range(start, start + length))))
        start += length or 1
    return found


def _phrases(kinds: Mapping[str, Kind]) -> Mapping[tuple[str, ...], str]:
    """The words that name a kind, its colour included, in each language, in singular and plural; made once."""
    names = tuple(kinds)
    if names not in _known:
        _known[names] = {
            tuple(part for each in (kind.colour[language], noun) for part in each.split()): name
            for name, kind in kinds.items()
            for language, noun in (("en", kind.noun["en"]), ("en", kind.plural), ("ja", kind.noun["ja"]))
        }
    return _known[names]


_known: dict[tuple[str, ...], Mapping[tuple[str, ...], str]] = {}
