"""How attention was learned: a recorded sentence at every look at the training, played or step by step."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz import figures
from attnviz.analysis import learning as looks
from attnviz.analysis.focus import Focus
from attnviz.errors import AttnvizError
from attnviz.figures import describe
from attnviz.figures.learning import step_name
from attnviz.trace import AttentionTrace
from attnviz.ui import cache, state
from attnviz.ui.components.learning import learning as player
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, numbers
from attnviz.ui.controls.head import choose_head
from attnviz.ui.words import literal

if TYPE_CHECKING:
    from attnviz.families.learning import Learning

_CHART = "learning"


def settle(context: Context) -> None:
    """Bring the chosen sentence, look and query to where there is something."""
    session = st.session_state
    try:
        learned = cache.learning(context.card.name)
    except AttnvizError:
        return
    if learned is None:
        return
    if session.learned >= len(learned.sentences):
        session.learned = -1
    if session.look >= len(learned.steps):
        session.look = -1
    shown = _at(context, learned)
    session.layer, session.head = shown.focus.layer, shown.focus.head
    session.query = shown.focus.own(shown.trace).query


def render(context: Context) -> None:
    """Draw the view."""
    st.markdown(context.t("learning.text"))
    try:
        learned = cache.learning(context.card.name)
    except AttnvizError as error:
        st.error(literal(error.message(context.language)))
        return
    assert learned is not None
    _choose_sentence(context, learned)
    shown = _at(context, learned)
    if not shown.pooling:
        _choose_row(shown)
    traces, focus, session = _traces(context, learned), shown.focus, st.session_state
    mean = session.mean and not shown.pooling
    values, title = looks.rows(traces, focus, mean), _title(shown, mean)
    keys, look = focus.keys(shown.trace), session.look % len(learned.steps)
    key = hashlib.sha256(repr((context.card.name, shown.trace.text, focus, mean)).encode("utf-8", "replace"))
    if title:
        st.caption(literal(title))
    player(
        context,
        traces,
        keys,
        values,
        [step_name(learned.steps, each, context.language) for each in range(len(traces))],
        look,
        key.hexdigest()[:16],
        f"chart-{_CHART}",
        state.look_chosen,
    )
    look_of = {"scale": session.scale, "title": title, "language": context.language, "theme": context.theme}
    chart(
        context,
        _CHART,
        figures.learning(learned, values, keys, look, **look_of),
        describe.learning(learned, values, keys, shown.trace.text, title, context.language),
        lambda: looks.table(learned.steps, keys, values),
    )
    curves = context.t("learning.curves")
    numbers(context, "curves", lambda: looks.curves(learned, traces, context.names), curves)
    st.caption(context.t("learning.honest"))


def _sentence(context: Context, learned: Learning, chosen: int) -> int:
    """Which sentence is shown; -1, the selected one, is the first where that was not recorded."""
    if chosen >= 0:
        return chosen
    text = "" if context.selected is None else context.selected.text.strip()
    return learned.sentences.index(text) if text in learned.sentences else 0


def _choose_sentence(context: Context, learned: Learning) -> None:
    first = _sentence(context, learned, -1)
    own = context.selected is not None and context.selected.text.strip() == learned.sentences[first]
    st.selectbox(
        context.t("learning.sentence"),
        range(-1, len(learned.sentences)),
        format_func=lambda at: (
            learned.sentences[at]
            if at >= 0
            else context.t("learning.same" if own else "learning.other", text=learned.sentences[first])
        ),
        key="learned",
        help=context.t("learning.sentence_help"),
    )


def _choose_row(shown: Context) -> None:
    mean = st.session_state.mean
    st.toggle(shown.t("learning.mean"), key="mean", help=shown.t("learning.mean_help"))
    choose_head(shown, ("layer", "query") if mean else ("layer", "head", "query"))


def _traces(context: Context, learned: Learning) -> list[AttentionTrace]:
    """The sentence's traces as attention is read on the page, one a look."""
    session = st.session_state
    chosen = learned.traces[_sentence(context, learned, session.learned)]
    return [cache.read(trace, session.special, session.pieces) for trace in chosen]


def _at(context: Context, learned: Learning) -> Context:
    """The page as if the recorded sentence, at the look that is chosen, were the selected one."""
    session = st.session_state
    own = learned.traces[_sentence(context, learned, session.learned)][session.look]
    trace = cache.read(own, session.special, session.pieces)
    assert context.selected is not None
    row = replace(context.selected, text=own.text, trace=trace, own=own)
    layer, head, query = (None if session[name] < 0 else session[name] for name in ("layer", "head", "query"))
    return replace(context, selected=row, layer=layer, head=head, query=query)


def _title(shown: Context, mean: bool) -> str:
    """Whose row it is; a mean is called one. Empty where there is one row only."""
    if shown.pooling:
        return ""
    focus: Focus = shown.focus
    block = shown.trace.block(focus.block)
    words = {"layer": focus.layer + 1, "head": focus.head + 1, "query": block.query.tokens[focus.query]}
    return shown.t("learning.mean_title", heads=block.shape[1], **words) if mean else shown.t("alt.row", **words)
