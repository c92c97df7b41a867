"""What the page shows, as one value: read from an address or a slide, settled and written back by pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from attnviz.trace import Notice
from attnviz.ui.fields import Facts, code


@dataclass(frozen=True)
class State:
    """A value for every field, also by its name: `state.scale`.

    Attributes:
        values: By the name of the field.
    """

    values: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "values" or name not in self.values:
            raise AttributeError(name)
        return self.values[name]

    @classmethod
    def parse(cls, parameters: Mapping[str, object], facts: Facts) -> tuple[State, tuple[Notice, ...]]:
        """The state that an address or a lecture's slide asks for.

        Args:
            parameters: Values by field, as strings or as a TOML file has them. What is no field is passed over.
            facts: What there is.

        Returns:
            The state, where what is missing or impossible has its default; a notice for each that was impossible.
        """
        values: dict[str, Any] = {}
        notices: list[Notice] = []
        for field in facts.fields:
            values[field.name] = field.default_of(values, facts)
            given = parameters.get(field.name)
            if given is None:
                continue
            given = given if isinstance(given, str) else code(given)
            try:
                values[field.name], said = field.read(given, facts)
                notices += said
            except ValueError:
                notices.append(Notice("address", {"name": field.name, "received": given[:80]}))
        return cls(values), tuple(notices)

    def replace(self, **changes: Any) -> State:
        """The same with other values, and nothing else changed by it."""
        return State({**self.values, **changes})

    def defaults(self, facts: Facts) -> dict[str, Any]:
        """What each field would be if it were not asked for and all others were."""
        return {field.name: field.default_of(self.values, facts) for field in facts.fields}

    def change(self, facts: Facts, **changes: Any) -> State:
        """The state after a visitor's choice: what hung on what was there before goes back to its default."""
        values = {**self.values, **changes}
        changed = {name for name in changes if changes[name] != self.values[name]}
        for field in facts.fields:
            if field.name in changes or not field.reset_on & changed:
                continue
            made = field.default_of if field.becomes is None else partial(field.becomes, self.values)
            values[field.name] = made(values, facts)
            if values[field.name] != self.values[field.name]:
                changed.add(field.name)
        return State(values)

    def settle(self, facts: Facts, abilities: Collection[str], fitting: Collection[str] | None = None) -> State:
        """The state without what has no meaning: a field whose needs are not met, or whose views do not fit.

        Args:
            facts: What there is.
            abilities: What there is to see and what the model offers, see `attnviz.ui.offers`.
            fitting: Keys of the views that fit; None if that is not known yet: then views keep their fields.
        """
        values, known = dict(self.values), frozenset(abilities)
        for field in facts.fields:
            owners = facts.owners.get(field.name, ())
            owned = not owners or fitting is None or any(owner in fitting for owner in owners)
            if not (field.needs <= known and owned):
                values[field.name] = field.default_of(values, facts)
        return State(values)

    def address(self, facts: Facts) -> dict[str, str]:
        """What stands in the address: language, model, view and text, and of the rest what is not the default."""
        defaults = self.defaults(facts)
        return {
            field.name: field.write(self.values[field.name])
            for field in facts.fields
            if field.always or self.values[field.name] != defaults[field.name]
        }
