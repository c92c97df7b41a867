"""What a model says of itself: the card in its folder, and the part of it that is public."""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, get_origin

import msgspec

from attnviz.errors import ModelError

#: Of the cards that are read.
FORMAT = 1


def sealed(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card with its own checksum, for whoever writes it: a damaged one is refused.

    >>> seal_of(sealed({"name": "a"})) == sealed({"name": "a"})["sha256"] != seal_of({"name": "b"})
    True
    """
    return {**{name: value for name, value in card.items() if name != "sha256"}, "sha256": seal_of(card)}


def seal_of(card: Mapping[str, Any]) -> str:
    """SHA-256 of all that a card says but this, however its JSON is laid out."""
    said = {name: value for name, value in card.items() if name != "sha256"}
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


@dataclass(frozen=True)
class ModelCard:
    """What a model is.

    Attributes:
        name: Unique; the name of its folder.
        task: `topics`, `politeness`, `sentiment`, … or empty for a model nothing is known about.
        languages: Languages of the text it was trained on, as codes; empty if unknown.
        kinds: Kinds of attention in it, see `attnviz.trace.KINDS`.
        licence: Licence of the weights.
        metrics: Measured figures, as `evaluate` prints them.
        family: Kind of model, the name of a module of `attnviz.families`.
        title: Short name by interface language.
        summary: What it does, by interface language.
        notes: What it gets wrong, by interface language.
        labels: Class codes, in the order of the output.
        label_names: Class names by interface language.
        examples: Sentences worth trying.
        writes: What it writes: `translation`, `caption`, `continuation`; empty for a model that does not write.
        takes: What is put in: `text`, a `scene` that is composed or a `photo`, see `attnviz.scenes`.
        max_length: Longest input in tokens, or None.
        trained_length: Positions that training saw often enough to be trusted, or None.
        search_length: How strongly beam search prefers long texts, chosen on sentences or pictures set aside for that,
            or None; see `decoding.beam_search`.
        details: The whole card.
    """

    name: str
    task: str = ""
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    licence: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    family: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    summary: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    label_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    writes: str = ""
    takes: str = "text"
    max_length: int | None = None
    trained_length: int | None = None
    search_length: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, card: Mapping[str, Any], folder: str = "") -> ModelCard:
        """A `card.json` as a checked value.

        Args:
            card: As JSON gives it.
            folder: What to call its folder in a message.

        Raises:
            ModelError: `card_field`: something is missing, or of another type; `card_shape`: something that is said for
                people is not of the form they are shown it in.
        """
        form = _checked(card, folder or str(card.get("name", ""))[:80])
        return cls(
            name=form.name,
            task=form.task,
            languages=form.languages,
            kinds=form.kinds,
            licence=form.licence,
            metrics=form.metrics,
            family=form.family,
            title=form.title,
            summary=form.summary,
            notes=form.notes,
            labels=form.labels,
            label_names=form.label_names,
            examples=form.examples,
            writes=form.writes or _WRITES.get(form.family, ""),
            takes=form.takes or _TAKES.get(form.family, "text"),
            max_length=form.config.get("max_length", form.max_length),
            trained_length=form.trained_length,
            search_length=form.search_length,
            details=card,
        )

    def __repr__(self) -> str:
        """In a line; all of it is in `details`."""
        parts = (self.in_language("title", "en"), ", ".join(self.kinds), "/".join(self.languages))
        return f"<ModelCard {self.name!r}: {'; '.join(part for part in parts if part)}>"

    def _repr_html_(self) -> str:
        """For a notebook: what there is to say of it, as a table."""
        facts = {
            "name": self.name,
            "title": self.in_language("title", "en"),
            "summary": self.in_language("summary", "en"),
            "task": self.task,
            "kinds": ", ".join(self.kinds),
            "languages": "/".join(self.languages),
            "labels": ", ".join(self.labels),
            "licence": self.licence,
        }
        rows = "".join(f"<tr><th>{name}</th><td>{html.escape(said)}</td></tr>" for name, said in facts.items() if said)
        return f"<table>{rows}</table>"

    @property
    def closed(self) -> bool:
        """Whether it reads its examples and nothing else: there is no model behind them."""
        return self.family in _CLOSED

    @property
    def reads(self) -> tuple[str, ...]:
        """Languages of what is put in: of a translation model the first only."""
        return self.languages[:1] if self.writes == "translation" else self.languages

    def in_language(self, what: str, language: str) -> str:
        """`title`, `summary` or `notes` in a language, else in English, else empty."""
        words: Mapping[str, str] = getattr(self, what)
        return words.get(language) or words.get("en") or ""

    def names_of_labels(self, language: str, codes: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Class names in a language, else in English, else the codes; those of the output where the card has none."""
        return self.label_names.get(language) or self.label_names.get("en") or self.labels or codes

    def to_dict(self) -> dict[str, Any]:
        """The public contract: name, task, languages, kinds, licence, metrics, and what a page needs to offer it."""
        return {
            "name": self.name,
            "task": self.task,
            "languages": list(self.languages),
            "kinds": list(self.kinds),
            "licence": self.licence,
            "metrics": dict(self.metrics),
            "title": dict(self.title),
            "labels": list(self.labels),
            "examples": list(self.examples),
            "max_length": self.max_length,
        }


class _Form(msgspec.Struct, kw_only=True):
    """What a card has, and of what type. What is not here is not looked at."""

    name: str
    family: str
    labels: tuple[str, ...]
    config: dict[str, Any]
    files: dict[str, dict[str, Any]]
    tokenizer: dict[str, Any] = {}
    task: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    writes: Literal["", "translation", "caption", "continuation"] = ""
    takes: Literal["", "text", "scene", "photo"] = ""
    data: list[dict[str, Any]] = []
    title: dict[str, str] = {}
    summary: dict[str, str] = {}
    notes: dict[str, str] = {}
    label_names: dict[str, tuple[str, ...]] = {}
    metrics: dict[str, Any] = {}
    cases: dict[str, list[Any]] = {}
    trained_length: int | None = None
    max_length: int | None = None
    search_length: Annotated[float, msgspec.Meta(ge=0, le=10)] | None = None
    training: dict[str, Any] = {}


class _Translation(_Form, kw_only=True):
    """A translation model has two tokenizers and two languages."""

    tokenizers: dict[str, dict[str, Any]]
    languages: tuple[str, ...]
    alignment: dict[str, Any]


class _Caption(_Form, kw_only=True):
    """A captioner writes in one of its languages, and says which heads it was taught to look with."""

    languages: tuple[str, ...]
    alignment: dict[str, Any]


#: What some families need besides.
_FORMS: Mapping[str, type[_Form]] = {"translation": _Translation, "caption": _Caption}

#: Families whose models answer with what was saved.
_CLOSED = ("recorded",)

#: What a card need not say, as its family says it.
_WRITES: Mapping[str, str] = {
    "translation": "translation",
    "caption": "caption",
    "continuation": "continuation",
}

_TAKES: Mapping[str, str] = {"caption": "scene", "scene-pooling": "scene"}

#: A card of one of these has no tokenizer of its own in it.
_NO_TOKENIZER = ("translation", "caption", "scene-pooling")


def _checked(card: Mapping[str, Any], folder: str) -> _Form:
    family = card.get("family")
    form = _FORMS.get(family, _Form) if isinstance(family, str) else _Form
    needed = {**_required(form), **({} if family in _NO_TOKENIZER else {"tokenizer": "dict"})}
    for name, kind in needed.items():
        if name not in card:
            raise ModelError("card_field", folder=folder, field=name, expected=kind)
    for name in () if _showable(card) else card:
        for bad in _unshowable({name: card[name]}):
            raise ModelError("card_shape", folder=folder, field=name, expected="UTF-8, finite", received=bad)
    try:
        checked = msgspec.convert(card, form)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), folder, needed) from error
    for language, names in checked.label_names.items():
        if len(names) != len(checked.labels):
            counts = {"expected": f"{len(checked.labels)} × str", "received": f"{len(names)} × str"}
            raise ModelError("card_shape", folder=folder, field=f"label_names.{language}", **counts)
    return checked


