"""Attention beside what the prediction depends on: where they agree on this sentence, and where not."""

from __future__ import annotations

import streamlit as st

from attnviz import figures
from attnviz.analysis import erasure
from attnviz.analysis.measures import MEASURES, Measure, Measures
from attnviz.figures.numbers import approx, percent
from attnviz.trace import Classification
from attnviz.ui import cache
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, data_table
from attnviz.ui.words import literal

#: Drawn before anything is chosen; all five at once are too narrow for a phone.
SHOWN: tuple[Measure, ...] = ("attention", "removed", "integrated")


def render(context: Context) -> None:
    """Draw the view."""
    if context.selected is None:
        return
    st.caption(context.t("attribution.text"))
    target = _choose_class(context)
    st.pills(
        context.t("attribution.shown"),
        MEASURES[1:],
        default=list(SHOWN[1:]),
        selection_mode="multi",
        format_func=lambda measure: context.t(f"measures.{measure}"),
        key="measures",
    )
    chosen: list[Measure] = [each for each in MEASURES if each == "attention" or each in st.session_state.measures]
    row = context.focus.own(context.trace)
    found = cache.measures(context.card.name, context.selected.text, target, row.layer, row.head, row.query)
    if not context.pooling:
        st.caption(literal(_whose(context)))
    chart(
        context,
        "attribution",
        figures.attribution(found, chosen, language=context.language, theme=context.theme),
        _alt(context, found, chosen),
        found.table,
    )
    for measure in chosen[1:]:
        _compare(context, found, measure)
    for measure in chosen:
        st.caption(_meaning(context, found, measure))
    if len(found.tokens) > 1:
        _curves(context, found, chosen)


def _choose_class(context: Context) -> int:
    """The class asked about; -1, the predicted one, follows the sentence."""
    output = context.trace.output
    assert isinstance(output, Classification)
    names = context.names

    def name(index: int) -> str:
        return names[index] if index >= 0 else context.t("attribution.predicted", name=names[output.predicted])

    chosen: int = st.selectbox(
        context.t("attribution.class"), range(-1, len(names)), format_func=name, key="target", width=340
    )
    return chosen if chosen >= 0 else output.predicted


def _whose(context: Context) -> str:
    focus = context.focus.own(context.trace)
    query = context.own.block(focus.block).query.tokens[focus.query]
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


def _curves(context: Context, found: Measures, chosen: list[Measure]) -> None:
    st.subheader(context.t("attribution.curves"), anchor=False)
    st.caption(context.t("attribution.curves_text"))
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
    data_table(
        summary.assign(measure=[context.t(f"measures.{measure}") for measure in summary["measure"]]),
        "attribution-summary",
        context,
    )


def _alt(context: Context, found: Measures, chosen: list[Measure]) -> str:
    items = []
    for measure in chosen:
        values = found.values[measure]
        for place in erasure.order(values)[:2]:
            words = {"token": found.tokens[place], "value": approx(float(values[place]))}
            items.append(context.t("attribution.alt_item", measure=context.t(f"measures.{measure}"), **words))
    joined = context.t("alt.separator").join(items)
    return context.t("attribution.alt", name=context.names[found.target], items=joined)
