"""What can be set on the page. A field is declared once, where it belongs: by the page, or by a view or control."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from attnviz.families.card import ModelCard
from attnviz.trace import Notice

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """What a state is read against.

    Attributes:
        cards: Of the models offered, by name.
        fields: All there are, each after those its default hangs on.
        owners: Keys of the views that own a field, by its name; the page's own fields are not in it.
        views: Keys of all views.
        language: Of the interface, where none was asked for.
        beside: Names of the models that are shown beside one of `cards` only.
    """

    cards: Mapping[str, ModelCard]
    fields: tuple[Field, ...]
    owners: Mapping[str, frozenset[str]]
    views: tuple[str, ...]
    language: str
    beside: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """The field of a name."""
        return next(each for each in self.fields if each.name == name)


@dataclass(frozen=True)
class Form:
    """Values that cannot be listed.

    Attributes:
        read: The value from an address, with notices about what of it was left out; raises ValueError where it is none.
        write: The value as the address has it.
        accept: The value from what a widget holds; raises ValueError where it is none.
    """

    read: Callable[[str], tuple[Any, Sequence[Notice]]]
    write: Callable[[Any], str]
    accept: Callable[[Any], Any]


Values = Sequence[Any] | Callable[[Facts], Sequence[Any]] | Form


@dataclass(frozen=True)
class Field:
    """One thing that can be set.

    Attributes:
        name: Unique; also its key in the address and that of its widget, if it has one.
        values: The codes it can have, which hang on no language: a sequence, or what makes one; or a form.
        default: What it is where nothing was asked for; may hang on fields that stand before it.
        reset_on: Names of fields: where one of them changes, this one goes back to its default,
        becomes: or to what this makes of all values before and after.
        needs: What must be there for it to mean anything, as views need it.
        together: Names of fields it is one choice with: who chooses one of them keeps what is shown of the others.
        always: Whether it stands in the address even where it is the default.
    """

    name: str
    values: Values
    default: Any = None
    reset_on: frozenset[str] = NO_NAMES
    becomes: Callable[[Mapping[str, Any], Mapping[str, Any], Facts], Any] | None = None
    needs: frozenset[str] = NO_NAMES
    together: frozenset[str] = NO_NAMES
    always: bool = False

    def default_of(self, values: Mapping[str, Any], facts: Facts) -> Any:
        """The default among the values of the fields before it."""
        return self.default(values, facts) if callable(self.default) else self.default

    def read(self, given: str, facts: Facts) -> tuple[Any, Sequence[Notice]]:
        """The value that stands in an address, and what there is to say about it.

        Raises:
            ValueError: It is none of this field's.
        """
        if isinstance(self.values, Form):
            return self.values.read(given)
        values = self._listed(facts)
        if isinstance(values, range):
            number = int(given) if given.isascii() and given.lstrip("-").isdigit() and len(given) < 10 else None
            if number in values and str(number) == given:
                return number, ()
        else:
            for value in values:
                if code(value) == given:
                    return value, ()
        raise ValueError(self.name)

    def write(self, value: Any) -> str:
        """The value as the address has it."""
        return self.values.write(value) if isinstance(self.values, Form) else code(value)

    def accept(self, held: Any, facts: Facts) -> Any:
        """The value a widget holds.

        Raises:
            ValueError: It is no code of this field, as a label in another language is none.
        """
        if isinstance(self.values, Form):
            return self.values.accept(held)
        values = self._listed(facts)
        if isinstance(held, (str, int, float)) and held in values:
            return values[values.index(held)]
        raise ValueError(self.name)

    def _listed(self, facts: Facts) -> Sequence[Any]:
        if isinstance(self.values, Form):
            raise TypeError("a form has no list of values")
        return self.values(facts) if callable(self.values) else self.values


def code(value: Any) -> str:
    """A listed value as the address has it."""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def switch(name: str, default: bool | Callable[[Mapping[str, Any], Facts], bool] = False, **options: Any) -> Field:
    """A field that is on or off: 1 or 0 in the address."""
    return Field(name, (False, True), default, **options)


#: No model has more layers, heads or tokens than this.
MAX_INDEX = 4096


def index(name: str, *reset_on: str, **options: Any) -> Field:
    """A place among layers, heads, tokens, classes or looks, from 0; -1 leaves the choice to the page."""
    return Field(name, range(-1, MAX_INDEX), -1, reset_on=frozenset(reset_on), **options)


class Owner(Protocol):
    """What owns fields: a view, as far as its settings are concerned."""

    @property
    def key(self) -> str:
        """Its code."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its settings."""


def gathered(
    page: Sequence[Field],
    views: Sequence[Owner],
    cards: Mapping[str, ModelCard],
    language: str,
    beside: Sequence[str] = (),
) -> Facts:
    """The facts of a page with these views.

    Raises:
        ValueError: Two fields have one name.
    """
    fields = {each.name: each for each in page}
    owners: dict[str, frozenset[str]] = {}
    for view in views:
        for each in view.fields:
            if fields.setdefault(each.name, each) is not each:
                raise ValueError(f"Expected one field of each name. Received two: {each.name}")
            owners[each.name] = owners.get(each.name, NO_NAMES) | {view.key}
    return Facts(cards, tuple(fields.values()), owners, tuple(view.key for view in views), language, tuple(beside))
