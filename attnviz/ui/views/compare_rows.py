"""Two rows of weights, or the tokens of two translations, side by side; and all rows of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from attnviz import figures
from attnviz.analysis import tables
from attnviz.analysis.compare import comparisons
from attnviz.analysis.compare.comparisons import Beside
from attnviz.figures import describe
from attnviz.figures.marks.bars import most_of
from attnviz.figures.numbers import approx
from attnviz.figures.surgery import EXACT
from attnviz.ui.components import lit
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.views.compare_sides import Side
from attnviz.ui.words import literal


def draw_rows(context: Context, a: Side, b: Side) -> None:
    """Both rows and their difference, and how far apart they are."""
    found = comparisons.rows(a.trace, a.focus, b.trace, b.focus)
    words = context.t("compare.divergence", value=approx(found.divergence), **found.counts())
    if all(lit.shows(side.trace, side.focus) for side in (a, b)):
        _draw_lit(context, a, b)
    draw_beside(
        context,
        "compare-row",
        (a, b),
        found,
        lambda changes: context.t("compare.alt", a=a.name, b=b.name, changes=changes, divergence=words),
    )
    st.markdown(literal(words))


def _draw_lit(context: Context, a: Side, b: Side) -> None:
    """Both rows over their pictures, on one scale."""
    top = lit.beside([(side.trace, side.focus) for side in (a, b)])
    for column, side in zip(st.columns(2, gap="medium"), (a, b), strict=True):
        with column:
            st.markdown(f"**{literal(side.title)}**")
            lit.row(context, side.trace, side.focus, f"compare-lit-{side.letter}", top)


def draw_beside(context: Context, key: str, sides: tuple[Side, Side], found: Beside, alt: Callable[[str], str]) -> None:
    """Draw both sides' values and their difference.

    Args:
        context: The page.
        key: Of the chart.
        sides: A and B.
        found: Their values.
        alt: The same in words, from the largest differences in words.
    """
    names, difference = _names(context, found), found.difference
    both = np.isfinite(difference)
    order = np.argsort(-np.abs(np.where(both, difference, 0)), kind="stable")[: describe.NAMED]
    changes = [f"{names[place]} {approx(float(difference[place]))}" for place in order if both[place]]
    chart(
        context,
        key,
        figures.changed_row(names, found.first, found.second, most=most_of(found.axes[0]), **_look(context, *sides)),
        alt(context.t("alt.separator").join(changes) or context.t("surgery.alt_none")),
        found.table,
    )


def _names(context: Context, found: Beside) -> list[str]:
    """The tokens of each pair, and on which side alone they are."""
    names = []
    for mine, theirs in zip(found.tokens(0), found.tokens(1), strict=True):
        if mine and theirs:
            names.append(mine if mine == theirs else f"{mine} | {theirs}")
        else:
            names.append(context.t("compare.only", token=mine or theirs, side="A" if mine else "B"))
    return names


def draw_maps(context: Context, a: Side, b: Side) -> None:
    """All rows of both heads, or of the head at both steps, where there are several."""
    block = a.block
    if len(block.query) < 2:
        return
    first, second = (side.block.weights[side.focus.layer, side.focus.head].astype(np.float64) for side in (a, b))
    difference = second - first
    st.subheader(context.t(f"compare.maps_{context.state.against}"), anchor=False)
    if max(first.shape) > EXACT:
        st.caption(context.t("surgery.many"))
    query, key = np.unravel_index(int(np.argmax(np.abs(difference))), first.shape)
    chart(
        context,
        "compare-head",
        figures.changed_map(
            block.query.tokens, block.key.tokens, first, second, axes=(block.query, block.key), **_look(context, a, b)
        ),
        context.t(
            "compare.alt_maps",
            a=a.name,
            b=b.name,
            query=block.query.tokens[int(query)],
            key=block.key.tokens[int(key)],
            value=approx(float(difference[query, key])),
        ),
        lambda: tables.cells(block, a_weight=first, b_weight=second, b_minus_a=difference),
    )


def _look(context: Context, a: Side, b: Side) -> dict[str, Any]:
    """Titles of the three panels, language and theme."""
    return {"titles": (a.title, b.title, "B − A"), "language": context.language, "theme": context.theme}
