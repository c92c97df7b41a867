"""The speaker's notes, in a window of their own."""

from __future__ import annotations

from collections.abc import Callable

from attnviz.i18n import translate
from attnviz.lectures import Lecture, Slide, in_language
from attnviz.ui.components import component
from attnviz.ui.components.lecture import paragraphs, stops

_mount = component("lecture_notes")


def notes(lecture: Lecture, slide: Slide, language: str, *, tour: bool, on_event: Callable[[], None]) -> None:
    """Draw the notes of a slide.

    Args:
        lecture: That is open.
        slide: That is shown in the other window.
        language: Of the interface.
        tour: Whether only the stops of the lecture's short form are gone to.
        on_event: Called before the run that follows where another slide is gone to.
    """
    before = [each for each in stops(lecture, tour) if each.number < slide.number]
    after = [each for each in stops(lecture, tour) if each.number > slide.number]
    coming = in_language(after[0].title, language) if after else translate(language, "lecture.last")
    _mount(
        key="lecture-notes",
        data={
            "lecture": lecture.name,
            "slide": slide.number,
            "place": f"{len(before) + 1} / {len(stops(lecture, tour))}",
            "previous": before[-1].number if before else None,
            "next": after[0].number if after else None,
            "title": in_language(slide.title, language),
            "notes": paragraphs(in_language(slide.notes, language)),
            "paragraphs": paragraphs(in_language(slide.words, language)),
            "ask": in_language(slide.ask, language),
            "coming": translate(language, "lecture.coming", title=coming) if after else coming,
            "words": {word: translate(language, f"lecture.{word}") for word in ("previous", "next", "clock")},
        },
        on_event_change=on_event,
    )
