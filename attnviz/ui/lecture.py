"""Lectures on the page: the panel, the speaker's notes, what the class is asked first, the way in of a first visit."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from attnviz import lectures, offline
from attnviz.export.code import MAX_LINK, code
from attnviz.i18n import languages, translate
from attnviz.lectures import Lecture
from attnviz.trace import RegionAxis
from attnviz.ui import lecture_state, models, session
from attnviz.ui.components import lecture as drawn
from attnviz.ui.components.lecture_guess import guess as draw_guess
from attnviz.ui.components.lecture_notes import notes as draw_notes
from attnviz.ui.components.lecture_told import told as draw_told
from attnviz.ui.context import Context
from attnviz.ui.kept import MEGABYTE, kept
from attnviz.ui.lecture_exercise import verdict
from attnviz.ui.lecture_join import link, near
from attnviz.ui.session import Held
from attnviz.ui.shown import Shown
from attnviz.ui.words import literal

#: The lecture whose short form a first visit is offered.
FIRST = "attention"


def notes(page: Held) -> bool:
    """Draw the speaker's notes in the place of the page, if this is their window."""
    asked = page.asked
    lecture, slide = lecture_state.lecture_of(asked), lecture_state.slide_of(asked)
    if not asked.notes or lecture is None or slide is None:
        return False
    for notice in page.problems:
        st.caption(f":material/info: {literal(notice.message(asked.lang))}")
    draw_notes(lecture, slide, asked.lang, tour=asked.tour, on_event=partial(_happened, "lecture-notes"))
    return True


def panel(page: Held) -> None:
    """Draw the panel of the open slide; on a first visit, the way to the tour."""
    asked = page.asked
    lecture, slide = lecture_state.lecture_of(asked), lecture_state.slide_of(asked)
    if lecture is None or slide is None:
        if page.first:
            _offer(asked.lang)
        return
    parameters = lecture_state.address(asked, page.facts)
    edited = lecture_state.edited(asked, page.facts)
    with st.container(key="lecture"):
        drawn.panel(
            lecture,
            slide,
            asked.lang,
            tour=asked.tour,
            edited=edited,
            asks=bool(slide.ask) and not asked.revealed and not edited,
            notes=f"?{urlencode({**parameters, 'notes': '1'})}",
            join=_joined(page.asked.lang, parameters) if page.joining else None,
            on_event=partial(_happened, "lecture-panel"),
        )


def asks(shown: Shown, page: Held) -> bool:
    """Whether the class is asked first: the weights of this slide are still hidden."""
    asked, slide, context = page.asked, lecture_state.slide_of(page.asked), shown.context
    if slide is None or not slide.ask or asked.revealed or context.selected is None:
        return False
    words = not isinstance(context.focus.keys(context.trace), RegionAxis)
    return words and not lecture_state.edited(asked, page.facts)


def guess(context: Context) -> None:
    """Draw the words alone, for the class to point at one."""
    draw_guess(context, _guessed)


def told(context: Context, page: Held) -> None:
    """Say what comes of what was tried on the open slide, where something was."""
    found = verdict(context, page.asked, page.facts)
    if found is not None:
        asked = page.asked
        draw_told(found.words, solved=found.solved, slide=f"{asked.lecture}/{asked.slide}")


def add(shown: Shown, page: Held) -> None:
    """Draw the page as it stands as a slide, to be copied into a lecture's file."""
    context = shown.context
    if context.selected is None:
        return
    with st.popover(context.t("lecture.add"), key="add-slide"):
        st.caption(context.t("lecture.add_text"))
        st.code(lectures.slide_text(shown.address.address(page.facts), tuple(languages())), language="toml")


def open_slide(lecture: str, number: int, tour: bool = False) -> None:
    """Show a slide as it was prepared: a step of the browser's history."""
    page = session.held()
    names = ("lang", "follow", "stage", "contrast", "hide", "only", "notes")
    kept = {name: page.facts.field(name).write(page.asked.values[name]) for name in names}
    session.open_address({**kept, "lecture": lecture, "slide": str(number), "tour": str(int(tour))})
    page.step += 1
    page.first = False


def as_file(name: str, language: str) -> bytes:
    """A lecture as one file that plays without a network; made once until its own file changes."""
    return _file(name, language, lectures.files()[name].stat().st_mtime_ns)


@kept(8 * MEGABYTE, size=len)
def _file(name: str, language: str, changed: int) -> bytes:
    return models.in_worker(lambda: offline.page(lectures.find(name), language))


def _offer(language: str) -> None:
    """One line for who is here for the first time: that is, whose address asks for nothing."""
    found = lectures.every()[0].get(FIRST)
    if found is None or not found.tour:
        return
    with st.container(key="lecture-offer", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(translate(language, "lecture.offer"), width="content")
        for key, words, begin in (("tour", _short(found, language), found.tour[0].number), ("whole", "", 1)):
            words = words or translate(language, "lecture.whole", count=len(found.slides))
            click = partial(open_slide, found.name, begin, tour=key == "tour")
            st.button(words, key=f"lecture-{key}", on_click=click, type="primary" if key == "tour" else "secondary")
        st.button("×", key="lecture-dismiss", on_click=_dismiss, help=translate(language, "lecture.dismiss"))


def _short(lecture: Lecture, language: str) -> str:
    return translate(language, "lecture.tour", count=len(lecture.tour))


def _joined(language: str, parameters: dict[str, str]) -> dict[str, Any]:
    base = st.context.url or ""
    address = link(base, parameters)
    far = translate(language, "lecture.near") if near(base) else ""
    far = translate(language, "lecture.long") if len(address) > MAX_LINK else far
    return {"link": address, "far": far, **code(address)}


def _dismiss() -> None:
    session.held().first = False


def _guessed() -> None:
    event = session.event("lecture-guess", "guess")
    if event:
        session.change(guess=int(event["place"]))


def _happened(key: str) -> None:
    """Something was done in the panel or in the window of notes."""
    event, page = session.event(key, "event"), session.held()
    if not event or lecture_state.slide_of(page.asked) is None:
        return
    asked, kind = page.asked, event["kind"]
    if kind in ("go", "back"):
        open_slide(asked.lecture, int(event["slide"]) if kind == "go" else asked.slide, asked.tour)
    elif kind == "reveal":
        session.change(revealed=True)
    elif kind == "join":
        page.joining = not page.joining
    elif kind == "close":
        session.change(lecture="", notes=False)
        page.joining = False
