"""The page from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import streamlit as st

from attnviz.analysis.compare import comparisons
from attnviz.analysis.scales import SCALES
from attnviz.families.card import ModelCard
from attnviz.figures import describe
from attnviz.figures.escape import label
from attnviz.figures.numbers import approx
from attnviz.i18n import choose, languages, translate
from attnviz.trace import AttentionTrace, Notice
from attnviz.ui import actions, cache, models, session, translation, views, warmup
from attnviz.ui.components import lit
from attnviz.ui.components.address import address
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.components.scene import scene_box
from attnviz.ui.components.sentence_box import sentence_box
from attnviz.ui.components.stage import stage
from attnviz.ui.context import Context, current_theme
from attnviz.ui.controls.block import choose_block
from attnviz.ui.controls.downloads import downloads
from attnviz.ui.controls.said import choose_language
from attnviz.ui.controls.tokens import choose_reading
from attnviz.ui.controls.upload import upload
from attnviz.ui.fields import gathered
from attnviz.ui.session import Held
from attnviz.ui.settings import MAX_SENTENCES, PAGE, sentences
from attnviz.ui.shown import Shown, show
from attnviz.ui.state import State
from attnviz.ui.words import literal

_STYLE = """
<style>
  .stAppHeader { background: transparent; position: absolute; pointer-events: none; }
  .stAppHeader * { pointer-events: none; } /* its bar lies over the language switch */
  .stAppHeader button, .stAppHeader button *, .stAppHeader a { pointer-events: auto; }
  .stStatusWidget { display: none; } /* it would flash at every letter; what takes long has a progress bar */
  .st-key-header { padding-right: 3rem; }
  .stMainBlockContainer { padding-top: 0.7rem; padding-bottom: 2rem; max-width: 120rem; }
  [class*="st-key-chart-"] { overflow-x: auto; }
  .st-key-chart-attribution, .st-key-chart-erasure, .st-key-chart-head, [class*="st-key-chart-map-"],
  .st-key-chart-surgery-row, .st-key-chart-surgery-head, .st-key-chart-surgery-heads, .st-key-chart-surgery-written,
  .st-key-chart-compare-row, .st-key-chart-compare-head, .st-key-chart-compare-written, .st-key-chart-learning {
    > .stElementContainer { min-width: 40rem; }
  }
  .st-key-view button { padding-left: 0.5rem; padding-right: 0.5rem; } /* all views on one line of a laptop */
  .st-key-title { margin-top: -0.6rem; }
  .st-key-title h1 { font-size: 1.3rem; font-weight: 700; margin: 0; padding: 0; }
  /* room for what is drawn a moment later, so that what stands below it stays */
  .st-key-box { min-height: 7.9rem; }
  /* a scene stands beside what is written about it; on narrow windows above it, folded */
  .st-key-scene { min-height: 2.8rem; }
  @media (min-width: 1000px) {
    .st-key-composed { display: grid; grid-template-columns: minmax(21rem, 1fr) minmax(0, 2fr); gap: 1.5rem; }
    .st-key-scene { min-height: calc(42vh + 22rem); }
  }
  .st-key-stage { min-height: 8rem; }
  .st-key-writing { min-height: 40rem; }
  *:has(> .st-key-address-bar) { position: absolute; width: 0; overflow: hidden; } /* its stand-in, too */
  @media (max-width: 640px) {
    .stMainBlockContainer { padding-left: 0.8rem; padding-right: 0.8rem; }
    .st-key-header { gap: 0.6rem; padding-right: 0; }
    .st-key-header > :nth-child(1) { order: 1; flex: 1 0 auto; }
    .st-key-header > :nth-child(4) { order: 2; margin-right: 2.6rem; }
    .st-key-header > :nth-child(2) { order: 3; flex: 1 0 100%; }
    .st-key-header > :nth-child(2) .stSelectbox { width: 100% !important; }
    .st-key-header > :nth-child(3) { display: none; }
    .st-key-box { min-height: 14.6rem; }
    .st-key-stage { min-height: 13.9rem; }
  }
  @media print { .st-key-header, .st-key-controls, .st-key-downloads { display: none; } }
</style>
"""


def render() -> None:
    """One run of the page: read, settle, compute, write back, draw."""
    st.set_page_config(page_title="attnviz", layout="wide", initial_sidebar_state="collapsed")
    warmup.start()
    facts = gathered(PAGE, views.VIEWS, models.cards(), choose(st.context.locale))
    page = session.begin(facts)
    st.html(_STYLE)
    if not facts.cards:
        _no_models(page.asked.lang)
        return
    _header(page.asked)
    card = facts.cards[page.asked.model]
    beside, main = _places(card)
    # A new session that an open page reconnects to learns only here what its box had sent.
    with beside:
        actions.take_entry(_box(page, card))
    _wait_until_warm(page.asked.model, page.asked.lang)
    shown = show(page.asked, facts, views.VIEWS, current_theme())
    if shown.path_led_nowhere is not None:
        page.problems = (*page.problems, shown.path_led_nowhere)
        session.change(path=())
    context = shown.context
    session.write_back(shown.drawn.state)
    with main:
        _stage(context, page.problems)
    # Before what takes longer: whoever reloads while a chart is drawn gets the same.
    with st.container(key="address-bar"):
        address(page, shown.address.address(facts), actions.navigated)
    _controls(context)
    _view(shown)
    if context.edited:
        st.caption(
            context.t("surgery.unmarked" if shown.view.unedited and shown.view.key != "surgery" else "surgery.marked")
        )
    downloads(context)
    upload(context)


def _header(asked: State) -> None:
    language = asked.lang
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(key="title", width="content"):
            st.title("attnviz", anchor=False)
        st.selectbox(
            translate(language, "page.model"),
            models.names(),
            format_func=lambda name: models.title(name, language),
            key="model",
            label_visibility="collapsed",
            width=340,
        )
        st.space("stretch")
        st.segmented_control(
            translate(language, "page.language"),
            list(languages()),
            format_func=lambda code: languages()[code],
            key="lang",
            required=True,
            label_visibility="collapsed",
            width="content",
        )


def _places(card: ModelCard) -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Where the box and the stage stand: a sentence above, a scene beside what is written about it."""
    if card.takes != "scene":
        return nullcontext(), nullcontext()
    with st.container(key="composed"):
        return st.container(), st.container()


