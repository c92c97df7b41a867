"""Attention beside what the prediction depends on: where they agree on this sentence, and where not."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import streamlit as st

from attnviz import figures
from attnviz.analysis.explain import erasure
from attnviz.analysis.explain.measures import MEASURES, Measure, Measures
from attnviz.analysis.heads import alignment
from attnviz.figures.numbers import approx, percent
from attnviz.trace import Classification, Filled, Written
from attnviz.ui import examples, offers
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, data_table
from attnviz.ui.controls.told import told
from attnviz.ui.fields import Field, index
from attnviz.ui.questions import Asked
from attnviz.ui.translation import asked, heads_name, known
from attnviz.ui.words import literal

#: Drawn before anything is chosen; all five at once are too narrow for a phone.
SHOWN: tuple[Measure, ...] = ("attention", "removed", "integrated")

#: The class or token asked about; of a token, the place of another candidate among the likely ones.
FIELDS = (
    index("target", "model"),
    Field("instead", range(11), 0, reset_on=frozenset({"model"})),
)


def settle(context: Context) -> dict[str, int]:
    """A class or token there is none of gives way to the one the page chooses."""
    output, state = context.whole.output, context.state
    if isinstance(output, Classification):
        return {"target": state.target if state.target < len(output.labels) else -1}
    if isinstance(output, Filled):
        target = state.target if 0 <= state.target < len(output.positions) else 0
        there = len(output.alternatives[target])
        return {"target": target, "instead": state.instead if state.instead < there else 0}
    assert isinstance(output, Written)
    target = state.target if state.target in known(output) else -1
    there = len(_candidates(output, asked(output, target)))
    return {"target": target, "instead": state.instead if state.instead < there else 0}


def render(context: Context) -> None:
    """Draw the view."""
    if context.selected is None:
        return
    written = context.written is not None
    _say_it_fails(context)
    filled = isinstance(context.whole.output, Filled)
    text = context.t("attribution.text_filled" if filled else "attribution.text")
    told(context, "attribution", context.told("attribution.text_written") if written else text)
    with st.container(key="attribution-choice", horizontal=True, vertical_alignment="center", gap="medium"):
        choice = _choose_token(context) if written else _choose_filling(context) if filled else _choose_class(context)
        picked = st.pills(
            context.t("attribution.shown"),
            MEASURES[1:],
            default=list(SHOWN[1:]),
            selection_mode="multi",
            format_func=lambda measure: context.t(f"measures.{measure}"),
            key="measures",
            width="content",
        )
    chosen: list[Measure] = [each for each in MEASURES if each == "attention" or each in picked]
    found = context.desk.values(choice.asked)
    chart(
        context,
        "attribution",
        figures.attribution(found, chosen, language=context.language, theme=context.theme),
        _alt(context, found, chosen, choice.name),
        found.table,
    )
    if choice.attention:
        st.caption(literal(choice.attention))
    for measure in chosen[1:]:
        _compare(context, found, measure)
    for measure in chosen:
        st.caption(_meaning(context, found, measure))
    if len(chosen) > 1:
        st.caption(context.t("attribution.agreement_means"))
    if len(found.tokens) > 1:
        _curves(context, choice.asked, chosen)


def _say_it_fails(context: Context) -> None:
    """Where the model is wrong about an example: what it answers, and what this view can tell about it."""
    assert context.selected is not None
    failed = examples.failure(context.card, context.selected.text, context.models_own, context.language)
    if failed:
        kind = "pooling" if context.pooling else "self"
        words = context.t(f"attribution.fails_{kind}", answer=failed[0], expected=failed[1])
        st.markdown(f":material/help: {literal(words)}")


@dataclass(frozen=True)
class Choice:
    """What is asked about.

    Attributes:
        name: Of the class or token.
        attention: Which weights are compared, in a sentence; empty where there is one row only.
        asked: What its probability depends on.
    """

    name: str
    attention: str
    asked: Asked


def _choose_class(context: Context) -> Choice:
    """The class asked about; -1, the predicted one, follows the sentence."""
    output, selected = context.trace.output, context.selected
    assert isinstance(output, Classification) and selected is not None
    names = context.names

    def name(index: int) -> str:
        return names[index] if index >= 0 else context.t("attribution.predicted", name=names[output.predicted])

    chosen: int = st.selectbox(
        context.t("attribution.class"), range(-1, len(names)), format_func=name, key="target", width=340
    )
    target = chosen if chosen >= 0 else output.predicted
    row = context.focus.own(context.trace)
    return Choice(
        names[target],
        "" if context.pooling else _whose(context),
        context.desk.of_class(selected.text, target, row),
    )


def _choose_filling(context: Context) -> Choice:
    """The mask asked about, and a token that may stand there."""
    output, selected = context.whole.output, context.selected
    assert isinstance(output, Filled) and selected is not None
    mask, count = 0, len(output.positions)
    if count > 1:
        mask = st.selectbox(
            context.t("attribution.mask"),
            range(count),
            format_func=lambda each: context.t("filled.mask", number=each + 1, count=count),
            key="target",
            width=340,
        )
    listed = output.alternatives[mask]
    rank: int = st.selectbox(
        context.t("attribution.candidate"),
        range(len(listed)),
        format_func=lambda each: f"{listed[each][0]} {percent(exp(listed[each][1]))}",
        key="instead",
        width=340,
    )
    focus, block = context.focus.own(context.trace), context.whole.block(context.focus.block)
    named = {"layer": focus.layer + 1, "head": focus.head + 1, "query": block.query.tokens[output.positions[mask]]}
    return Choice(
        listed[rank][0],
        context.t("attribution.row", **named),
        context.desk.of_mask(selected.text, mask, listed[rank][0], focus),
    )


def _choose_token(context: Context) -> Choice:
    """The written token asked about, or another that might have stood there."""
    output, selected = context.whole.output, context.selected
    assert isinstance(output, Written) and selected is not None
    spaced = offers.spaced(context.card)
    shown = [alignment.readable(token, spaced) for token in output.tokens]
    place: int = st.selectbox(
        context.told("attribution.token"),
        [-1, *known(output)],
        format_func=lambda each: (
            f"{each + 1}. {shown[each]}"
            if each >= 0
            else context.t("attribution.least_sure", token=shown[asked(output, -1)])
        ),
        key="target",
        width=340,
        help=context.t("attribution.token_help"),
    )
    place = asked(output, place)
    candidates = _candidates(output, place)
    logs = dict(output.alternatives[place]) | {output.tokens[place]: float(output.log_probabilities[place])}
    rank: int = st.selectbox(
        context.t("attribution.candidate"),
        range(len(candidates)),
        format_func=lambda each: (
            f"{alignment.readable(candidates[each], spaced)} {percent(exp(logs[candidates[each]]))}"
        ),
        key="instead",
        width=340,
    )
    token = candidates[rank]
    block = context.looking
    assert block is not None
    heads = alignment.alignment_heads(block, context.card.details.get("alignment"))
    return Choice(
        alignment.readable(token, spaced),
        context.t("attribution.row_written", heads=heads_name(context, block, heads), token=shown[place]),
        context.desk.of_written(selected.text, context.way, place, token, heads),
    )


def _candidates(output: Written, place: int) -> list[str]:
    """The token at a place, and those that might have stood there."""
    own = output.tokens[place]
    return [own, *(each for each, _ in output.alternatives[place] if each != own)]


def _whose(context: Context) -> str:
    focus = context.focus.own(context.trace)
    query = context.whole.block(focus.block).query.tokens[focus.query]
    return context.t("attribution.row", layer=focus.layer + 1, head=focus.head + 1, query=query)


def _compare(context: Context, found: Measures, measure: Measure) -> None:
    """What the two rankings have in common on this very sentence."""
    agreement, name = found.agreement(measure), context.t(f"measures.{measure}")
    if agreement.level == "none":
        st.markdown(literal(context.t("attribution.none")))
        return
    first, other = found.first("attention"), found.first(measure)
    words = (
        context.t("attribution.first_agree", token=found.tokens[first], measure=name)
        if first == other
        else context.t(
            "attribution.first_differ", attention=found.tokens[first], token=found.tokens[other], measure=name
        )
    )
    figures_in_words = context.t(
        f"attribution.{agreement.level}",
        kendall=approx(agreement.kendall, 2),
        spearman=approx(agreement.spearman, 2),
        tokens=agreement.tokens,
    )
    st.markdown(literal(f"{words} {figures_in_words}"))


def _meaning(context: Context, found: Measures, measure: Measure) -> str:
    if measure != "integrated":
        return context.t(f"attribution.{measure}_means")
    return context.t(
        "attribution.integrated_means",
        difference=approx(found.integrated.difference),
        points=found.integrated.points,
        residue=percent(found.integrated.residue),
    )


def _curves(context: Context, asked: Asked, chosen: list[Measure]) -> None:
    """Drawn last: hundreds of runs of the model, while what is above can be looked at."""
    st.subheader(context.t("attribution.curves"), anchor=False)
    st.caption(context.t("attribution.curves_text"))
    found = context.desk.measures(asked)
    table = erasure.table({measure: found.curves[measure] for measure in chosen}, found.random)
    summary = found.summary()
    items = [
        f"{context.t(f'measures.{measure}')} {approx(float(lost))}"
        for measure, lost in zip(summary["measure"], summary["comprehensiveness"], strict=True)
    ]
    chart(
        context,
        "erasure",
        figures.erasure_curves(table, chosen, language=context.language, theme=context.theme),
        context.t("attribution.alt_curves", items=context.t("alt.separator").join(items)),
        lambda: table,
    )
    st.caption(context.t("attribution.curves_mean"))
    data_table(
        summary.assign(measure=[context.t(f"measures.{measure}") for measure in summary["measure"]]),
        "attribution-summary",
        context,
    )


def _alt(context: Context, found: Measures, chosen: list[Measure], name: str) -> str:
    items = []
    for measure in chosen:
        values = found.values[measure]
        for place in erasure.order(values)[:2]:
            words = {"token": found.tokens[place], "value": approx(float(values[place]))}
            items.append(context.t("attribution.alt_item", measure=context.t(f"measures.{measure}"), **words))
    joined = context.t("alt.separator").join(items)
    return context.t("attribution.alt", name=name, items=joined)
