"""One row of one head, taken apart: q, k and v, q·k, ÷ √d, mask, softmax, weights · v, output projection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from attnviz import figures
from attnviz.analysis import tables
from attnviz.analysis.explain import cell
from attnviz.analysis.focus import Focus
from attnviz.errors import AttnvizError
from attnviz.figures import cell as drawn
from attnviz.figures import describe
from attnviz.figures.numbers import approx, percent
from attnviz.trace import AttentionTrace, Classification, Steps
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, data_table, numbers
from attnviz.ui.controls.head import choose_head
from attnviz.ui.controls.temperature import TEMPERATURE, choose_temperature
from attnviz.ui.views import cell_why
from attnviz.ui.words import literal

#: Most keys drawn, those of the largest weights; the tables have all.
DRAWN = 40

FIELDS = (TEMPERATURE, *cell_why.FIELDS)


def settle(context: Context) -> dict[str, int]:
    """A length of vectors that is not offered gives way to the model's own."""
    if context.selected is None:
        return {}
    own = context.desk.explain(context.selected.text, context.focus.own(context.trace), context.written)
    return cell_why.settle(context, own) if "query" in own else {}


@dataclass(frozen=True)
class Row:
    """What the parts of this view draw from.

    Attributes:
        trace: The model's own, with all its tokens.
        focus: The row, by the model's own positions.
        query: The query's token.
        keys: Tokens, one a key.
        mask: int8 `[key]`, or None if nothing is masked.
        own: The model's own computation.
        shown: What goes on from the weights at the chosen temperature.
        temperature: 1 is the model's own.
        places: Keys that are drawn.
    """

    trace: AttentionTrace
    focus: Focus
    query: str
    keys: tuple[str, ...]
    mask: NDArray[np.int8] | None
    own: Steps
    shown: Steps
    temperature: float
    places: list[int]

    @property
    def names(self) -> list[str]:
        """Tokens of the keys that are drawn."""
        return [self.keys[place] for place in self.places]


def render(context: Context) -> None:
    """Draw the view."""
    choose_head(context)
    if context.selected is None:
        return
    text, focus = context.selected.text, context.focus.own(context.trace)
    trace = context.models_own
    block = trace.block(focus.block)
    own = context.desk.explain(text, focus, context.written)
    if block.shape != context.trace.block(focus.block).shape:
        st.caption(context.t("cell.own_tokens"))
    if len(pieces := _pieces(context)) > 1:
        named = {"token": pieces[0], "pieces": " ".join(pieces)}
        st.caption(literal(context.t("cell.first_piece", **named)))
    if "query" not in own:
        st.info(context.t("cell.scores_only"))
        return
    temperature = choose_temperature(context)
    shown = own if temperature == 1 else cell.reweighted(own, cell.changed(own, temperature))
    places = sorted(np.argsort(-own["weights"], kind="stable")[:DRAWN].tolist())
    query, keys = block.query.tokens[focus.query], block.key.tokens
    row = Row(trace, focus, query, keys, focus.mask(trace), own, shown, temperature, places)
    if temperature != 1:
        _before_after(context, row)
    if len(places) < len(keys):
        st.caption(context.t("cell.shortened", drawn=len(places), keys=len(keys)))
    _vectors(context, row)
    _softmax(context, row)
    _context_vector(context, row)
    _output(context, row)
    cell_why.root(context, own, keys, row.mask)
    cell_why.cost(context, trace, focus.block)


def _pieces(context: Context) -> list[str]:
    """The model's own tokens of the query that is shown."""
    focus, parts = context.focus, context.trace.block(context.focus.block).parts
    tokens = context.whole.block(focus.block).query.tokens
    return [] if parts is None else [tokens[place] for place in parts[0][focus.query]]


def _before_after(context: Context, row: Row) -> None:
    """What the prediction becomes if the model goes on from this one changed row."""
    if not isinstance(row.trace.output, Classification):
        return
    try:
        edited = context.desk.tempered(row.trace.text, row.focus, row.temperature)
    except AttnvizError as error:
        st.info(literal(error.message(context.language)))
        return
    before, after = (
        literal(f"{context.names[each.predicted]} {percent(float(each.probabilities.max()))}")
        for each in (row.trace.output, edited.output)
        if isinstance(each, Classification)
    )
    words = context.t("cell.before_after", before=before, after=after)
    same = isinstance(edited.output, Classification) and np.array_equal(
        row.trace.output.probabilities, edited.output.probabilities
    )
    st.markdown(f"{words} {context.t('cell.no_effect')}" if same else words)
    numbers(
        context,
        "cell-prediction",
        lambda: pd.DataFrame(
            {
                "class": list(context.names),
                "model": row.trace.output.probabilities,  # type: ignore[union-attr]
                "probability": edited.output.probabilities,  # type: ignore[union-attr]
            }
        ),
        context.t("views.prediction"),
    )


