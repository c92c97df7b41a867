"""Operations on attention as plain data, and the short codes in which addresses, commands and requests carry them.

A code is a name, a place and what the operation takes, joined by hyphens: `uniform`, `off-L0H3`, `set-K4-0.5`,
`temperature-L1-2`, `permute-L0-7`. A place is letters with numbers from 0, as everywhere in addresses and JSON: B
block, L layer, H head, Q query, K key; `L0H1H2` is two heads, and what is not named means all. Positions are those of
the model's own tokens, special ones included, before anything is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from attnviz.errors import AttnvizError, InputError

Name = Literal[
    "own",
    "uniform",
    "off",
    "permute",
    "random",
    "hot",
    "temperature",
    "set",
    "move",
    "adversarial",
    "lift",
    "hide",
    "drop",
    "blank",
]
What = Literal["causal", "padding"]


@dataclass(frozen=True)
class Form:
    """What an operation takes.

    Attributes:
        pattern: How its code looks, for whoever wrote it otherwise.
        place: Letters it may name.
        needs: Letters it must name.
        value: Least and largest number it takes, or None for none.
        seed: Whether it takes a seed.
        words: One of these may, or with `lift` must, come last.
        to: Whether it takes keys once more, those that something goes to.
    """

    pattern: str
    place: str = "BLHQ"
    needs: str = ""
    value: tuple[float, float] | None = None
    seed: bool = False
    words: tuple[str, ...] = ()
    to: bool = False


FORMS: dict[Name, Form] = {
    "own": Form("own[-B0L0H0Q0]"),
    "uniform": Form("uniform[-B0L0H0Q0]"),
    "off": Form("off[-B0L0H0Q0]"),
    "permute": Form("permute[-B0L0H0Q0]-SEED", seed=True),
    "random": Form("random[-B0L0H0Q0]-SEED", seed=True),
    "hot": Form("hot-[B0L0H0Q0]K0", "BLHQK", "K"),
    "temperature": Form("temperature[-B0L0H0Q0]-TAU", value=(0.01, 100)),
    "set": Form("set-[B0L0H0Q0]K0-WEIGHT[-alone]", "BLHQK", "K", (0, 1000), words=("alone",)),
    "move": Form("move-[B0L0H0Q0]K0-K0", "BLHQK", "K", to=True),
    "adversarial": Form("adversarial-EPSILON-SEED", "", value=(0.0001, 1), seed=True),
    "lift": Form("lift[-B0L0H0Q0]-causal|padding", words=("causal", "padding")),
    "hide": Form("hide-[B0L0H0Q0]K0", "BLHQK", "K"),
    "drop": Form("drop-K0", "K", "K"),
    "blank": Form("blank-K0", "K", "K"),
}

#: Those that change what the model reads, not what it looks at.
INPUT: tuple[Name, ...] = ("drop", "blank")

#: Most operations at a time, longest code, and largest index or seed in one.
MAX_OPERATIONS, _LONGEST, _MOST = 64, 800, 99_999

#: Most searches for adversarial weights at a time: each runs the model some ten thousand times.
MAX_SEARCHES = 4

_PLACE = re.compile(r"(?:[BLHQK][0-9]{1,5})+")
_KEYS = re.compile(r"(?:K[0-9]{1,5})+")
_NUMBER = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,6})?")
_SEED = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True)
class Operation:
    """One change of a model's attention or of what it reads.

    Attributes:
        name: Of `FORMS`.
        block: Which block of the trace, in order.
        layers, heads, queries: Which; none means all.
        keys: Which keys it is about.
        value: Weight, temperature or ε.
        seed: Of what is drawn.
        word: `causal` or `padding` for `lift`; `alone` for a `set` that leaves the rest of the row as it is.
        to: Keys that something goes to.

    >>> Operation("off", layers=(0,), heads=(3,)).code
    'off-L0H3'
    """

    name: Name
    block: int = 0
    layers: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()
    queries: tuple[int, ...] = ()
    keys: tuple[int, ...] = ()
    value: float | None = None
    seed: int | None = None
    word: str = ""
    to: tuple[int, ...] = ()

    @property
    def code(self) -> str:
        """The operation as an address carries it; `parse` reads it."""
        named = zip("BLHQK", ((self.block,) * bool(self.block), *self._places), strict=True)
        place = "".join(f"{letter}{index}" for letter, indices in named for index in indices)
        value = "" if self.value is None else f"{self.value:.6f}".rstrip("0").rstrip(".")
        seed = "" if self.seed is None else str(self.seed)
        to = "".join(f"K{key}" for key in self.to)
        return "-".join(part for part in (self.name, place, to, value, seed, self.word) if part)

    @property
    def _places(self) -> tuple[tuple[int, ...], ...]:
        return self.layers, self.heads, self.queries, self.keys


def parse(code: str) -> Operation:
    """One operation from its code.

    Raises:
        InputError: `bad_edit`, with the forms there are or the form this one should have.
    """
    name, *parts = code.split("-")
    if name not in FORMS or len(code) > _LONGEST:
        raise InputError("bad_edit", received=code[:80], expected=", ".join(FORMS))
    form = FORMS[name]  # type: ignore[index]
    wrong = InputError("bad_edit", received=code[:80], expected=form.pattern)
    found: dict[str, list[int]] = {letter: [] for letter in "BLHQK"}
    if parts and _PLACE.fullmatch(parts[0]):
        for letter, index in re.findall(r"([BLHQK])([0-9]+)", parts.pop(0)):
            found[letter].append(int(index))
    given = {letter for letter, indices in found.items() if indices}
    single = len(found["B"]) > 1 or (name in ("hot", "set") and len(found["K"]) > 1)
    if not set(form.needs) <= given <= set(form.place) or single:
        raise wrong
    to: list[int] = []
    if form.to:
        if not parts or not _KEYS.fullmatch(parts[0]):
            raise wrong
        to = [int(index) for index in parts.pop(0)[1:].split("K")]
        if set(to) & set(found["K"]):
            raise wrong
    value = seed = None
    if form.value is not None:
        if not parts or not _NUMBER.fullmatch(parts[0]) or not form.value[0] <= float(parts[0]) <= form.value[1]:
            raise wrong
        value = float(parts.pop(0))
    if form.seed:
        if not parts or not _SEED.fullmatch(parts[0]):
            raise wrong
        seed = int(parts.pop(0))
    word = parts.pop(0) if parts and parts[0] in form.words else ""
    too_much = name == "set" and value is not None and value > 1 and not word
    if parts or (name == "lift" and not word) or too_much:
        raise wrong
    layers, heads, queries, keys = (tuple(dict.fromkeys(found[letter])) for letter in "LHQK")
    block = found["B"][0] if found["B"] else 0
    there = tuple(dict.fromkeys(to))
    return Operation(name, block, layers, heads, queries, keys, value, seed, word, there)  # type: ignore[arg-type]


def parse_all(codes: str | Sequence[str]) -> tuple[tuple[Operation, ...], list[AttnvizError]]:
    """Several operations; what cannot be read is left out and told.

    Args:
        codes: One after the other, or in one string with blanks between them.

    Returns:
        The operations, and an error for each code that is none (and one if there are too many of them, or of searches).

    >>> operations, errors = parse_all("uniform nonsense")
    >>> [each.code for each in operations], len(errors)
    (['uniform'], 1)
    """
    operations: list[Operation] = []
    errors: list[AttnvizError] = []
    for code in codes.split() if isinstance(codes, str) else codes:
        try:
            operations.append(parse(code))
        except InputError as error:
            errors.append(error)
    searches = [place for place, each in enumerate(operations) if each.name == "adversarial"]
    if len(searches) > MAX_SEARCHES:
        errors.append(InputError("too_many_searches", received=len(searches), limit=MAX_SEARCHES))
        operations = [each for place, each in enumerate(operations) if place not in searches[MAX_SEARCHES:]]
    if len(operations) > MAX_OPERATIONS:
        errors.append(InputError("too_many_edits", received=len(operations), limit=MAX_OPERATIONS))
    return tuple(operations[:MAX_OPERATIONS]), errors


def joined(operations: Sequence[Operation]) -> str:
    """All codes in one string, as an address carries them."""
    return " ".join(each.code for each in operations)