@cache
def _required(form: type[_Form]) -> Mapping[str, str]:
    """Type by name of what a card must say; to ask the library takes longer than all else that is done with a card."""
    return {each.name: _type(each.type) for each in msgspec.structs.fields(form) if each.required}


def refused(said: str) -> dict[str, str]:
    """What the library says of a value it refuses, taken apart: the field, what was expected and what was received.

    >>> refused("Expected `str`, got `int` - at `$.title[...]`")
    {'field': 'title.…', 'expected': 'str', 'received': 'int'}
    >>> refused("Object contains unknown field `tile` - at `$.slides`")["received"]
    'tile'
    """
    words = next(found for form in _REFUSALS if (found := re.fullmatch(form, said, re.DOTALL)))
    told = {"field": "", "expected": "", "received": "", **words.groupdict(default="")}
    return {**told, "field": told["field"].lstrip(".").replace("[...]", ".…")}


_AT = r"(?: - at `\$(?P<field>.*)`)?"

#: What the library says: of another type, of a field it does not know, of one that is missing, of a code; of the rest.
_REFUSALS = (
    r"Expected `(?P<expected>.*?)`, got `(?P<received>.*?)`" + _AT,
    r"Object contains unknown field `(?P<received>.*?)`" + _AT,
    r"Object missing required field `(?P<expected>.*?)`" + _AT,
    r"Invalid enum value '?(?P<received>.*?)'?" + _AT,
    r"(?P<expected>.*?)" + _AT,
)


def _refusal(said: str, folder: str, needed: Mapping[str, str]) -> ModelError:
    """The same as an error about a card."""
    found = refused(said)
    if found["field"] in needed:
        return ModelError("card_field", folder=folder, field=found["field"], expected=found["expected"])
    return ModelError("card_shape", folder=folder, **found)


def _type(kind: Any) -> str:
    origin = get_origin(kind) or kind
    return origin.__qualname__ if isinstance(origin, type) else str(origin)


def _showable(card: Mapping[str, Any]) -> bool:
    """Whether nothing in a card is unshowable, for sure: said at once, where `_unshowable` looks at every value."""
    try:
        json.dumps(card, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _unshowable(value: Any) -> Iterator[str]:
    """Texts with lone surrogates, and numbers that no JSON has, wherever they stand in a value."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _unshowable(key)
            yield from _unshowable(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _unshowable(each)
    elif (isinstance(value, str) and not _encodes(value)) or (isinstance(value, float) and not math.isfinite(value)):
        yield ascii(value)[:80]


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
