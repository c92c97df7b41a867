"""What surgery does to a translation: the probability of each of its tokens, and what would be written instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from attnviz import figures
from attnviz.analysis.heads import alignment
from attnviz.analysis.surgery.operations import Operated
from attnviz.figures import describe
from attnviz.figures.numbers import approx, percent
from attnviz.trace import AttentionTrace, Written
from attnviz.ui import offers
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.words import literal


def answer(context: Context, own: AttentionTrace, done: Operated) -> None:
    """Say how probable the translation is before and after, and what would be written now.

    Args:
        context: The page.
        own: The model's own run.
        done: The changed run of the same tokens.
    """
    before, after = _outputs(own, done)
    assert context.selected is not None
    codes = tuple(operation.code for operation in done.operations)
    free = context.desk.rewritten(context.selected.text, codes, before.tokens).output
    assert isinstance(free, Written)
    totals = [approx(float(each.log_probabilities.sum(dtype=np.float64)), 1) for each in (before, after)]
    st.markdown(literal(context.t("surgery.translation", text=before.text, before=totals[0], after=totals[1])))
    same = free.tokens == before.tokens
    words = context.told("surgery.rewritten_same") if same else context.t("surgery.rewritten", text=free.text)
    st.markdown(literal(words))


def picture(context: Context, own: AttentionTrace, done: Operated) -> None:
    """Draw the probability of each token before, after, and the difference; arguments as for `answer`."""
    before, after = _outputs(own, done)
    spaced = offers.spaced(context.card)
    tokens = [alignment.readable(token, spaced) for token in before.tokens]
    shares = [np.exp(each.log_probabilities.astype(np.float64)) for each in (before, after)]
    change = shares[1] - shares[0]
    order = np.argsort(-np.abs(change), kind="stable")[: describe.NAMED]
    named = [f"{tokens[at]} {percent(float(shares[0][at]))} → {percent(float(shares[1][at]))}" for at in order]
    st.subheader(context.t("surgery.chances"), anchor=False)
    chart(
        context,
        "surgery-written",
        figures.changed_row(tokens, *shares, language=context.language, theme=context.theme),
        context.told("surgery.alt_written", changes=context.t("alt.separator").join(named)),
        lambda: pd.DataFrame(
            {
                "position": np.arange(len(tokens)) + 1,
                "token": before.tokens,
                "own": shares[0],
                "edited": shares[1],
                "difference": change,
            }
        ),
    )


def _outputs(own: AttentionTrace, done: Operated) -> tuple[Written, Written]:
    before, after = own.output, done.trace.output
    assert isinstance(before, Written) and isinstance(after, Written) and before.tokens == after.tokens
    return before, after
