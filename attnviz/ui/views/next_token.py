"""The next token: what the model expects after the text, at a temperature, and how each token before surprised it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from attnviz.analysis import expectation
from attnviz.analysis.heads.alignment import readable
from attnviz.figures import next_token
from attnviz.figures.numbers import approx, percent
from attnviz.trace import Written
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.controls.sampling import choose_sampling, sampling_of
from attnviz.ui.controls.told import told
from attnviz.ui.words import literal


def render(context: Context) -> None:
    """Draw the view."""
    if context.selected is None:
        return
    told(context, "next", context.t("next.text"))
    picture, choices = st.columns([3, 1.2], gap="medium")
    with picture:
        _following(context)
    with choices:
        choose_sampling(context, beside=True)
    _surprise(context)


def _following(context: Context) -> None:
    """The distribution over the next token."""
    assert context.selected is not None
    expected, sampling = context.desk.expected(context.selected.text), sampling_of(context.state)
    shares = sampling.shares(expected.following, list(expected.never))
    vocabulary = context.desk.vocabulary()
    table = expectation.likely(expected.following, shares, vocabulary, sorted(expected.never))
    names = [readable(token, True) for token in table["token"]]
    changed = (sampling.temperature, sampling.top_k, sampling.top_p) != (1.0, 0, 1.0)
    st.subheader(context.t("next.following"), anchor=False)
    figure = next_token.following(table, names, changed, language=context.language, theme=context.theme)
    listed = context.t("alt.separator").join(
        f"{name} {percent(float(share))}" for name, share in zip(names, table["drawn"], strict=True)
    )
    chart(context, "next", figure, context.t("next.alt_following", listed=listed), lambda: table)
    st.latex(r"p_i = \frac{e^{z_i/\tau}}{\sum_j e^{z_j/\tau}}")
    st.caption(
        context.t(
            "next.spread",
            own=approx(expectation.nats(np.exp(expected.following)), 2),
            drawn=approx(expectation.nats(shares), 2),
            kept=int((shares > 0).sum()),
            all=len(vocabulary),
        )
    )


def _surprise(context: Context) -> None:
    """How surprising each token was: of the text, and of what was written after it."""
    assert context.selected is not None
    output = context.whole.output
    expected = context.desk.expected(context.selected.text)
    axis = context.desk.axis(context.selected.text)
    tokens, logs = list(axis.tokens), expected.log_probabilities
    best = [None if each is None else each[0] for each in expected.best]
    if isinstance(output, Written):
        tokens += [readable(token, True) for token in output.tokens]
        logs = np.concatenate([logs, output.log_probabilities])
        best += [each[0][0] for each in output.alternatives]
    bits = expectation.surprisal(logs)
    st.subheader(context.t("next.surprise"), anchor=False)
    st.markdown(context.t("next.surprise_text"))
    table = pd.DataFrame(
        {
            "position": range(1, len(tokens) + 1),
            "token": tokens,
            "probability": np.exp(logs),
            "bits": bits,
            "expected": [None if each is None else readable(each, True) for each in best],
        }
    )
    seen = bits[~np.isnan(bits)]
    listed = context.t("alt.separator").join(
        f"{token} {approx(float(value), 1)}" for token, value in zip(tokens, bits, strict=True) if value == value
    )
    figure = next_token.surprise(tokens, bits, language=context.language, theme=context.theme)
    chart(context, "surprise", figure, context.t("next.alt_surprise", listed=listed), lambda: table)
    if len(seen):
        mean = float(seen.mean())
        st.caption(literal(context.t("next.mean", bits=approx(mean, 2), perplexity=approx(float(2**mean), 1))))
