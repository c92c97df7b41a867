"""Which head does what: a table to sort, a row opens its head."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from attnviz.analysis.heads import heads
from attnviz.ui import state
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import NUMBER


def render(context: Context) -> None:
    """Draw the view."""
    st.caption(context.t("heads.text"))
    table = heads(context.trace.block(context.focus.block))
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
    )
    st.download_button(
        context.t("page.save_table"),
        data=lambda: table.to_csv(index=False, float_format=NUMBER).encode("utf-8-sig"),
        file_name=f"attnviz-{context.card.name}-heads.csv",
        mime="text/csv",
        key="save-heads",
        on_click="ignore",
    )


def _open_row(table: pd.DataFrame) -> None:
    rows = st.session_state["heads"]["selection"]["rows"]
    if rows:
        row = table.iloc[rows[0]]
        state.open_head(int(row["layer"]) - 1, int(row["head"]) - 1)
