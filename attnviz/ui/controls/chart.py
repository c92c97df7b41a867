"""A chart as every view shows it: the picture, its words for those who cannot see it, its numbers, its files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from attnviz import export, figures
from attnviz.drawings import chart as drawings
from attnviz.figures import Figure
from attnviz.figures.escape import plain
from attnviz.figures.marks.made import made, taken
from attnviz.i18n import FALLBACK, catalogue
from attnviz.ui import session
from attnviz.ui.components import chart as components
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.context import Context

#: How much larger charts are on the stage alone: their smallest letters have 13 pixels.
PROJECTED = 1.85

#: Pixels of a table's row, and most rows before it scrolls.
ROW, ROWS = 39, 10

#: Nine significant digits give a float32 back exactly.
NUMBER = "%.9g"


def chart(
    context: Context,
    key: str,
    figure: Figure,
    alt: str,
    table: Callable[[], pd.DataFrame],
    on_point: Callable[[Any], None] | None = None,
) -> None:
    """Draw a figure with everything around it.

    Args:
        context: The page.
        key: Unique where the chart stands, also the name of saved files.
        figure: What to draw.
        alt: The same in words.
        table: Makes the numbers drawn; called when they are asked for.
        on_point: Called with the `customdata` of a point that was clicked, before the run that follows.
    """

    file, key = key, _standing(context, key)

    def chosen() -> None:
        points = (session.event(f"plot-{key}", "selection") or {}).get("points")
        if points and on_point is not None:
            on_point(points[0]["customdata"])

    def pointed() -> None:
        found = session.event(f"drawn-{key}", "chosen")
        if found and on_point is not None:
            on_point(found["point"])

    if context.edited:
        figure, alt = marked(figure, context.t("surgery.mark")), f"{context.t('surgery.marked')} {alt}"
    if context.state.stage:
        figure = figures.enlarged(figure, PROJECTED)
    shown = drawings.chart(figure, alt)
    with st.container(key=f"chart-{key}"):
        if shown is not None:
            components.chart(f"drawn-{key}", shown, pointed if on_point is not None else None)
        else:
            session.drew(key, figure)
            st.plotly_chart(
                figure,
                key=f"plot-{key}",
                theme=None,
                width="stretch" if figure.layout.width is None else "content",
                alt=alt,
                on_select=chosen if on_point is not None else "ignore",
                selection_mode="points",
                config={"displayModeBar": False, "displaylogo": False, "responsive": True},
            )
    figure_tools(context, f"chart-{key}", f"attnviz-{context.card.name}-{file}", alt)
    numbers(context, file, table)


def marked(figure: Figure, mark: str) -> Figure:
    """A copy of the figure with a mark in its corner that goes with it wherever it is saved."""
    traces, layout = taken(figure)
    font = {"size": 15, "color": "#ffffff"}
    place = {"xref": "paper", "yref": "paper", "x": 1, "y": 1, "xanchor": "right", "yanchor": "bottom", "yshift": 4}
    words = {"text": plain(mark), **place, "showarrow": False, "font": font, "bgcolor": "#a34700", "borderpad": 3}
    margin = layout.get("margin", {})
    above = {
        "annotations": [*layout.get("annotations", ()), words],
        "margin": {**margin, "t": max(margin.get("t", 0), 40)},
    }
    return made(traces, {**layout, **above})


def numbers(context: Context, key: str, table: Callable[[], pd.DataFrame], name: str = "") -> None:
    """A table to open, copy and save; `name` says of what, where it does not stand under its picture."""
    title = f"{context.t('page.table')}: {name}" if name else context.t("page.table")
    opened = st.expander(title, key=f"numbers-{_standing(context, key)}", on_change="rerun")
    if opened.open:
        with opened:
            data_table(table(), key, context)


def data_table(frame: pd.DataFrame, key: str, context: Context) -> None:
    """A table with nine significant digits, translated headings, and a file of it."""
    file, key = key, _standing(context, key)
    columns = {}
    for column, kind in frame.dtypes.items():
        name = str(column)
        head = context.t(f"columns.{name}") if f"columns.{name}" in catalogue(FALLBACK) else name
        numeric = kind.kind == "f"
        columns[name] = st.column_config.NumberColumn(head, format=NUMBER) if numeric else st.column_config.Column(head)
    st.dataframe(
        frame,
        hide_index=True,
        column_config=columns,
        key=f"table-{key}",
        width="stretch",
        height=table_height(min(len(frame), ROWS)),
        row_height=ROW,
    )
    st.download_button(
        context.t("page.save_table"),
        data=lambda: export.table(frame),
        file_name=f"attnviz-{context.card.name}-{file}.csv",
        mime="text/csv",
        key=f"save-{key}",
        on_click="ignore",
    )


def table_height(rows: int) -> int:
    """Pixels of a table with so many rows in sight, each of `ROW`: told beforehand, it has its place before the browser
    has loaded what draws it, and nothing below it moves."""
    return ROW * (1 + rows) + 2


def _standing(context: Context, key: str) -> str:
    """The key on the whole page of what has a key where it stands."""
    return f"{context.place}-{key}" if context.place else key
