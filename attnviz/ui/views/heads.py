"""Which head does what: two figures of every head as a plot, which heads are alike, and a table to sort."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from attnviz import export, figures
from attnviz.analysis.heads.behaviour import FIGURES
from attnviz.analysis.heads.roles import heads, placement
from attnviz.figures import describe
from attnviz.figures.numbers import percent
from attnviz.trace import AttentionBlock
from attnviz.ui import actions, session
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import NUMBER, ROW, ROWS, chart, table_height
from attnviz.ui.controls.told import told
from attnviz.ui.fields import Field
from attnviz.ui.typical import typical
from attnviz.ui.words import literal

#: How the similarity of heads is shown.
LIKENESS = ("map", "matrix")

#: The two figures of the plot, and the similarity.
FIELDS = (Field("x", FIGURES, "distance"), Field("y", FIGURES, "entropy"), Field("likeness", LIKENESS, LIKENESS[0]))


def render(context: Context) -> None:
    """Draw the view. All of it is about the model's own tokens, hidden ones included."""
    block = context.whole.block(context.focus.block)
    table = heads(block)
    if context.whole is not context.trace:
        st.caption(context.t("heads.own_tokens"))
    _plot(context, table)
    typical(context)
    if len(table) > 1:
        _alike(context, block)
    _table(context, table)


def _plot(context: Context, table: pd.DataFrame) -> None:
    st.subheader(context.t("heads.plot"), anchor=False)
    told(context, "heads", context.t("heads.plot_text"))
    with st.container(horizontal=True, gap="medium"):
        for axis in ("x", "y"):
            st.selectbox(
                context.t(f"heads.{axis}"),
                FIGURES,
                format_func=lambda name: context.t(f"columns.{name}"),
                key=axis,
                width=260,
            )
    x, y = context.state.x, context.state.y
    figure = figures.heads(table, x, y, language=context.language, theme=context.theme)
    columns = list(dict.fromkeys(("layer", "head", x, y)))
    alt = describe.heads(table, x, y, context.language)
    chart(context, "heads-plot", figure, alt, lambda: table[columns], _open_point)


def _alike(context: Context, block: AttentionBlock) -> None:
    similarity = context.desk.similarity(block)
    manner = {"language": context.language, "theme": context.theme}
    st.subheader(context.t("heads.alike"), anchor=False)
    st.markdown(context.t("heads.alike_text"))
    st.latex(
        r"\mathrm{JS}(p, q) = H\!\left(\tfrac{p + q}{2}\right) - \tfrac{1}{2} H(p) - \tfrac{1}{2} H(q)"
        r"\qquad H(p) = -\sum_j p_j \ln p_j"
    )
    if similarity.queries < similarity.total:
        st.caption(context.t("heads.some_queries", queries=similarity.queries, total=similarity.total))
    st.segmented_control(
        context.t("heads.likeness"),
        LIKENESS,
        format_func=lambda key: context.t(f"heads.likeness_{key}"),
        key="likeness",
        required=True,
        label_visibility="collapsed",
    )
    alt = describe.alike(similarity, context.language)
    if context.state.likeness == "matrix":
        st.caption(context.t("heads.matrix_text"))
        figure = figures.head_distances(similarity, **manner)
    else:
        points, kept = placement(similarity.distance)
        share = percent(kept)
        st.caption(context.t("heads.map_text", kept=literal(share)))
        alt = f"{alt} {context.t('heads.alt_kept', kept=share)}"
        figure = figures.head_map(similarity, points, kept, **manner)
    chart(context, "heads-alike", figure, alt, similarity.table, _open_point)


def _table(context: Context, table: pd.DataFrame) -> None:
    st.subheader(context.t("heads.table"), anchor=False)
    st.caption(context.t("heads.text"))
    columns = {}
    for column, kind in table.dtypes.items():
        name = context.t(f"columns.{column}")
        columns[str(column)] = (
            st.column_config.NumberColumn(name, format=NUMBER)
            if kind.kind == "f"
            else st.column_config.NumberColumn(name)
        )
    st.dataframe(
        table,
        hide_index=True,
        column_config=columns,
        key="heads",
        on_select=partial(_open_row, table),
        selection_mode="single-row",
        width="stretch",
        height=table_height(min(len(table), ROWS)),
        row_height=ROW,
    )
    st.download_button(
        context.t("page.save_table"),
        data=lambda: export.table(table),
        file_name=f"attnviz-{context.card.name}-heads.csv",
        mime="text/csv",
        key="save-heads",
        on_click="ignore",
    )


def _open_row(table: pd.DataFrame) -> None:
    rows = (session.event("heads", "selection") or {}).get("rows")
    if rows:
        row = table.iloc[rows[0]]
        actions.open_head(int(row["layer"]) - 1, int(row["head"]) - 1)


def _open_point(place: Any) -> None:
    layer, head = place
    actions.open_head(int(layer), int(head))
