"""A lecture, read from its file and checked: what is wrong is said with file, slide and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

import msgspec

from attnviz.errors import InputError
from attnviz.families.card import refused
from attnviz.i18n import FALLBACK, languages

#: Of the files that are read.
FORMAT = 1

#: A lecture has no more slides, its file no more bytes, and a text on a slide no more characters.
MAX_SLIDES, MAX_BYTES, MAX_TEXT = 200, 1_000_000, 5_000

#: What the page keeps for itself: no slide may set it.
RESERVED = (
    *("lang", "lecture", "slide", "tour", "notes", "guess", "revealed"),
    *("follow", "stage", "contrast", "hide", "only", "aside"),
)

Words = Mapping[str, str]

About = Literal["pooling", "self", "causal", "cross", "picture"]

Setting = str | int | float | bool


@dataclass(frozen=True)
class Slide:
    """One slide: what is said, and what the page shows.

    Attributes:
        number: From 1.
        title: By language.
        words: What stands beside the picture, by language; literal text, a blank line makes a paragraph.
        notes: What the speaker sees, by language.
        ask: What the class is asked before the weights are shown, by language; empty where it is asked nothing.
        attempt: The one thing to do on this slide (`try` in the file), by language.
        state: Settings of the page by name, as its address has them; what is not said has its default.
        states: Settings that differ in a language, by its code.
        tour: Whether it is a stop of the tour.
        exercise: What is to be tried and judged: `turn` the answer with one change; empty for nothing but a guess.
        about: What it explains, as models have it: kinds of attention, see `attnviz.trace.KINDS`, or `picture`.
    """

    number: int
    title: Words
    words: Words = field(default_factory=dict)
    notes: Words = field(default_factory=dict)
    ask: Words = field(default_factory=dict)
    attempt: Words = field(default_factory=dict)
    state: Mapping[str, Setting] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)
    tour: bool = False
    exercise: str = ""
    about: tuple[str, ...] = ()

    def state_in(self, language: str) -> dict[str, Setting]:
        """The settings of the page in a language of the interface."""
        return {**self.state, **self.states.get(language, {})}


@dataclass(frozen=True)
class Lecture:
    """A lecture.

    Attributes:
        name: Of its file, without the ending.
        title: By language.
        summary: What it is about, by language.
        minutes: How long it takes; 0 if unknown.
        slides: In order, at least one.
    """

    name: str
    title: Words
    slides: tuple[Slide, ...]
    summary: Words = field(default_factory=dict)
    minutes: int = 0

    @property
    def tour(self) -> tuple[Slide, ...]:
        """The slides of its short form; empty if it has none."""
        return tuple(slide for slide in self.slides if slide.tour)


def in_language(words: Words, language: str) -> str:
    """A text in a language, else in English, else in the first there is, else empty.

    >>> in_language({"ja": "語"}, "en"), in_language({}, "ja")
    ('語', '')
    """
    return words.get(language) or words.get(FALLBACK) or next(iter(words.values()), "")


def read(path: Path) -> Lecture:
    """A lecture from its file.

    Raises:
        InputError: `lecture_unreadable`: no file, too large, or no TOML; `lecture_head` and `lecture_slide`: a key is
            missing, unknown, or of another form; the message names file, slide and key.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError("lecture_unreadable", file=path.name, cause=f"> {MAX_BYTES} bytes")
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        cause = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError("lecture_unreadable", file=path.name, cause=f"{cause}"[:200]) from error
    return _checked(path.stem, path.name, content)


#: Texts by language; a language the page does not speak is a slip of the pen.
_Words = msgspec.defstruct("_Words", [(code, str, "") for code in languages()], forbid_unknown_fields=True, frozen=True)


class _Head(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    format: int
    title: _Words  # type: ignore[valid-type]
    slides: list[Any]
    summary: _Words = _Words()  # type: ignore[valid-type]
    minutes: int = 0


class _Slide(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    title: _Words  # type: ignore[valid-type]
    state: dict[str, Any]
    words: _Words = _Words()  # type: ignore[valid-type]
    notes: _Words = _Words()  # type: ignore[valid-type]
    ask: _Words = _Words()  # type: ignore[valid-type]
    attempt: _Words = msgspec.field(name="try", default=_Words())  # type: ignore[valid-type]
    tour: bool = False
    exercise: Literal["", "turn"] = ""
    about: tuple[About, ...] = ()


def _checked(name: str, file: str, content: dict[str, Any]) -> Lecture:
    head = _converted(content, _Head, file, 0)
    if head.format != FORMAT:
        _refuse(file, 0, "format", str(FORMAT), str(head.format))
    if not 1 <= len(head.slides) <= MAX_SLIDES:
        _refuse(file, 0, "slides", f"1–{MAX_SLIDES}", str(len(head.slides)))
    title = _texts(head.title, file, 0, "title", needed=True)
    slides = tuple(_slide(each, file, number) for number, each in enumerate(head.slides, start=1))
    return Lecture(name, title, slides, _texts(head.summary, file, 0, "summary"), max(head.minutes, 0))


def _slide(content: Any, file: str, number: int) -> Slide:
    form = _converted(content, _Slide, file, number)
    state: dict[str, Setting] = {}
    states: dict[str, dict[str, Setting]] = {}
    for key, value in form.state.items():
        if isinstance(value, dict) and key in languages():
            states[key] = {each: _setting(value[each], file, number, f"state.{key}", each) for each in value}
        else:
            state[key] = _setting(value, file, number, "state", key)
    return Slide(
        number,
        _texts(form.title, file, number, "title", needed=True),
        _texts(form.words, file, number, "words"),
        _texts(form.notes, file, number, "notes"),
        _texts(form.ask, file, number, "ask"),
        _texts(form.attempt, file, number, "try"),
        state,
        states,
        form.tour,
        form.exercise,
        form.about,
    )


def _converted(content: Any, form: Any, file: str, number: int) -> Any:
    try:
        return msgspec.convert(content, form)
    except msgspec.ValidationError as error:
        found = refused(str(error))
        key, expected, received = found["field"], found["expected"], found["received"]
        if "unknown field" in str(error):
            known = languages() if key else [each.encode_name for each in msgspec.structs.fields(form)]
            expected = ", ".join(known)
        elif "missing required field" in str(error):
            key, expected = expected, "…"
        elif "enum value" in str(error):
            expected = ", ".join(get_args(About)) if key.startswith("about") else "turn"
        _refuse(file, number, key or received, expected, received)


def _texts(words: Any, file: str, number: int, key: str, *, needed: bool = False) -> Words:
    found = {code: text.strip() for code, text in msgspec.structs.asdict(words).items() if text.strip()}
    for code, text in found.items():
        if len(text) > MAX_TEXT:
            _refuse(file, number, f"{key}.{code}", f"≤ {MAX_TEXT}", str(len(text)))
    if needed and not found:
        _refuse(file, number, key, " / ".join(languages()), "–")
    return found


def _setting(value: Any, file: str, number: int, place: str, name: str) -> Setting:
    if name in RESERVED:
        _refuse(file, number, place, f"≠ {', '.join(RESERVED)}", name)
    if not isinstance(value, Setting) or len(str(value)) > MAX_TEXT:
        _refuse(file, number, f"{place}.{name}"[:80], f"str, int, float, bool (≤ {MAX_TEXT})", type(value).__name__)
    return value


def _refuse(file: str, number: int, key: str, expected: str, received: str) -> NoReturn:
    told = {"file": file, "key": key or "–", "expected": expected, "received": received[:80] or "–"}
    raise InputError("lecture_slide", slide=number, **told) if number else InputError("lecture_head", **told)