def _box(page: Held, card: ModelCard) -> Mapping[str, Any] | None:
    """Where what the model takes is put in; what was last sent."""
    if card.takes == "scene":
        return scene_box(page, card, actions.composed)
    return sentence_box(page, card, actions.entered)


def _no_models(language: str) -> None:
    st.error(translate(language, "page.no_models"))
    for error in models.refused().values():
        st.error(literal(error.message(language)))


def _wait_until_warm(model: str, language: str) -> None:
    """A visitor who is earlier than a model sees how far loading is."""
    if warmup.progress.warm(model, 0):
        return
    place = st.empty()
    while not warmup.progress.warm(model, 0.15):
        words = translate(language, "page.warming", name=literal(warmup.progress.current))
        place.progress(min(warmup.progress.done / max(warmup.progress.total, 1), 1.0), text=words)
    place.empty()


def _stage(context: Context, problems: tuple[Notice, ...]) -> None:
    state = context.state
    choose_language(context)
    if translation.shows(context):
        translation.stage(replace(context, place="stage"))
        if len(context.rows) > 1:
            with st.container(key="sentences"):
                stage(context, None, actions.selected, actions.token_chosen)
    elif context.selected is not None and lit.shows(context.trace, context.focus):
        with st.container(key="stage-box"):
            lit.lit(context)
    else:
        if not context.rows:
            st.warning(context.t("errors.empty_text"))
        shuffled = None
        if state.shuffle and context.selected is not None:
            shuffled = context.desk.trace(context.selected.text, state.shuffle)
        with st.container(key="stage-box"):
            reading = None if shuffled is None else context.read(shuffled)
            stage(context, reading, actions.selected, actions.token_chosen)
        if shuffled is not None:
            _explain_shuffle(context, shuffled)
    for notice in _notices(context, problems):
        st.caption(f":material/info: {notice}")


def _notices(context: Context, problems: tuple[Notice, ...]) -> list[str]:
    general = list(problems)
    extra = len(sentences(context.state.text)) - MAX_SENTENCES
    if extra > 0:
        general.append(Notice("lines_left", {"limit": MAX_SENTENCES, "left": extra}))
    found = [notice.message(context.language) for notice in general]
    many = len(context.rows) > 1
    for row in context.rows:
        if row.trace is not None:
            prefix = context.t("page.sentence_number", number=row.number) if many else ""
            told = [notice.message(context.language) for notice in row.trace.notices]
            own = len(told) if row.whole is None else len(row.whole.notices)
            hidden = describe.hidden(row.trace, context.focus_of(row.trace), context.language)
            reading = " ".join([hidden, *told[own:]]).strip()  # all that a reading did, in one place
            found += [f"{prefix}{words}" for words in (*told[:own], reading) if words]
    return [literal(words) for words in found]


def _explain_shuffle(context: Context, shuffled: AttentionTrace) -> None:
    """What the other order changed, in numbers."""
    order = cache.shuffled_order(len(shuffled.blocks[0].key), context.state.shuffle)
    change = comparisons.reordered(context.whole, shuffled, order)
    words = context.t(
        "shuffle.explain",
        weight=approx(change.largest_weight_change, 4),
        probability=approx(change.largest_probability_change, 4),
        token=label(change.token),
    )
    st.info(literal(words), icon=":material/shuffle:")


def _controls(context: Context) -> None:
    shuffle = context.state.shuffle
    with st.container(key="controls", horizontal=True, vertical_alignment="center", gap="medium"):
        st.segmented_control(
            context.t("controls.scale"),
            SCALES,
            format_func=lambda key: context.t(f"controls.scale_{key}"),
            key="scale",
            required=True,
            label_visibility="collapsed",
            width="content",
            help=context.t("controls.scale_help"),
        )
        st.toggle(context.t("controls.numbers"), key="numbers", width="content")
        choose_reading(context)
        choose_block(context)
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
        if not translation.shows(context):
            figure_tools(
                context,
                "stage-box",
                f"attnviz-{context.card.name}-sentence",
                describe.many(context.traces, context.language),
            )


def _view(shown: Shown) -> None:
    context = shown.drawn
    st.segmented_control(
        context.t("page.view"),
        [each.key for each in shown.fitting],
        format_func=lambda key: context.t(f"views.{key}"),
        key="view",
        required=True,
        label_visibility="collapsed",
        width="stretch",
    )
    if len(context.rows) > 1 and context.selected is not None and shown.view.single:
        st.caption(literal(context.t("page.showing", number=context.selected.number, text=context.selected.text[:120])))
    shown.view.render(context)
