"""The first picture of a model that writes: what it writes, the heads shown, and a text of one's own."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import streamlit as st

from attnviz.analysis.heads import alignment
from attnviz.analysis.heads.alignment import Head
from attnviz.figures import describe
from attnviz.figures.numbers import approx
from attnviz.trace import AttentionBlock, Written
from attnviz.ui import actions, session
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.components.pictured import Caption
from attnviz.ui.components.writing import writing
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import numbers
from attnviz.ui.controls.said import offered
from attnviz.ui.settings import BEAMS, MAX_OWN, SPEEDS
from attnviz.ui.way import Way
from attnviz.ui.words import literal


def shows(context: Context) -> bool:
    """Whether something is written about the selected sentence."""
    return context.selected is not None and _block(context) is not None


def stage(context: Context) -> None:
    """Draw the picture with its controls."""
    block, state = _block(context), context.state
    assert block is not None
    heads = _heads(context, block)
    values, name = alignment.combined(block, heads), heads_name(context, block, heads)
    alt = describe.translation(context.trace, block, values, name, context.language)
    language = state.said if offered(context) else (context.card.languages or ("",))[-1]
    with st.container(key="stage-box"):
        writing(
            context,
            Caption(context.trace, block, values, language),
            name,
            second=_second(context, heads),
            scale=state.scale,
            key=_key(context),
            start=_step(block, context.way.path[-1][0]) if context.way.path else 0,
            at=_step(block, state.at),
            speed=state.speed if session.applied() else 0,
            alt=alt,
            text=state.text,
            on_event=actions.writing_changed,
        )
    _controls(context, block)
    _own(context)
    figure_tools(context, "stage-box", f"attnviz-{context.card.name}-translation", alt)
    numbers(context, "alignment", lambda: alignment.table(block, values), context.t(f"writing.map_{block.kind}"))
    numbers(context, "written", lambda: alignment.steps(context.whole), context.told("writing.steps"))


def _second(context: Context, heads: tuple[Head, ...]) -> Caption | None:
    """The caption in the other language, where both are wanted."""
    others = [code for code in offered(context) if code != context.state.said]
    if not (context.state.both and others and context.selected):
        return None
    trace = context.read(replace(context.desk, language=others[0]).trace(context.selected.text))
    block = alignment.written_rows(trace)
    return Caption(trace, block, alignment.combined(block, heads), others[0])


def _block(context: Context) -> AttentionBlock | None:
    return alignment.written_rows(context.trace) if isinstance(context.trace.output, Written) else None


def _controls(context: Context, block: AttentionBlock) -> None:
    with st.container(key="writing-controls", horizontal=True, vertical_alignment="center", gap="medium"):
        st.multiselect(
            context.t("writing.heads"),
            _options(block),
            format_func=lambda each: context.t("writing.head", layer=each.split(".")[0], head=each.split(".")[1]),
            key="cross",
            placeholder=context.t("writing.alignment"),
            help=context.t("writing.heads_help"),
            label_visibility="collapsed",
            width=360,
        )
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


def _options(block: AttentionBlock) -> list[str]:
    layers, heads, _, _ = block.shape
    return [f"{layer}.{head}" for layer in range(1, layers + 1) for head in range(1, heads + 1)]


def _heads(context: Context, block: AttentionBlock) -> tuple[Head, ...]:
    options = _options(block)
    listed = (each.split(".") for each in context.state.cross if each in options)
    chosen = tuple((int(layer) - 1, int(head) - 1) for layer, head in listed)
    return chosen or alignment.alignment_heads(block, context.card.details.get("alignment"))


def heads_name(context: Context, block: AttentionBlock, heads: tuple[Head, ...]) -> str:
    """What heads of a block are called together; an average is called one."""
    listed = context.t("alt.separator").join(
        context.t("writing.head", layer=layer + 1, head=head + 1) for layer, head in heads
    )
    if len(heads) > 1:
        listed = context.t("writing.name_mean", count=len(heads), heads=listed)
    if set(heads) == set(alignment.alignment_heads(block, context.card.details.get("alignment"))):
        return context.t("writing.name_alignment", heads=listed)
    return listed


def _key(context: Context) -> str:
    """Names a translation, whatever is shown of it."""
    parts = (context.card.name, context.whole.text, context.written, context.way, context.state.pieces)
    special = context.state.special != "show"
    return hashlib.sha256(repr((*parts, special)).encode("utf-8", "replace")).hexdigest()[:16]


def _step(block: AttentionBlock, place: int) -> int:
    """The query shown that stands for a token of the translation; -1 for none."""
    return next((step for step, group in enumerate(alignment.groups(block)) if place in group), -1)


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
    if not context.way.target or not isinstance(output, Written) or context.selected is None:
        return
    model = context.desk.trace(context.selected.text, way=Way(beam=context.way.beam)).output
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
