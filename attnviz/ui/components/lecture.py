"""The panel of a lecture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from attnviz.i18n import catalogue, translate
from attnviz.lectures import Lecture, Slide, in_language
from attnviz.ui.components import component

_mount = component("lecture")

_WORDS = (
    *("lecture", "previous", "next", "slides", "back", "join", "hint", "copy", "copied", "code", "notes", "close"),
    "reveal",
    "done",
)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, as blank lines part them."""
    return [" ".join(each.split("\n")) for each in text.split("\n\n") if each.strip()]


@cache
def terms(language: str) -> list[list[str]]:
    """The terms of the glossary with their meanings, longer ones before those they contain.

    >>> next(each for each in terms("en") if each[0] == "mask")
    ['mask', 'Marks what must get no weight.']
    """
    keys = [key.removeprefix("terms.") for key in catalogue(language) if key.startswith("terms.")]
    found = [
        [_BESIDE.sub("", translate(language, f"terms.{key}")), translate(language, f"meanings.{key}")] for key in keys
    ]
    return sorted(found, key=lambda each: -len(each[0]))


#: What a term is called besides.
_BESIDE = re.compile(r"\s*[(（].*")


def stops(lecture: Lecture, tour: bool) -> tuple[Slide, ...]:
    """The slides there is to go to."""
    return (lecture.tour or lecture.slides) if tour else lecture.slides


def panel(
    lecture: Lecture,
    slide: Slide,
    language: str,
    *,
    tour: bool,
    edited: bool,
    asks: bool,
    notes: str,
    join: Mapping[str, Any] | None,
    on_event: Callable[[], None],
) -> None:
    """Draw the panel.

    Args:
        lecture: That is open.
        slide: That is shown.
        language: Of the interface.
        tour: Whether only the stops of its short form are gone to.
        edited: Whether the page is no longer as the slide has it.
        asks: Whether the class is asked before the weights are shown.
        notes: Address of the speaker's notes.
        join: The link to what is shown and its code, if they are asked for.
        on_event: Called before the run that follows something that was done.
    """
    _mount(
        key="lecture-panel",
        data={
            "lecture": lecture.name,
            "slide": slide.number,
            "stops": [[each.number, in_language(each.title, language)] for each in stops(lecture, tour)],
            "title": in_language(slide.title, language),
            # What is said may tell what the class is asked.
            "paragraphs": [] if asks else paragraphs(in_language(slide.words, language)),
            "terms": terms(language),
            "attempt": "" if asks else in_language(slide.attempt, language),
            "ask": in_language(slide.ask, language) if asks else "",
            "edited": edited,
            "notes": notes,
            "join": join,
            "language": language,
            "words": {word: translate(language, f"lecture.{word}") for word in _WORDS},
        },
        on_event_change=on_event,
    )
