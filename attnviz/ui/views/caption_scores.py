"""How good a captioner's captions are and where its heads look, as its card has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from attnviz.figures.numbers import percent
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import data_table, numbers
from attnviz.ui.views.card_scores import beams
from attnviz.ui.words import literal

#: Parts that a card may report.
PARTS = ("test", "pairs", "style")


def render(context: Context) -> None:
    """Captions by part and language, then each head's light on what is named."""
    metrics, language = context.card.metrics, context.language
    st.markdown(f"**{context.t('caption_scores.title')}**")
    st.write(literal(context.t("caption_scores.text")))
    _draw_scores(context, scores(context, metrics))
    found = metrics[f"pointing_{language}"]
    facts = {"n": found["words"], "chance": percent(found["chance"]), "centre": percent(found["centre"])}
    st.markdown(f"**{context.t('caption_scores.looks')}**")
    st.write(literal(context.t("caption_scores.looks_text", **facts)))
    data_table(looks(found), "looks", context)


def _draw_scores(context: Context, table: pd.DataFrame) -> None:
    """A table whose words break, so that it stands whole on a phone; its numbers and their file below it."""
    heads = [context.t(f"columns.{name}") for name in table.columns[2:]]
    lines = [["", *heads], ["---", *["--:"] * len(heads)]]
    for part, language, *shares in table.itertuples(index=False):
        lines.append([literal(f"{part} · {language}"), *(literal(percent(share)) for share in shares)])
    with st.container(key="caption-scores"):
        st.markdown("\n".join(f"|{'|'.join(line)}|" for line in lines))
    numbers(context, "captions", lambda: table)


def scores(context: Context, metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Shares from 0 to 1, a row for each part and language that was measured."""
    rows = [
        {
            "part": name,
            "written_in": context.t(f"languages.{language}"),
            **metrics[f"{part}_{language}"],
        }
        for part, name in _parts(context, metrics).items()
        for language in context.card.languages
        if f"{part}_{language}" in metrics
    ]
    return pd.DataFrame(rows)


def _parts(context: Context, metrics: Mapping[str, Any]) -> dict[str, str]:
    """What they are called, by the beginning of their keys; where captions were searched for, that comes second."""
    names = {part: context.t(f"caption_scores.{part}") for part in PARTS}
    searched = {f"test_beam{width}": context.t("caption_scores.beam", beam=width) for width in beams(metrics)}
    return {"test": names.pop("test"), **searched, **names}


def looks(found: Mapping[str, Any]) -> pd.DataFrame:
    """Shares from 0 to 1, a row for each head, counted from 1; those that look at what is named come first."""
    return pd.DataFrame(
        {"layer": each["layer"] + 1, "head": each["head"] + 1, "hits": each["hits"], "on_it": each["weight"]}
        for each in sorted(found["heads"], key=lambda each: -each["hits"])
    )
