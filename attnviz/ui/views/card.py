"""What the model is, how well it does, and what attention buys: its card, as recorded and recomputed by `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from attnviz.analysis.explain.measures import MEASURES
from attnviz.figures.numbers import approx, percent
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import data_table
from attnviz.ui.views import caption_scores, card_scores
from attnviz.ui.words import literal

#: Pixels of a figure in its box, known before the browser has what draws it.
_METRIC = 122


def render(context: Context) -> None:
    """Draw the view."""
    card, metrics = context.card, context.card.metrics
    st.subheader(literal(card.in_language("title", context.language) or card.name), anchor=False)
    st.write(literal(card.in_language("summary", context.language)))
    if "accuracy" in metrics:
        _what_attention_buys(context, metrics)
    if "test_greedy_bleu" in metrics:
        card_scores.render(context)
    if f"pointing_{context.language}" in metrics:
        caption_scores.render(context)
    if "attribution" in metrics:
        _what_weights_explain(context, metrics["attribution"])
    st.markdown(f"**{context.t('card.wrong')}**")
    st.write(literal(card.in_language("notes", context.language)))
    if "confusion" in metrics:
        st.markdown(f"**{context.t('card.confusion')}**")
        names = context.names
        table = pd.DataFrame(metrics["confusion"], columns=list(names))
        table.insert(0, context.t("card.true"), list(names))
        data_table(table, "confusion", context)
    st.markdown(f"**{context.t('card.data')}**")
    for entry in card.details.get("data", ()):
        facts = literal(" · ".join(str(entry.get(k, "")) for k in ("name", "attribution", "licence")))
        st.markdown(f"- {facts} · {_linked(str(entry.get('url', '')))}")
    training = card.details.get("training", {})
    if "command" in training:
        st.code(f"{training['command']}\npython -m attnviz evaluate {card.name}", language="bash")


def _linked(url: str) -> str:
    """An address one can follow, if it is one; every other word as it stands."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https"):
        return literal(url)
    return f"<{scheme}://{quote(rest, safe='/?&=%#+,;@~')}>"


def _what_attention_buys(context: Context, metrics: Mapping[str, Any]) -> None:
    st.markdown(f"**{context.t('card.buys')}**")
    with st.container(horizontal=True):
        for key in ("accuracy", "uniform_accuracy", "mean_pooling_accuracy"):
            if key in metrics:
                st.metric(context.t(f"card.{key}"), percent(metrics[key]), border=True, height=_METRIC)
    if "drop_ratio" in metrics:
        st.write(
            literal(
                context.t(
                    "card.faithful",
                    top=approx(metrics["drop_top"]),
                    random=approx(metrics["drop_random"]),
                    ratio=f"{metrics['drop_ratio']:.1f}",
                    low=f"{metrics['drop_ratio_low']:.1f}",
                    high=f"{metrics['drop_ratio_high']:.1f}",
                    flip_top=percent(metrics["flip_top"]),
                    flip_random=percent(metrics["flip_random"]),
                    n=metrics["n_test"],
                )
            )
        )


def _what_weights_explain(context: Context, figures: Mapping[str, Any]) -> None:
    """Attention against what predictions depend on, over a sample of the test part."""
    st.markdown(f"**{context.t('card.explains')}**")
    st.write(literal(context.t("card.explains_text", n=figures["n"], seed=figures["seed"])))
    rows = [
        (
            context.t(f"measures.{order}") if order != "random" else context.t("card.random"),
            figures["kendall"].get(order),
            figures["comprehensiveness"][order],
            figures["sufficiency"][order],
        )
        for order in (*MEASURES, "random")
    ]
    table = pd.DataFrame(rows, columns=["measure", "kendall", "comprehensiveness", "sufficiency"])
    data_table(table, "explains", context)
    st.caption(context.t("card.explains_honest"))
