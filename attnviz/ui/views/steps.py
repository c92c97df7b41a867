"""One sentence, taken apart: features → scores → softmax → weighted sum → prediction, every number the model's own."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from attnviz import figures
from attnviz.analysis import tables
from attnviz.analysis.softmax import at_temperature
from attnviz.figures.numbers import approx, percent
from attnviz.trace import Classification, Steps
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, data_table, numbers
from attnviz.ui.controls.temperature import TEMPERATURE, choose_temperature
from attnviz.ui.source import method
from attnviz.ui.words import literal

FIELDS = (TEMPERATURE,)


def render(context: Context) -> None:
    """Draw the view."""
    if context.selected is None:
        return
    text = context.selected.text
    own = context.desk.steps(text)
    tokens = context.desk.trace(text).block("pooling").key.tokens
    temperature = choose_temperature(context)
    shown = own
    if temperature != 1:
        changed = at_temperature(own["scores"], temperature)
        shown = context.desk.steps(text, tuple(float(weight) for weight in changed))
        _before_after(context, own, shown)
    _features(context, own, tokens)
    _scores(context, own, tokens)
    _softmax(context, shown, own, tokens, temperature)
    _context_vector(context, shown, tokens)
    _prediction(context, shown)


def _before_after(context: Context, own: Steps, shown: Steps) -> None:
    """What the temperature does to the prediction."""
    before, after = (Classification(context.card.labels, steps["output"]) for steps in (own, shown))
    named = (
        literal(f"{context.names[each.predicted]} {percent(float(each.probabilities.max()))}")
        for each in (before, after)
    )
    st.markdown(context.t("steps.before_after", before=next(named), after=next(named)))


def _heading(context: Context, step: str, formula: str) -> None:
    st.subheader(context.t(f"steps.{step}"), anchor=False)
    st.markdown(context.t(f"steps.{step}_text"))
    st.latex(formula)


def _features(context: Context, steps: Steps, tokens: tuple[str, ...]) -> None:
    _heading(context, "features", r"x_t = E[\mathrm{id}_t] \in \mathbb{R}^{F}")
    features = steps["features"]
    figure = figures.matrix(
        features,
        tokens,
        column_title=context.t("figures.feature"),
        language=context.language,
        theme=context.theme,
    )
    alt = context.t("alt.matrix", rows=features.shape[0], columns=features.shape[1])
    chart(context, "features", figure, alt, lambda: tables.matrix(features, tokens, "x"))


def _scores(context: Context, steps: Steps, tokens: tuple[str, ...]) -> None:
    _heading(context, "scores", r"s_t = x_t \cdot W + b_t")
    figure = figures.scores(steps, tokens, language=context.language, theme=context.theme)
    listed = context.t("alt.separator").join(
        f"{token} {approx(float(score))}" for token, score in zip(tokens, steps["scores"], strict=True)
    )
    chart(context, "scores", figure, context.t("alt.scores", listed=listed), lambda: tables.scores(steps, tokens))
    numbers(context, "kernel", lambda: tables.vector(steps["kernel"], _numbered("W", steps["kernel"]), "value"), "W")
    _, bias = context.desk.parameters()
    st.markdown(context.t("steps.bias_text"))
    curve = figures.bias(bias, context.card.trained_length, len(tokens), language=context.language, theme=context.theme)
    chart(
        context,
        "bias",
        curve,
        context.t("alt.bias", length=len(bias), trained=context.card.trained_length or "?"),
        lambda: tables.vector(bias, _numbered("b", bias), "value"),
    )
    code = st.expander(context.t("steps.code_text"), key="steps-code", on_change="rerun")
    if code.open:  # its colours are a tenth of what the browser draws of the view
        code.code(method("layers.py", "AttentionPooling", "call"), language="python", wrap_lines=True)


def _softmax(context: Context, shown: Steps, own: Steps, tokens: tuple[str, ...], temperature: float) -> None:
    _heading(context, "softmax", r"a_t = \frac{e^{(s_t - \max s)/\tau}}{\sum_j e^{(s_j - \max s)/\tau}}")
    table = tables.softmax(own["scores"], tokens, temperature)
    top = int(np.argmax(shown["weights"]))
    numbers = (*table.loc[top, ["exponential", "sum"]], shown["weights"][top])
    exponential, total, weight = written = [approx(float(number)) for number in numbers]
    st.markdown(
        context.t(
            "steps.softmax_example",
            token=literal(tokens[top]),
            exponential=literal(exponential.removeprefix("≈ ")),
            sum=literal(total.removeprefix("≈ ")),
            relation="≈" if any(number.startswith("≈") for number in written) else "=",
            weight=literal(weight.removeprefix("≈ ")),
        )
    )
    table["model"] = shown["weights"]
    data_table(table, "softmax", context)


def _context_vector(context: Context, steps: Steps, tokens: tuple[str, ...]) -> None:
    _heading(context, "context", r"c = \sum_t a_t \, x_t")
    parts = steps["features"] * steps["weights"][:, None]
    stacked = np.concatenate([parts, steps["context"][None]])
    total = context.t("steps.sum_row")
    figure = figures.matrix(
        stacked,
        [*(f"{weight} · {token}" for weight, token in zip(map(_short, steps["weights"]), tokens, strict=True)), total],
        column_title=context.t("figures.feature"),
        language=context.language,
        theme=context.theme,
    )
    alt = context.t("alt.matrix", rows=stacked.shape[0], columns=stacked.shape[1])
    chart(context, "context", figure, alt, lambda: tables.matrix(stacked, [*tokens, total], "c"))


def _prediction(context: Context, shown: Steps) -> None:
    hidden = shown["hidden"]
    _heading(
        context,
        "dense",
        r"h = \max(0,\; c\,W_1 + b_1) \qquad p = \mathrm{softmax}(h\,W_2 + b_2)",
    )
    frame = tables.vector(shown["logits"], context.names, "logit")
    frame["probability"] = shown["output"]
    data_table(frame, "output", context)
    numbers(context, "hidden", lambda: tables.vector(hidden, _numbered("h", hidden), "value"), "h")
    for key, values in context.desk.dense_parameters().items():
        rows = values if values.ndim == 2 else values[:, None]
        numbers(context, key.replace("_", "-"), partial(_dense_table, rows), context.t(f"steps.{key}"))


def _dense_table(rows: np.ndarray) -> pd.DataFrame:
    return tables.matrix(rows, _numbered("", rows), "w")


def _numbered(name: str, values: np.ndarray) -> list[str]:
    return [f"{name}{index}" for index in range(1, len(values) + 1)]


def _short(weight: float) -> str:
    return approx(float(weight), 2)
