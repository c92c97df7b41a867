"""Whether a sentence is typical of what a head does: its figures among those of a corpus."""

from __future__ import annotations

import numpy as np
import streamlit as st

from attnviz.analysis.heads.behaviour import of_block
from attnviz.corpus import Measured
from attnviz.errors import AttnvizError
from attnviz.figures.numbers import percent
from attnviz.trace import AttentionBlock
from attnviz.ui import actions
from attnviz.ui.context import Context

#: Share of the sentences of a corpus, the middle ones, that are typical of a head.
TYPICAL = 0.98


def own_value(block: AttentionBlock, layer: int, head: int, figure: str) -> float | None:
    """A figure of one head on the sentence at hand; None where it has none, as copies in a sentence without any."""
    values = of_block(block).get(figure)
    value = np.nan if values is None else float(values[layer, head])
    return None if np.isnan(value) else value


def strange(found: Measured, block: AttentionBlock, layer: int, head: int) -> tuple[str, float] | None:
    """The figure in which a sentence is farthest out among those of a corpus, and the share below it; None where it is
    typical in all."""
    tail = (1 - TYPICAL) / 2
    places = {}
    for figure in found.figures(block.name):
        value = own_value(block, layer, head, figure)
        if value is not None:
            places[figure] = found.place(block.name, layer, head, figure, value)
    far = max(places, key=lambda figure: abs(places[figure] - 0.5), default=None)
    return (far, places[far]) if far is not None and not tail <= places[far] <= 1 - tail else None


def typical(context: Context, figure: str = "") -> None:
    """Draw the way to the corpus, and a word where this sentence is not typical of the head that is looked at.

    Args:
        context: The page.
        figure: What is looked for; empty: what the view opens with.
    """
    if "corpus" not in context.abilities:
        return
    try:
        found = context.desk.corpus()
    except AttnvizError:
        return  # the view says what is wrong
    block, focus = context.whole.block(context.focus.block), context.focus
    if found is None or not found.figures(block.name):
        return
    with st.container(key="typical", horizontal=True, vertical_alignment="center", gap="small"):
        out = strange(found, block, focus.layer, focus.head)
        if out is not None:
            st.caption(context.t("corpus.untypical", **said(context, found, *out)), width="content")
        st.button(
            context.t("views.corpus"),
            key="open-corpus",
            type="tertiary",
            icon=":material/bar_chart:",
            on_click=actions.open_corpus,
            args=(out[0] if out else figure or found.figures(block.name)[0],),
        )


def said(context: Context, found: Measured, figure: str, below: float) -> dict[str, object]:
    """What words about a sentence's place need."""
    focus = context.focus
    more = below >= 0.5
    return {
        "head": context.t("writing.head", layer=focus.layer + 1, head=focus.head + 1),
        "figure": context.t(f"columns.{figure}"),
        "side": context.t("corpus.higher" if more else "corpus.lower"),
        "share": percent(below if more else 1 - below),
        "sentences": f"{int(found.row(focus.block, focus.layer, focus.head, figure)['n']):,}",
    }
