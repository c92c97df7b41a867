"""The page from top to bottom."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from attnviz.analysis.compare import comparisons
from attnviz.analysis.scales import SCALES
from attnviz.errors import AttnvizError, InputError
from attnviz.figures import describe
from attnviz.figures.escape import label
from attnviz.figures.numbers import approx
from attnviz.i18n import languages, translate
from attnviz.trace import AttentionTrace, Notice
from attnviz.ui import cache, state, translation, warmup
from attnviz.ui.components.address import address
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.components.sentence_box import sentence_box
from attnviz.ui.components.stage import stage
from attnviz.ui.context import Context, Row, View, current_theme
from attnviz.ui.controls.block import choose_block
from attnviz.ui.controls.downloads import downloads
from attnviz.ui.controls.tokens import choose_reading
from attnviz.ui.controls.upload import upload
from attnviz.ui.views import KEYS, VIEWS
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
    """One run of the page."""
    st.set_page_config(page_title="attnviz", layout="wide", initial_sidebar_state="collapsed")
    warmup.start()
    state.start(KEYS)
    st.html(_STYLE)
    if not cache.model_names():
        _no_models()
        return
    _header()
    session = st.session_state
    # A new session that an open page reconnects to learns only here what its box had sent.
    state.take_entry(sentence_box(session.lang, state.entered))
    _wait_until_warm()
    own = _context()
    view = _chosen_view(own)
    context = _operated(own)
    if context.edited and not view.own:
        _look_at(context)
    _stage(context)
    # Before what takes longer: whoever reloads while a chart is drawn gets the same.
    with st.container(key="address-bar"):
        address(partial(state.navigated, KEYS))
    _controls(context)
    _view(own if view.own else context, view)
    if context.edited:
        st.caption(context.t("surgery.unmarked" if view.own and view.key != "surgery" else "surgery.marked"))
    downloads(context)
    upload(context)


def _header() -> None:
    session = st.session_state
    language = session.lang
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(key="title", width="content"):
            st.title("attnviz", anchor=False)
        before = session.model
        st.selectbox(
            translate(language, "page.model"),
            cache.model_names(),
            format_func=lambda name: cache.card(name).in_language("title", language) or name,
            key="model",
            label_visibility="collapsed",
            width=340,
            on_change=lambda: state.model_changed(before),
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


def _no_models() -> None:
    st.error(translate(st.session_state.lang, "page.no_models"))
    for error in cache.refused().values():
        st.error(literal(error.message(st.session_state.lang)))


def _wait_until_warm() -> None:
    """A visitor who is earlier than the models sees how far they are."""
    if warmup.progress.finished.is_set():
        return
    language = st.session_state.lang
    place = st.empty()
    while not warmup.progress.finished.wait(0.15):
        words = translate(language, "page.warming", name=literal(warmup.progress.current))
        place.progress(min(warmup.progress.done / max(warmup.progress.total, 1), 1.0), text=words)
    place.empty()


def _context() -> Context:
    session = st.session_state
    rows = []
    way = cache.Way(session.path, session.own, session.beam)
    for number, text in enumerate(state.sentences(session.text)[: state.MAX_SENTENCES], start=1):
        try:
            own = _trace(text, way if number == session.sentence else cache.Way(beam=session.beam))
            rows.append(Row(number, text, cache.read(own, session.special, session.pieces), own=own))
        except AttnvizError as error:
            rows.append(Row(number, text, None, error))
    usable = [row for row in rows if row.trace is not None]
    selected = next((row for row in usable if row.number == session.sentence), usable[0] if usable else None)
    if selected is not None:
        session.sentence = selected.number
    if 0 < len(cache.card(session.model).labels) <= session.target:
        session.target = -1
    context = Context(
        session.lang,
        current_theme(),
        cache.card(session.model),
        rows,
        selected,
        block=session.block or None,
        way=cache.Way(session.path, session.own, session.beam),
    ).at(session.layer, session.head, session.query)
    if selected is not None:
        _look_at(context)
    return context


def _look_at(context: Context) -> None:
    """Bring what is looked at to where there is something, before the address is written."""
    session, focus = st.session_state, context.focus.own(context.trace)
    session.block = focus.block if len(context.trace.blocks) > 1 else ""
    session.layer, session.head, session.query = focus.layer, focus.head, focus.query


def _operated(context: Context) -> Context:
    """The page after the operations on the weights, where they are wanted in all views."""
    session = st.session_state
    if not (session.edited and session.edits) or context.selected is None or cache.offers(session.model, "write"):
        return context
    rows = []
    for row in context.rows:
        if row.trace is not None:
            trace = cache.surgery(session.model, row.text, session.edits)[0].trace
            row = replace(row, trace=cache.read(trace, session.special, session.pieces), own=trace)
        rows.append(row)
    return replace(context, rows=rows, selected=next(row for row in rows if row.number == context.selected.number))


def _trace(text: str, way: cache.Way) -> AttentionTrace:
    """The trace of a sentence; what was chosen for another model or sentence is left out, and that is said."""
    session = st.session_state
    if not cache.offers(session.model, "write"):
        return cache.trace(session.model, text)
    try:
        return cache.trace(session.model, text, 0, way)
    except InputError as error:
        if not way.path or error.code not in ("no_such_index", "no_such_token"):
            raise
        received = state.path_text(way.path)[:80]
        session.problems = [*session.problems, Notice("address", {"name": "path", "received": received})]
        session.path = ()
        return cache.trace(session.model, text, 0, cache.Way((), way.target, way.beam))


def _stage(context: Context) -> None:
    session = st.session_state
    if translation.shows(context):
        translation.stage(context)
        if len(context.rows) > 1:
            with st.container(key="sentences"):
                stage(context, session.scale, session.numbers, None, session.text, state.selected, state.token_chosen)
        for notice in _notices(context):
            st.caption(f":material/info: {notice}")
        return
    if not context.rows:
        st.warning(context.t("errors.empty_text"))
    shuffled = None
    if session.shuffle and context.selected is not None:
        shuffled = cache.trace(context.card.name, context.selected.text, session.shuffle)
    with st.container(key="stage-box"):
        shown = None if shuffled is None else cache.read(shuffled, session.special, session.pieces)
        stage(context, session.scale, session.numbers, shown, session.text, state.selected, state.token_chosen)
    if shuffled is not None:
        _explain_shuffle(context, shuffled)
    for notice in _notices(context):
        st.caption(f":material/info: {notice}")


def _notices(context: Context) -> list[str]:
    session = st.session_state
    general = list(session.problems)
    extra = len(state.sentences(session.text)) - state.MAX_SENTENCES
    if extra > 0:
        general.append(Notice("lines_left", {"limit": state.MAX_SENTENCES, "left": extra}))
    found = [notice.message(context.language) for notice in general]
    many = len(context.rows) > 1
    for row in context.rows:
        if row.trace is not None:
            prefix = context.t("page.sentence_number", number=row.number) if many else ""
            told = [notice.message(context.language) for notice in row.trace.notices]
            own = len(told) if row.own is None else len(row.own.notices)
            hidden = describe.hidden(row.trace, context.focus_of(row.trace), context.language)
            reading = " ".join([hidden, *told[own:]]).strip()  # all that a reading did, in one place
            found += [f"{prefix}{words}" for words in (*told[:own], reading) if words]
    return [literal(words) for words in found]


def _explain_shuffle(context: Context, shuffled: AttentionTrace) -> None:
    """What the other order changed, in numbers."""
    order = cache.shuffled_order(len(shuffled.blocks[0].key), st.session_state.shuffle)
    change = comparisons.reordered(context.own, shuffled, order)
    words = context.t(
        "shuffle.explain",
        weight=approx(change.largest_weight_change, 4),
        probability=approx(change.largest_probability_change, 4),
        token=label(change.token),
    )
    st.info(literal(words), icon=":material/shuffle:")


def _controls(context: Context) -> None:
    session = st.session_state
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
        if context.selected is None or context.pooling:
            st.button(
                context.t("shuffle.again" if session.shuffle else "shuffle.button"),
                key="shuffle-button",
                icon=":material/shuffle:",
                on_click=_shuffle,
                args=(session.shuffle + 1,),
                disabled=context.selected is None,
            )
        if session.shuffle:
            st.button(context.t("shuffle.undo"), key="unshuffle", icon=":material/undo:", on_click=_shuffle, args=(0,))
        if not translation.shows(context):
            figure_tools(
                context,
                "stage-box",
                f"attnviz-{context.card.name}-sentence",
                describe.many(context.traces, context.language),
            )


def _shuffle(seed: int) -> None:
    st.session_state.shuffle = seed % 1000


def _chosen_view(context: Context) -> View:
    """The view asked for, or the first that fits what there is to see."""
    fitting = [view for view in VIEWS if view.fits(context)]
    view = next((each for each in fitting if each.key == st.session_state.view), fitting[0])
    st.session_state.view = view.key
    if view.settle is not None:
        view.settle(context)
    return view


def _view(context: Context, view: View) -> None:
    st.segmented_control(
        context.t("page.view"),
        [each.key for each in VIEWS if each.fits(context)],
        format_func=lambda key: context.t(f"views.{key}"),
        key="view",
        required=True,
        label_visibility="collapsed",
        width="stretch",
    )
    if len(context.rows) > 1 and context.selected is not None and view.single:
        st.caption(literal(context.t("page.showing", number=context.selected.number, text=context.selected.text[:120])))
    view.render(context)
