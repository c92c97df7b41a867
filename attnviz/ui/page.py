"""The page from top to bottom: header, sentence box, and the stage between its rail and its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache as once
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.errors import ServerError
from attnviz.families.card import ModelCard
from attnviz.i18n import choose, languages, translate
from attnviz.ui import (
    actions,
    contrast,
    examples,
    hiding,
    lecture,
    lecture_state,
    models,
    session,
    turns,
    views,
    warmup,
)
from attnviz.ui.answer import answer
from attnviz.ui.components.access import access
from attnviz.ui.components.address import address
from attnviz.ui.components.alone import alone
from attnviz.ui.components.gone import gone
from attnviz.ui.components.models import choose_model
from attnviz.ui.components.photo import photo_box
from attnviz.ui.components.rail import rail
from attnviz.ui.components.scene import scene_box
from attnviz.ui.components.sentence_box import sentence_box
from attnviz.ui.components.whole import PATIENCE, whole
from attnviz.ui.context import Context, current_theme
from attnviz.ui.controls.display import display
from attnviz.ui.controls.downloads import downloads
from attnviz.ui.controls.upload import upload
from attnviz.ui.fields import gathered
from attnviz.ui.guide import guide
from attnviz.ui.lecture_join import link
from attnviz.ui.notices import notices
from attnviz.ui.onward import onward
from attnviz.ui.session import Held
from attnviz.ui.settings import PAGE
from attnviz.ui.shared import is_large, shared
from attnviz.ui.shown import Shown, show
from attnviz.ui.state import State
from attnviz.ui.words import literal

#: What is drawn in a slot is out of sight; it keeps its width, so that charts have their size. The element before it
#: keeps the rule in its own place: Streamlit puts rules alone one after the other, and the next takes this one's.
_HIDE = (
    "<i></i><style>.st-key-drawing > :where([data-testid='stLayoutWrapper']):has(> .st-key-slot-{slot}) "
    "{{ position: absolute; inset: var(--top) var(--side) auto; width: auto; height: 0; overflow: hidden; "
    "pointer-events: none; }} "
    ".st-key-drawing > * > .st-key-slot-{slot} {{ visibility: hidden; }}</style>"
)

#: What was drawn before is out of sight while the next is made: it is not seen to jump while what stands above it, or
#: beside it, takes more room or less.
_COVER = "<i></i><style>.st-key-{place} {{ opacity: 0 !important; pointer-events: none; }}</style>"

#: What has been made is out of sight until the browser says that it has drawn all of it, see `components.whole`, or a
#: while has gone by. Where much is to be done, this comes in one frame with all that is drawn.
_COME = (
    "<i></i><style>:root:not([data-attnviz-whole='{number}']) .st-key-{place} "
    "{{ animation: come{turn} {seconds}s !important; }}</style>"
)


def render() -> None:
    """One run of the page: read, settle, compute, write back, draw."""
    with suppress(models.EndingError), turns.taken(_queued):  # where the server is going away, nobody sees it
        _render()


def _queued(seconds: float) -> None:
    """Say that others are before this visitor; a word that moves nothing on the page."""
    language = choose(st.query_params.get("lang") or st.context.locale)
    st.toast(literal(translate(language, "page.queued", seconds=round(seconds))), icon=":material/groups:")


def _render() -> None:
    st.set_page_config(page_title="attnviz", layout="wide", initial_sidebar_state="collapsed")
    warmup.start()
    facts = gathered(PAGE, views.VIEWS, models.cards(), choose(st.context.locale), models.names_beside())
    page = session.begin(facts)
    theme = current_theme(page.asked.contrast)
    styles = [_style("page.css")]
    styles += [_style("stage.css")] if page.asked.stage else []
    styles += [contrast.style(theme)] if page.asked.contrast else []
    st.html(f"<style>{''.join(styles)}{hiding.style(page.asked.hide, page.asked.only)}</style>")
    if not facts.cards:
        _no_models(page.asked.lang)
        return
    if lecture.notes(page):
        address(page, lecture_state.address(page.asked, facts), actions.navigated)
        return
    places = _places(page.asked)
    models.tell(_waiting(places.waiting, page.asked.lang))
    with places.lecture:
        lecture.panel(page)
    card, before = facts.cards[page.asked.model], facts.cards.get(page.shared[0])
    apart = before is not None and before.takes != card.takes
    if apart:
        _cover(places, page, "stage-place")
    # A new session that an open page reconnects to learns only here what its box had sent.
    with places.box if card.takes == "text" else places.side:
        actions.take_entry(_box(page, card))
    _wait_until_warm(places.warming, page.asked.model, page.asked.lang)
    try:
        shown = show(page.asked, facts, views.VIEWS, theme)
    except ServerError as error:
        places.cover.empty()
        with places.shared:
            st.warning(literal(error.message(page.asked.lang)))
        return
    if shown.path_led_nowhere is not None:
        page.problems = (*page.problems, shown.path_led_nowhere)
        session.change(path=())
    context = shown.context
    session.write_back(shown.drawn.state)
    asks = lecture.asks(shown, page)
    if asks:
        places.cover.empty()
    elif before is not None and not apart and _shared(shown) != page.shared:
        _cover(places, page, "drawing")
    elif not apart:
        _come(places, page)
    with places.shared:
        if asks:
            lecture.guess(context)
        else:
            shared(context, shown.view)
            lecture.told(context, page)
    with places.access:
        access(context, "" if asks else answer(context))
    with places.rail:
        rail(shown.fitting, shown.view, context.language, actions.view_chosen)
    with places.notices:
        notices(context, page.problems)
        if not asks:
            onward(context, shown.view)
    # Before what takes longer: whoever reloads while a chart is drawn gets the same.
    with places.address:
        address(page, lecture_state.address(shown.address, facts), actions.navigated)
    with places.tools:
        display(context)
        if not asks:  # what it describes and saves has the weights in it
            downloads(context, lecture_state.address(shown.address, facts))
        alone(page.asked, "alone-button", False, actions.stage_alone, actions.contrasted)
    with places.seen:
        alone(page.asked, "alone", True, actions.stage_alone, actions.contrasted)
        gone(page.asked.lang)
    if asks:
        return
    _drawn(places, page, shown)
    if page.asked.only:
        way_out = link(st.context.url or "", lecture_state.address(shown.address, facts))
        st.container(key="way-out").markdown(f"[attnviz ↗]({way_out})")
    with places.line:
        _line(shown)
        lecture.add(shown, page)


def _cover(places: Places, page: Held, place: str) -> None:
    """Put a part of the page out of sight until what it shows next is whole."""
    places.cover.html(_COVER.format(place=place))
    page.came = (place, page.came[1] + 1)


def _come(places: Places, page: Held) -> None:
    """Leave it to the browser when what was covered last is seen. The rule stays, so that nothing is laid out anew."""
    place, number = page.came
    if place:
        places.cover.html(_COME.format(place=place, number=number, turn=number % 2, seconds=PATIENCE))
    else:
        places.cover.empty()


def _shared(shown: Shown) -> tuple[str, bool]:
    """What the height of what all views share hangs on."""
    return shown.context.card.name, is_large(shown.context, shown.view)


@once
def _style(file: str) -> str:
    return Path(__file__).with_name(file).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Places:
    """Where the parts of the page stand; what is not drawn yet has its room."""

    access: DeltaGenerator
    tools: DeltaGenerator
    lecture: DeltaGenerator
    box: DeltaGenerator
    notices: DeltaGenerator
    rail: DeltaGenerator
    side: DeltaGenerator
    warming: DeltaGenerator
    shared: DeltaGenerator
    drawing: DeltaGenerator
    line: DeltaGenerator
    cover: DeltaGenerator
    whole: DeltaGenerator
    seen: DeltaGenerator
    waiting: DeltaGenerator
    address: DeltaGenerator


def _places(asked: State) -> Places:
    """The layout, with the header drawn; a scene is composed at the side of the stage, a sentence typed above it."""
    first = st.container(key="access-place")
    tools, slide = _header(asked), st.container(key="slide-place")
    box = st.container(key="box-place")
    above = st.container(key="notices", horizontal=True, vertical_alignment="center", gap="medium")
    with st.container(key="body"):
        edge, side = st.container(key="rail-place"), st.container(key="side")
        with st.container(key="stage-place"):
            # Not where the picture comes: what is drawn would have another place than in the run after it.
            loading, top, drawing = st.empty(), st.container(key="shared"), st.container(key="drawing")
    line, cover = st.container(key="line", horizontal=True, vertical_alignment="center"), st.container(key="cover")
    return Places(
        first,
        tools,
        slide,
        box,
        above,
        edge,
        side,
        loading,
        top,
        drawing,
        line,
        cover.empty(),
        cover.container(),
        st.container(key="seen"),
        st.container(key="waiting").empty(),
        st.container(key="address-bar"),
    )


def _header(asked: State) -> DeltaGenerator:
    """Title, model and language; where the tools between them stand."""
    language = asked.lang
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="title", width="content"):
            st.title("attnviz", anchor=False)
        with st.container(key="model-place", width=340):
            choose_model(asked, models.cards(), actions.model_chosen)
        tools = st.container(
            key="tools", horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"
        )
        st.segmented_control(
            translate(language, "page.language"),
            list(languages()),
            format_func=lambda code: languages()[code],
            key="lang",
            required=True,
            label_visibility="collapsed",
            width="content",
        )
    return tools


def _box(page: Held, card: ModelCard) -> Mapping[str, Any] | None:
    """Where what the model takes is put in; what was last sent."""
    if card.takes == "scene":
        return scene_box(page, card, actions.composed)
    if card.takes == "photo":
        return photo_box(page, card, actions.photographed)
    return sentence_box(page, card, examples.marks(card, page.asked.lang), actions.entered)


def _no_models(language: str) -> None:
    st.error(translate(language, "page.no_models"))
    for error in models.refused().values():
        st.error(literal(error.message(language)))


def _wait_until_warm(place: DeltaGenerator, model: str, language: str) -> None:
    """A visitor who is earlier than a model sees how far loading is."""
    if warmup.progress.warm(model, 0):
        return
    while not _warm_soon(model):
        words = translate(language, "page.warming", name=literal(warmup.progress.current))
        place.progress(min(warmup.progress.done / max(warmup.progress.total, 1), 1.0), text=words)
    place.empty()


def _warm_soon(model: str) -> bool:
    with turns.given_back():
        return warmup.progress.warm(model, 0.15)


def _waiting(place: DeltaGenerator, language: str) -> Callable[[float | None], None]:
    """Says how long has been waited; whatever is drawn ends the run of a visitor who has gone on."""

    def tell(seconds: float | None) -> None:
        if seconds is None:
            place.empty()
        else:
            place.caption(translate(language, "page.waiting", seconds=round(seconds)))

    return tell


def _drawn(places: Places, page: Held, shown: Shown) -> None:
    """Draw the view; another one than before, or of another model, is drawn out of sight and shown when it is whole."""
    key, (before, slot) = f"{shown.view.key} {shown.context.card.name}", page.slot
    slot = slot if before in ("", key) else 1 - slot
    with places.drawing:
        st.html(f'<h2 class="unseen">{escape(shown.context.t(f"views.{shown.view.key}"))}</h2>')
        slots = [st.container(key=f"slot-{each}") for each in range(2)]

    def turn() -> None:
        places.seen.html(_HIDE.format(slot=1 - slot))
        _come(places, page)
        if page.came[0]:
            with places.whole:
                whole(page.came[1])
        page.slot, page.shared = (key, slot), _shared(shown)

    try:
        if shown.failed is not None:
            raise shown.failed
        with slots[slot]:
            _view(shown)
            upload(shown.context)
    except ServerError as error:
        turn()
        with slots[slot]:
            st.warning(literal(error.message(shown.context.language)))
        return
    except Exception:  # what is said about it must be seen; a run that is interrupted leaves what is seen as it is
        turn()
        raise
    turn()


def _view(shown: Shown) -> None:
    context = shown.drawn
    if len(context.rows) > 1 and context.selected is not None and shown.view.single:
        st.caption(literal(context.t("page.showing", number=context.selected.number, text=context.selected.text[:120])))
    shown.view.render(context)


def _line(shown: Shown) -> None:
    """Under the stage: what it shows and what to try, and the words in another order."""
    context = shown.context
    if context.edited:
        unmarked = shown.view.unedited and shown.view.key != "surgery"
        st.caption(context.t("surgery.unmarked" if unmarked else "surgery.marked"))
    else:
        st.caption(literal(guide(context)))
    _shuffle(context)


def _shuffle(context: Context) -> None:
    shuffle = context.state.shuffle
    if context.selected is None or (context.pooling and "reordered" in context.abilities):
        st.button(
            context.t("shuffle.again" if shuffle else "shuffle.button"),
            key="shuffle-button",
            icon=":material/shuffle:",
            on_click=actions.shuffle,
            args=(shuffle + 1,),
            disabled=context.selected is None,
        )
    if shuffle:
        undo = context.t("shuffle.undo")
        st.button(undo, key="unshuffle", icon=":material/undo:", on_click=actions.shuffle, args=(0,))