def _vectors(context: Context, row: Row) -> None:
    st.subheader(context.t("cell.vectors"), anchor=False)
    st.markdown(context.t("cell.vectors_text"))
    st.latex(r"q = x_i W_Q + b_Q \qquad k_j = x_j W_K + b_K \qquad v_j = x_j W_V + b_V")
    _matrix(context, "query", row.own["query"][None], [row.query], [row.query], row.own["query"][None])
    for part in ("key", "value"):
        _matrix(context, part, row.own[part][row.places], row.names, row.keys, row.own[part])


def _matrix(
    context: Context,
    part: str,
    values: NDArray[np.floating],
    names: list[str],
    all_names: list[str] | tuple[str, ...],
    everything: NDArray[np.floating],
) -> None:
    """A matrix drawn in part, with the table of all of it."""
    title = context.t(f"cell.{part}_axis" if part in ("context", "output") else f"cell.{part}")
    figure = figures.matrix(values, names, column_title=title, language=context.language, theme=context.theme)
    alt = f"{title}: {context.t('alt.matrix', rows=values.shape[0], columns=values.shape[1])}"
    chart(context, f"cell-{part}", figure, alt, partial(tables.matrix, everything, all_names, ""))


def _softmax(context: Context, row: Row) -> None:
    features = len(row.own["query"])
    st.subheader(context.t("cell.softmax"), anchor=False)
    st.latex(
        r"s_j = \frac{q \cdot k_j}{\sqrt{d}} \qquad "
        r"a_j = \frac{e^{(s_j - \max s)/\tau}}{\sum_m e^{(s_m - \max s)/\tau}}"
    )
    st.markdown(context.t("cell.softmax_text", d=features, root=literal(approx(math.sqrt(features)))))
    table = cell.row(row.own, row.keys, row.mask, row.temperature)
    masked = ~np.isfinite(table["score"])
    if masked.any():
        st.markdown(context.t("cell.mask_text", count=int(masked.sum())))
    if cell.beyond(table) > 1e-3 * max(1.0, float(table["scaled"].abs().max())):
        st.info(context.t("cell.beyond", difference=approx(cell.beyond(table))))
    sets = [(context.t("figures.own"), row.own["weights"][row.places])]
    if row.temperature != 1:
        sets.append((f"τ = {row.temperature:g}", row.shown["weights"][row.places]))
    mask = table["mask"].to_numpy()[row.places]
    axis = row.focus.keys(row.trace).take(row.places)
    figure = drawn.weights(sets, row.names, mask, axis=axis, language=context.language, theme=context.theme)
    alt = describe.row(row.trace, row.focus, context.language)
    chart(context, "cell-weights", figure, alt, lambda: tables.weights([row.trace], chosen=[row.focus]))
    data_table(_in_words(context, table), "cell-softmax", context)


def _in_words(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    """Masks by name, and “masked” instead of a score that is out of reach."""
    worded = table.assign(mask=[context.t(f"masks.{code}") for code in table["mask"]])
    if not np.isfinite(table["score"]).all():
        hidden = context.t("cell.masked")
        worded["score"] = [f"{score:.9g}" if np.isfinite(score) else hidden for score in table["score"]]
    return worded


def _context_vector(context: Context, row: Row) -> None:
    st.subheader(context.t("cell.context"), anchor=False)
    st.latex(r"c = \sum_j a_j \, v_j")
    parts, total = row.shown["value"] * row.shown["weights"][:, None], row.shown["context"][None]
    last = context.t("steps.sum_row")
    stacked, drawn_rows = (np.concatenate([each, total]) for each in (parts, parts[row.places]))
    _matrix(context, "context", drawn_rows, [*row.names, last], [*row.keys, last], stacked)


def _output(context: Context, row: Row) -> None:
    st.subheader(context.t("cell.output"), anchor=False)
    if "output" not in row.own:
        st.info(context.t("cell.no_output"))
        return
    kernel, output = row.own["output_kernel"], row.shown["output"][None]
    st.latex(r"o = c \, W_O^{h} \qquad \mathrm{output}_i = \sum_h o^{h} + b_O")
    heads = row.trace.block(row.focus.block).shape[1]
    st.markdown(context.t("cell.output_text", head=row.focus.head + 1, heads=heads, features=len(kernel)))
    _matrix(context, "output", output, [row.query], [row.query], output)
    rows = [f"c{index}" for index in range(1, len(kernel) + 1)]
    numbers(context, "cell-kernel", partial(tables.matrix, kernel, rows, "o"), context.t("cell.kernel"))
