"""How well a translation model translates and aligns, as its card has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from attnviz.ui.context import Context
from attnviz.ui.controls.chart import data_table
from attnviz.ui.words import literal

#: Key of the figures of the same model with the mean of the encoder's states in the place of attention.
MEAN_STATES = "mean_states"

#: In these figures those of the model with attention, where both were trained with settings of before.
EARLIER = "earlier"


def render(context: Context) -> None:
    """Scores by part and decoding, by length of the sentence, and how well attention aligns."""
    metrics = context.card.metrics
    st.markdown(f"**{context.t('scores.title')}**")
    st.write(literal(context.t("scores.text")))
    data_table(scores(context, metrics), "scores", context)
    st.write(literal(context.t("scores.lengths", n=metrics["n_test"])))
    data_table(lengths(metrics), "lengths", context)
    if metrics.get("alignment"):
        st.markdown(f"**{context.t('scores.aligns')}**")
        found = metrics["alignment"]
        st.write(literal(context.t("scores.aligns_text", n=found["n_pairs"], sure=found["n_sure"])))
        data_table(_alignment(context, found), "alignment", context)


def scores(context: Context, metrics: Mapping[str, Any]) -> pd.DataFrame:
    """BLEU and chrF, a row for each model, part and decoding that was measured."""
    rows = []
    ways = {"greedy": context.t("scores.greedy")}
    ways |= {f"beam{width}": context.t("scores.beam", beam=width) for width in beams(metrics)}
    for of, figures in {"model": metrics, **_beside(metrics)}.items():
        for part in ("dev", "test"):
            for way, name in ways.items():
                found = [figures.get(f"{part}_{way}_{score}") for score in ("bleu", "chrf")]
                if None not in found:
                    names = [context.t(f"scores.{each}") for each in (of, part)]
                    rows.append((*names, name, metrics[f"n_{part}"], *found))
    return pd.DataFrame(rows, columns=["model", "part", "decoding", "sentences", "bleu", "chrf"])


def beams(metrics: Mapping[str, Any]) -> list[int]:
    """How many hypotheses were kept where a search was measured.

    >>> beams({"dev_greedy_bleu": 41.2, "dev_beam8_bleu": 42.1, "test_beam8_en": {}, "dev_beam4_chrf": 1.0})
    [4, 8]
    """
    return sorted({int(found[1]) for key in metrics if (found := re.fullmatch(r"[a-z]+_beam(\d+)_[a-z]+", key))})


def lengths(metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Greedy BLEU by words of the source; of the model without attention, too, where it was trained."""
    table = pd.DataFrame(
        {"words": f"{row['from']}–{row['to']}", "sentences": row["n"], "bleu": row["bleu"]}
        for row in metrics["test_by_length"]
    )
    for name, figures in _beside(metrics).items():
        table[name] = [row["bleu"] for row in figures["test_by_length"]]
    return table


def _beside(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Figures of the same model without attention, and of one alike with it where both had settings of before."""
    without = metrics.get(MEAN_STATES)
    if not without:
        return {}
    earlier = without.get(EARLIER)
    return {EARLIER: earlier, f"{EARLIER}_{MEAN_STATES}": without} if earlier else {MEAN_STATES: without}


def _alignment(context: Context, found: Mapping[str, Any]) -> pd.DataFrame:
    """Agreement with the links set by hand; shares from 0 to 1."""
    stated = context.card.details["alignment"]
    heads = ", ".join(str(head + 1) for head in stated["heads"])
    names = {name: context.t(f"scores.{name}", layer=stated["layer"] + 1, heads=heads) for name in _ALIGNED}
    rows = [(names[name], *(found[name][key] for key in ("precision", "recall", "aer"))) for name in _ALIGNED]
    return pd.DataFrame(rows, columns=["weights_of", "precision", "recall", "aer"])


_ALIGNED = ("chosen", "mean", "diagonal")
