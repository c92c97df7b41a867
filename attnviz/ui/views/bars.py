"""Weight per token as bars."""

from __future__ import annotations

import streamlit as st

from attnviz import figures
from attnviz.analysis import tables
from attnviz.figures import describe
from attnviz.trace import RegionAxis
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.fields import Field

ORDERS = ("sentence", "weight")

FIELDS = (Field("order", ("", *ORDERS), ""),)


def settle(context: Context) -> dict[str, str]:
    """As in the sentence; where no query looks ahead, the last one looks at what stands near the end of a text, which
    would be below the fold: there the largest weights come first."""
    causal = context.selected is not None and context.trace.block(context.focus.block).kind == "causal"
    return {"order": context.state.order or ORDERS[causal]}


def render(context: Context) -> None:
    """Draw the view; regions of a picture stand in no sentence: those with most weight come first."""
    regions = isinstance(context.focus.keys(context.trace), RegionAxis)
    if not regions:
        st.segmented_control(
            context.t("controls.order"),
            ORDERS,
            format_func=lambda key: context.t(f"controls.order_{key}"),
            key="order",
            required=True,
            label_visibility="collapsed",
        )
    order: tables.Order = "weight" if regions else context.state.order
    look = {"language": context.language, "theme": context.theme}
    figure = context.desk.figure(figures.bars, context.trace, context.focus, order=order, **look)
    chart(
        context,
        "bars",
        figure,
        describe.row(context.trace, context.focus, context.language),
        lambda: tables.weights([context.trace], order, [context.focus]),
    )
    if regions:
        st.caption(context.t("handout.regions"))
