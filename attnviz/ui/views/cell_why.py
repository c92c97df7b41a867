"""Below a row taken apart: why q·k is divided by √d, and what n² costs.

What is drawn of either is drawn where it is asked for: together they are a third of what a browser has to draw.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from attnviz.analysis import tables
from attnviz.analysis.explain import cell
from attnviz.analysis.softmax import at_temperature
from attnviz.figures import cell as drawn
from attnviz.figures.numbers import approx
from attnviz.trace import AttentionTrace, Steps
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, data_table
from attnviz.ui.fields import Facts, index, switch
from attnviz.ui.words import literal

#: Lengths of vectors offered where √d is explained; the model's own comes to them.
WIDTHS = tuple(2**power for power in range(10))

WIDTH = index("width", "model")


def _with_width(values: Mapping[str, Any], facts: Facts) -> bool:
    """Who asks for a length wants to see what it does."""
    return int(values["width"]) >= 0


ROOT = switch("root", _with_width)

COST = switch("cost")

FIELDS = (WIDTH, ROOT, COST)


def settle(context: Context, steps: Steps) -> dict[str, int]:
    """A length that is not offered gives way to the model's own."""
    own, width = len(steps["query"]), context.state.width
    return {"width": width if width in (*WIDTHS, own) else own}


def root(context: Context, steps: Steps, keys: Sequence[str], mask: NDArray[np.int8] | None) -> None:
    """Why √d; on demand random vectors of a length that can be changed, and the row at hand with that divisor."""
    own = len(steps["query"])
    st.subheader(context.t("cell.root"), anchor=False)
    st.markdown(context.t("cell.root_text", d=own))
    st.toggle(context.t("cell.root_open"), key="root")
    if not context.state.root:
        return
    width = _width(context, own)

    widths = tuple(sorted({*WIDTHS, own}))
    count = max(2, min(len(keys), cell.MOST_KEYS))
    products = context.desk.random_products(widths, count)
    table = cell.growth(widths, products)
    now = table.iloc[widths.index(width)]
    st.markdown(
        context.t(
            "cell.random_text",
            d=width,
            draws=cell.DRAWS,
            keys=count,
            seed=cell.SEED,
            **{
                name: literal(approx(float(now[name])))
                for name in ("root", "spread", "plain_largest", "scaled_largest")
            },
        )
    )
    alt = context.t(
        "alt.growth", d=width, plain=approx(float(now["plain_largest"])), scaled=approx(float(now["scaled_largest"]))
    )
    figure = drawn.growth(table, width, language=context.language, theme=context.theme)
    chart(context, "cell-growth", figure, alt, lambda: table)

    first = products[widths.index(width), 0]
    names = [context.t("cell.random_key", number=number) for number in range(1, count + 1)]
    sets = [
        (name, at_temperature(first, divisor)) for name, divisor in (("÷ 1", 1.0), (f"÷ √{width}", math.sqrt(width)))
    ]
    figure = drawn.weights(sets, names, language=context.language, theme=context.theme)
    drawing = context.t("cell.random_row", d=width, keys=count)
    st.caption(drawing)
    chart(
        context,
        "cell-random",
        figure,
        drawing,
        lambda: tables.vector(first, names, "product").assign(plain=sets[0][1], scaled_weight=sets[1][1]),
    )

    st.markdown(context.t("cell.divided_text", d=own, width=width))
    table_here = cell.saturation(steps, [math.sqrt(each) for each in widths], mask)
    table_here.insert(0, "d", list(widths))
    data_table(table_here, "cell-saturation", context)


def cost(context: Context, trace: AttentionTrace, block: str) -> None:
    """What all pairs of tokens cost, for this sentence and on demand for others."""
    length = trace.block(block).shape[3]
    heads = sum(each.shape[0] * each.shape[1] for each in trace.blocks if each.kind in ("self", "causal"))
    table = cell.cost(length, heads)
    here = table[table["tokens"] == length].iloc[0]
    st.subheader(context.t("cell.cost"), anchor=False)
    words = context.t(
        "cell.cost_text",
        n=length,
        heads=heads,
        **{name: f"{int(here[name]):,}" for name in ("cells", "weights", "bytes")},
    )
    st.markdown(literal(words))
    st.toggle(context.t("cell.cost_open"), key="cost")
    if not context.state.cost:
        return
    chart(
        context,
        "cell-cost",
        drawn.cost(table, length, language=context.language, theme=context.theme),
        words,
        lambda: table,
    )


def _width(context: Context, own: int) -> int:
    """The length chosen."""
    st.select_slider(
        context.t("cell.width"),
        sorted({*WIDTHS, own}),
        key="width",
        format_func=lambda value: context.t("cell.width_own", d=value) if value == own else str(value),
    )
    return int(context.state.width)
