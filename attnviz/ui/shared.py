"""What all drawings share, at the top of the stage: words with their weights, what is written, or a picture."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.compare import comparisons
from attnviz.figures.escape import label
from attnviz.figures.numbers import approx
from attnviz.trace import AttentionTrace
from attnviz.ui import actions, cache, translation
from attnviz.ui.components import lit
from attnviz.ui.components.stage import stage
from attnviz.ui.context import Context, View
from attnviz.ui.words import literal


def shared(context: Context, view: View) -> None:
    """Draw it.

    Args:
        context: The page.
        view: What is drawn beneath it.
    """
    kind, large = _kind(context), is_large(context, view)
    with st.container(key="large" if large else "small"):
        if kind == "written":
            _written(context, small=not large)
        elif kind == "picture":
            with st.container(key="stage-box"):
                lit.lit(context, small=not large)
        else:
            _read(context)


def is_large(context: Context, view: View) -> bool:
    """Whether a view shows large what all share."""
    return view.large != "" and view.large == _kind(context)


def _kind(context: Context) -> str:
    """What all share: what is `written`, a `picture`, or, empty, the words."""
    if translation.shows(context):
        return "written"
    pictured = context.selected is not None and lit.shows(context.trace, context.focus)
    return "picture" if pictured else ""


def _written(context: Context, small: bool) -> None:
    if len(context.rows) > 1:
        with st.container(key="sentences"):
            stage(context, None, actions.selected, actions.token_chosen)
    with st.container(key="stage-box"):
        translation.picture(context, small)


def _read(context: Context) -> None:
    if not context.rows:
        st.warning(context.t("errors.empty_text"))
    shuffled = None
    if context.state.shuffle and context.selected is not None:
        shuffled = context.desk.trace(context.selected.text, context.state.shuffle)
    with st.container(key="stage-box"):
        reading = None if shuffled is None else context.read(shuffled)
        stage(context, reading, actions.selected, actions.token_chosen)
    if shuffled is not None:
        _explain_shuffle(context, shuffled)


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
