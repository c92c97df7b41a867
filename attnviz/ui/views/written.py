"""What a model writes, token by token: beneath its picture how it is written, and a text of one's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from attnviz.analysis.heads import alignment
from attnviz.figures.numbers import approx
from attnviz.trace import AttentionBlock, Written
from attnviz.ui import actions
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import numbers
from attnviz.ui.controls.said import choose_language
from attnviz.ui.controls.sampling import choose_sampling
from attnviz.ui.settings import BEAMS, MAX_OWN, SPEEDS
from attnviz.ui.translation import chosen_heads, head_codes, written_block
from attnviz.ui.words import literal


def render(context: Context) -> None:
    """Draw the view; its picture is what all views share."""
    block = written_block(context)
    choose_language(context)
    _controls(context, block)
    if "writes" in context.abilities:
        _own(context)
    values = alignment.combined(block, chosen_heads(context, block))
    numbers(context, "alignment", lambda: alignment.table(block, values), context.t(f"writing.map_{block.kind}"))
    numbers(context, "written", lambda: alignment.steps(context.whole), context.told("writing.steps"))


def _controls(context: Context, block: AttentionBlock) -> None:
    with st.container(key="writing-controls", horizontal=True, vertical_alignment="center", gap="medium"):
        st.multiselect(
            context.t("writing.heads"),
            head_codes(block),
            format_func=lambda each: context.t("writing.head", layer=each.split(".")[0], head=each.split(".")[1]),
            key="cross",
            placeholder=context.t("writing.alignment"),
            help=context.t("writing.heads_help"),
            label_visibility="collapsed",
            width=360,
        )
        if "writes" in context.abilities:
            st.segmented_control(
                context.t("writing.search"),
                BEAMS,
                format_func=lambda beam: context.t("writing.greedy" if beam == 1 else "writing.beam", beam=beam),
                key="beam",
                required=True,
                label_visibility="collapsed",
                width="content",
                help=context.told("writing.search_help"),
            )
        st.segmented_control(
            context.t("writing.speed"),
            SPEEDS,
            format_func=lambda speed: context.t("writing.at_once" if speed == 0 else "writing.per_second", speed=speed),
            key="speed",
            required=True,
            label_visibility="collapsed",
            width="content",
        )
        path = context.way.path
        if path:
            st.button(
                context.t("writing.undo", count=len(path)),
                key="undo-choice",
                icon=":material/undo:",
                on_click=actions.undo_choice,
            )
        if path or context.way.target:
            st.button(
                context.told("writing.reset"), key="own-way", icon=":material/restart_alt:", on_click=actions.own_way
            )


def _own(context: Context) -> None:
    """The box for a translation of one's own, and how the model reads it beside its own."""
    st.text_input(
        context.told("writing.own"),
        key="own",
        placeholder=context.told("writing.own_placeholder"),
        max_chars=MAX_OWN,
        help=context.told("writing.own_help"),
    )
    output = context.trace.output
    if "continues" in context.abilities:
        choose_sampling(context)
    if not context.way.target or not isinstance(output, Written) or context.selected is None:
        return
    model = context.desk.trace(context.selected.text, way=replace(context.way, path=(), target="")).output
    assert isinstance(model, Written)
    logs = [float(each.log_probabilities.sum(dtype=np.float64)) for each in (output, model)]
    means = [log / len(each.tokens) for log, each in zip(logs, (output, model), strict=True)]
    differing = sum(best[0][0] != token for token, best in zip(output.tokens, output.alternatives, strict=True))
    words = context.told(
        "writing.compared",
        model=model.text,
        own_log=approx(logs[0], 1),
        model_log=approx(logs[1], 1),
        own_mean=approx(means[0], 2),
        model_mean=approx(means[1], 2),
        differing=differing,
        tokens=len(output.tokens),
    )
    st.markdown(literal(words))
