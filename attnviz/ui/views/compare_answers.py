"""What both sides of a comparison answer, beside each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from attnviz import figures
from attnviz.analysis import filling
from attnviz.analysis.compare import comparisons
from attnviz.figures import describe
from attnviz.figures.numbers import approx, percent
from attnviz.trace import Classification, Embedding, Filled, Written
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.views.compare_rows import draw_beside
from attnviz.ui.views.compare_sides import Side
from attnviz.ui.words import literal

#: Tokens listed of what stands in the place of masks.
MAX_FILLED = 5


def draw_answers(context: Context, a: Side, b: Side) -> None:
    """What both sides answer; a difference only where the classes are the same, or tokens of both translations."""
    first, second = a.trace.output, b.trace.output
    written = isinstance(first, Written)
    if context.state.against == "head":
        st.caption(context.told("compare.one_translation") if written else context.t("compare.one_run"))
        return
    st.subheader(context.told("compare.translations") if written else context.t("compare.answers"), anchor=False)
    if isinstance(first, Written) and isinstance(second, Written) and a.writes is not None:
        _held_fixed(context, a, b, first, second)
    elif isinstance(first, Written) and isinstance(second, Written):
        _translations(context, a, b, first, second)
    elif isinstance(first, Classification) and isinstance(second, Classification):
        if a.card == b.card or (a.card.task and (first.labels, a.card.task) == (second.labels, b.card.task)):
            _same_classes(context, a, b, first, second)
        else:
            st.markdown(context.t("compare.other_classes"))
            for column, side in zip(st.columns(2, gap="medium"), (a, b), strict=True):
                with column:
                    _one(context, side)
    elif a.card == b.card and isinstance(first, Embedding) and isinstance(second, Embedding):
        one, other = first.vector.astype(np.float64), second.vector.astype(np.float64)
        cosine = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
        st.markdown(literal(context.t("compare.embedding", cosine=approx(cosine, 4))))
    elif isinstance(first, Filled) and isinstance(second, Filled):
        for side, output in ((a, first), (b, second)):
            shares = (f"{token} {percent(share)}" for token, share in filling.best(output, MAX_FILLED))
            listed = context.t("alt.separator").join(shares)
            st.markdown(literal(context.t("compare.filled", letter=side.letter, listed=listed)))
    else:
        st.markdown(context.t("compare.no_classes"))
        for side in (a, b):
            if isinstance(side.trace.output, Classification):
                _one(context, side)


def _translations(context: Context, a: Side, b: Side, first: Written, second: Written) -> None:
    """Both translations with their probabilities, and their tokens beside each other."""
    with st.container(gap=None):
        for side, output in ((a, first), (b, second)):
            words = context.t("compare.translation", letter=side.letter, text=output.text, **_likely(output))
            st.markdown(literal(words))
    if context.way.target:
        st.caption(context.told("compare.typed"))
    found = comparisons.written(a.trace, b.trace)
    words = context.told("compare.common_tokens", **found.counts())
    draw_beside(
        context,
        "compare-written",
        (a, b),
        found,
        lambda changes: context.t("compare.alt_written", a=first.text, b=second.text, changes=changes, tokens=words),
    )
    st.markdown(literal(words))


def _held_fixed(context: Context, a: Side, b: Side, first: Written, second: Written) -> None:
    """One translation as the models of both steps read it, and what each would write itself."""
    with st.container(gap=None):
        st.markdown(literal(context.t("learning.fixed", text=first.text)))
        for side, output in ((a, first), (b, second)):
            text = side.writes or context.t("learning.writes_nothing")
            st.markdown(literal(context.t("compare.read", letter=side.letter, text=text, **_likely(output))))
    words = context.told("compare.read_tokens")
    draw_beside(
        context,
        "compare-written",
        (a, b),
        comparisons.written(a.trace, b.trace),
        lambda changes: context.t(
            "compare.alt_read", text=first.text, a=a.name, b=b.name, changes=changes, tokens=words
        ),
    )
    st.markdown(literal(words))


def _likely(output: Written) -> dict[str, str]:
    """How probable a translation is, in words."""
    log = float(output.log_probabilities.sum(dtype=np.float64))
    return {"log": approx(log, 1), "mean": approx(log / len(output.tokens), 2)}


def _one(context: Context, side: Side) -> None:
    """One side's classes."""
    output = side.trace.output
    assert isinstance(output, Classification)
    names = side.card.names_of_labels(context.language, output.labels)
    st.markdown(literal(side.title))
    chart(
        context,
        f"compare-prediction-{side.letter.lower()}",
        figures.prediction(side.trace, names, language=context.language, theme=context.theme),
        f"{side.title}. {describe.prediction(side.trace, names, context.language)}",
        lambda: pd.DataFrame({"class": list(names), "probability": output.probabilities}),
    )


def _same_classes(context: Context, a: Side, b: Side, first: Classification, second: Classification) -> None:
    """Both sides' probabilities of the same classes."""
    names = [side.card.names_of_labels(context.language, first.labels) for side in (a, b)]
    words = context.t(
        "compare.same_answer" if first.predicted == second.predicted else "compare.other_answer",
        a=names[0][first.predicted],
        b=names[1][second.predicted],
        first=percent(float(first.probabilities[first.predicted])),
        second=percent(float(second.probabilities[second.predicted])),
    )
    st.markdown(literal(words))
    chart(
        context,
        "compare-prediction",
        figures.prediction(
            a.trace,
            names[0],
            name=a.title,
            compare=[(b.title, b.trace)],
            language=context.language,
            theme=context.theme,
        ),
        f"{words} A: {describe.prediction(a.trace, names[0], context.language)} "
        f"B: {describe.prediction(b.trace, names[1], context.language)}",
        lambda: pd.DataFrame(
            {
                "class": list(names[0]),
                "a_probability": first.probabilities,
                "b_probability": second.probabilities,
                "b_minus_a": second.probabilities.astype(np.float64) - first.probabilities,
            }
        ),
    )
