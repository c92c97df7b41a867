"""Over a corpus: what a head does in thousands of sentences, the sentences at its extremes, and this one among all."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from attnviz import figures
from attnviz.analysis.heads.behaviour import FIGURES
from attnviz.corpus import Measured
from attnviz.corpus.bins import EFFECT, POINTING
from attnviz.errors import AttnvizError
from attnviz.figures.numbers import approx, percent
from attnviz.trace import AttentionBlock, Picture
from attnviz.trace.arrays import short
from attnviz.ui import actions
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, data_table
from attnviz.ui.controls.head import choose_head
from attnviz.ui.controls.told import told
from attnviz.ui.fields import Field
from attnviz.ui.typical import own_value, said, strange
from attnviz.ui.words import literal

#: Heads found, sentences of each kind, and tokens, that are shown.
FOUND, SENTENCES, TOKENS = 3, 3, 8

#: Characters of a sentence on its button.
LONGEST = 110

FIELDS = (Field("does", (*FIGURES, EFFECT, *POINTING), FIGURES[0]),)


def settle(context: Context) -> dict[str, Any]:
    """What was not measured gives way to the first that was."""
    try:
        found = context.desk.corpus()
    except AttnvizError:
        return {}
    there = found.figures(context.focus.block) if found is not None and context.selected is not None else []
    return {} if context.state.does in there or not there else {"does": there[0]}


def render(context: Context) -> None:
    """Draw the view."""
    try:
        found = context.desk.corpus()
    except AttnvizError as error:
        st.error(literal(error.message(context.language)))
        return
    block, focus = context.whole.block(context.focus.block), context.focus
    if found is None or not found.figures(block.name):
        st.info(context.t("corpus.no_block"))
        return
    told(context, "corpus", context.t("corpus.text", sentences=f"{int(found.summary['sentences']):,}"))
    if isinstance(context.whole.source, Picture):
        st.caption(context.t("corpus.scenes"))
    _choose(context, found, block)
    figure = context.state.does
    value = own_value(block, focus.layer, focus.head, figure)
    _histogram(context, found, block, value)
    _most(context, found, block)
    _place(context, found, block, value)
    _sentences(context, found, block)
    _tokens(context, found, block)


def _many(block: AttentionBlock) -> bool:
    """Whether there is more than one head."""
    return block.shape[0] * block.shape[1] > 1


def _choose(context: Context, found: Measured, block: AttentionBlock) -> None:
    """What is measured, and of which head."""
    with st.container(key="find-corpus", horizontal=True, vertical_alignment="center", gap="medium"):
        st.selectbox(
            context.t("corpus.what"),
            found.figures(block.name),
            key="does",
            format_func=lambda name: context.t(f"columns.{name}"),
            help=context.t("corpus.find_help"),
            width=400,
        )
        if _many(block):
            choose_head(context, ("layer", "head"))


def _most(context: Context, found: Measured, block: AttentionBlock) -> None:
    """The heads that do most of it, each to be chosen."""
    if not _many(block):
        return
    figure = context.state.does
    with st.container(key="corpus-most", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(context.t("corpus.find"), width="content")
        for layer, head, mean in found.find(figure, block.name).head(FOUND)[["layer", "head", "mean"]].to_numpy():
            name = context.t("writing.head", layer=int(layer), head=int(head))
            st.button(
                f"{name} · {_told(figure, float(mean))}",
                key=f"corpus-{int(layer)}-{int(head)}",
                on_click=partial(actions.keep_head, int(layer) - 1, int(head) - 1),
            )


def _told(figure: str, value: float) -> str:
    return approx(value, 2) if figure in ("entropy", "distance") else percent(value)


def _histogram(context: Context, found: Measured, block: AttentionBlock, value: float | None) -> None:
    figure, focus = context.state.does, context.focus
    row = found.row(block.name, focus.layer, focus.head, figure)
    counts, wide = np.asarray(row["histogram"], int), float(row["width"])
    name = context.t(f"columns.{figure}")
    drawn = figures.histogram(counts.tolist(), wide, name, value=value, language=context.language, theme=context.theme)
    alt = context.t(
        "corpus.alt",
        figure=name,
        sentences=f"{int(row['n']):,}",
        least=approx(float(row["least"])),
        median=approx(float(row["median"])),
        most=approx(float(row["most"])),
    )
    table = pd.DataFrame({"from": np.arange(len(counts)) * wide, "sentences": counts})
    chart(context, "corpus", drawn, alt, lambda: table)


def _place(context: Context, found: Measured, block: AttentionBlock, value: float | None) -> None:
    """This sentence among all."""
    figure, focus = context.state.does, context.focus
    if value is not None:
        below = found.place(block.name, focus.layer, focus.head, figure, value)
        words = said(context, found, figure, below)
        st.markdown(context.t("corpus.place", value=literal(_told(figure, value)), **words))
    out = strange(found, block, focus.layer, focus.head)
    if out is not None:
        st.caption(
            context.t("corpus.untypical_row" if context.pooling else "corpus.untypical", **said(context, found, *out))
        )


def _sentences(context: Context, found: Measured, block: AttentionBlock) -> None:
    """Sentences to open, from the most to the least of it."""
    figure, focus = context.state.does, context.focus
    chosen = found.chosen(block.name, focus.layer, focus.head, figure)
    for kind in ("best", "median", "worst"):
        st.markdown(f"**{context.t(f'corpus.{kind}')}**")
        with st.container(key=f"sentences-{kind}", gap=None):
            rows = chosen[chosen["chosen"] == kind].drop_duplicates("text").head(SENTENCES)
            for at, (value, text) in enumerate(rows[["value", "text"]].itertuples(index=False)):
                st.button(
                    f"{literal(_told(figure, float(value)))} · {literal(short(str(text), LONGEST))}",
                    key=f"corpus-{kind}-{at}",
                    type="tertiary",
                    on_click=actions.open_sentence,
                    args=(str(text), actions.CORPUS),
                )
    opened = st.expander(context.t("corpus.all"), key="corpus-all", on_change="rerun")
    if opened.open:
        with opened:
            table = chosen.assign(chosen=[_interval(context, str(kind)) for kind in chosen["chosen"]])
            data_table(table[["chosen", "value", "text"]], "corpus-sentences", context)


def _interval(context: Context, kind: str) -> str:
    return context.t("corpus.fifth", number=kind) if kind.isdigit() else context.t(f"corpus.{kind}")


def _tokens(context: Context, found: Measured, block: AttentionBlock) -> None:
    """The tokens that get most, and the queries that are surest, of this head."""
    focus, table = context.focus, found.tokens
    own = table[
        (table["block"] == block.name) & (table["layer"] == focus.layer + 1) & (table["head"] == focus.head + 1)
    ]
    for side in ("key", "query"):
        rows = own[own["side"] == side].head(TOKENS)
        if rows.empty:
            continue
        listed = []
        for token, mean in rows[["token", "mean"]].itertuples(index=False):
            name = str(token) or context.t("corpus.unknown")
            listed.append(f"{literal(name)} ({literal(f'× {mean:.1f}' if side == 'key' else percent(float(mean)))})")
        st.caption(f"{context.t(f'corpus.{side}')} {context.t('alt.separator').join(listed)}")
