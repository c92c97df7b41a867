"""How attention was learned: a recorded sentence at every look at the training, played or step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from attnviz import figures
from attnviz.analysis.compare import learning as looks
from attnviz.analysis.focus import Focus
from attnviz.analysis.heads import alignment
from attnviz.analysis.heads.alignment import Head
from attnviz.errors import AttnvizError
from attnviz.figures import describe
from attnviz.figures.learning import step_name
from attnviz.trace import AttentionTrace
from attnviz.ui import actions
from attnviz.ui.components.learning import learning as player
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, numbers
from attnviz.ui.controls.head import choose_head
from attnviz.ui.controls.told import told
from attnviz.ui.fields import index, switch
from attnviz.ui.translation import heads_name
from attnviz.ui.views import learning_sentence
from attnviz.ui.views.learning_sentence import at, choose_sentence, sentence
from attnviz.ui.words import literal

if TYPE_CHECKING:
    from attnviz.families.learning import Learning

_CHART = "learning"

#: The look the player stands at, and whether means are shown: over the heads of a layer, or those that align.
FIELDS = (
    learning_sentence.LEARNED,
    index("look", "model"),
    switch("mean", needs=frozenset({"heads"})),
    switch("aligned", True, needs=frozenset({"cross"})),
)


def settle(context: Context) -> dict[str, int]:
    """Bring the chosen sentence, look and query to where there is something."""
    try:
        learned = context.desk.learning()
    except AttnvizError:
        return {}
    if learned is None:
        return {}
    look = context.state.look if context.state.look < len(learned.steps) else -1
    return {"look": look} | learning_sentence.settle(context, learned, look)


def render(context: Context) -> None:
    """Draw the view."""
    try:
        learned = context.desk.learning()
    except AttnvizError as error:
        st.error(literal(error.message(context.language)))
        return
    assert learned is not None
    kind = "_written" if learned.written else ""
    told(context, "learning", context.t(f"learning.text{kind}"))
    with st.container(key="learning-choice", horizontal=True, vertical_alignment="center", gap="medium"):
        choose_sentence(context, learned)
        shown = at(context, learned, context.state.look)
        if not shown.pooling:
            _choose_row(shown)
    traces, focus, state, heads = _traces(context, learned), shown.focus, context.state, _heads(shown)
    values, title = looks.rows(traces, focus, heads), _title(shown, heads)
    keys, look = focus.keys(shown.trace), state.look % len(learned.steps)
    written = learned.written[sentence(context, learned)] if learned.written else ()
    key = hashlib.sha256(repr((context.card.name, shown.trace.text, focus, heads)).encode("utf-8", "replace"))
    if title:
        st.caption(literal(title))
    player(
        shown,
        traces,
        values,
        [step_name(learned.steps, each, context.language) for each in range(len(traces))],
        look,
        key.hexdigest()[:16],
        f"chart-{_CHART}",
        actions.look_chosen,
        written,
    )
    look_of = {"scale": state.scale, "title": title, "language": context.language, "theme": context.theme}
    chart(
        context,
        _CHART,
        figures.learning(learned, values, keys, look, **look_of),
        describe.learning(learned, values, keys, shown.trace, title, context.language, written),
        lambda: looks.table(learned.steps, keys, values),
    )
    if written:
        _token_numbers(shown, learned, traces)
    curves = context.t(f"learning.curves{kind}")
    numbers(context, "curves", lambda: looks.curves(learned, traces, context.names, written), curves)
    st.caption(context.t(f"learning.honest{kind}"))


def _token_numbers(shown: Context, learned: Learning, traces: Sequence[AttentionTrace]) -> None:
    rows = alignment.written_rows(shown.trace)

    def table() -> pd.DataFrame:
        shares = looks.probabilities(traces, alignment.groups(rows))
        return looks.table(learned.steps, rows.query, shares, "probability")

    numbers(shown, "tokens", table, shown.t("learning.tokens"))


def _choose_row(shown: Context) -> None:
    state = shown.state
    if shown.looking is not None and shown.looking.kind == "cross":
        heads = alignment.alignment_heads(shown.looking, shown.card.details.get("alignment"))
        st.toggle(heads_name(shown, shown.looking, heads), key="aligned", help=shown.t("learning.aligned_help"))
        if state.aligned:
            choose_head(shown, ("query",))
            return
    st.toggle(shown.t("learning.mean"), key="mean", help=shown.t("learning.mean_help"))
    choose_head(shown, ("layer", "query") if state.mean else ("layer", "head", "query"))


def _heads(shown: Context) -> tuple[Head, ...]:
    """The heads whose mean is shown; none where it is one by itself."""
    block, state = shown.trace.block(shown.focus.block), shown.state
    if block.kind == "cross" and state.aligned:
        return alignment.alignment_heads(block, shown.card.details.get("alignment"))
    if shown.pooling or not state.mean:
        return ()
    return tuple((shown.focus.layer, head) for head in range(block.shape[1]))


def _traces(context: Context, learned: Learning) -> list[AttentionTrace]:
    """The sentence's traces as attention is read on the page, one a look."""
    chosen = learned.traces[sentence(context, learned)]
    return [context.read(trace) for trace in chosen]


def _title(shown: Context, heads: tuple[Head, ...]) -> str:
    """Whose row it is; a mean is called one. Empty where there is one row only."""
    if shown.pooling:
        return ""
    focus: Focus = shown.focus
    block = shown.trace.block(focus.block)
    words = {"layer": focus.layer + 1, "head": focus.head + 1, "query": block.query.tokens[focus.query]}
    if block.kind == "cross" and shown.state.aligned:
        return shown.t("learning.heads_title", name=heads_name(shown, block, heads), query=words["query"])
    return shown.t("learning.mean_title", heads=block.shape[1], **words) if heads else shown.t("alt.row", **words)
