"""Worked cases: real sentences of the test part on which attention is right, misleads, or makes no difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from attnviz import figures
from attnviz.analysis.explain import cases
from attnviz.analysis.explain.cases import (
    HEAVY,
    KEPT,
    KINDS,
    LITTLE,
    LONGEST,
    MOVED,
    MUCH,
    SHORTEST,
    STILL,
    STRONG,
    Case,
    Kind,
)
from attnviz.analysis.explain.measures import Measure
from attnviz.figures.numbers import approx, percent
from attnviz.trace import Classification
from attnviz.ui import actions
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart, data_table
from attnviz.ui.controls.told import told
from attnviz.ui.fields import Field
from attnviz.ui.words import literal

#: Beside attention on the chart: the two that decide.
SHOWN: tuple[Measure, ...] = ("attention", "removed", "integrated")

#: What makes all weights even, see `analysis.surgery.codes`.
EVEN = "uniform"

FIELDS = (Field("case", KINDS, KINDS[0]), Field("instance", range(1, KEPT + 1), 1))


def settle(context: Context) -> dict[str, Any]:
    """A kind this model has no case of gives way to the first it has, a number beyond the last to the last."""
    known, state = cases.read(context.card.details.get("cases")), context.state
    kind = state.case if state.case in known else next(iter(known))
    return {"case": kind, "instance": min(state.instance, len(known[kind]))}


def render(context: Context) -> None:
    """Draw the view."""
    known, state = cases.read(context.card.details.get("cases")), context.state
    kind: Kind = state.case
    listed = known[kind]
    with st.container(key="cases-choice", horizontal=True, vertical_alignment="center", gap="medium"):
        st.segmented_control(
            context.t("cases.kind"),
            list(known),
            format_func=lambda kind: context.t(f"cases.{kind}"),
            key="case",
            required=True,
            label_visibility="collapsed",
            width="content",
        )
        if len(listed) > 1:
            st.segmented_control(
                context.t("cases.sentence"), range(1, len(listed) + 1), key="instance", required=True, width="content"
            )
    told(context, "cases", _what_it_is(context, kind))
    case = listed[state.instance - 1]
    st.subheader(literal(case.text), anchor=False)
    own = context.desk.trace(case.text)
    if kind == "uniform":
        _even(context, case, own.output)
    else:
        _measures(context, kind, case)
    st.markdown(literal(_figures_in_words(context, kind, case)))
    _open(context, kind, case)
    for lacking in (each for each in KINDS if each not in known):
        st.caption(context.t("cases.none", kind=context.t(f"cases.{lacking}")))
    if not context.pooling:
        st.caption(context.t("cases.heads"))
    st.caption(context.t(f"cases.{kind}_honest"))


def _what_it_is(context: Context, kind: Kind) -> str:
    """A plain sentence; behind it the condition in numbers, and what was chosen from."""
    parts = (f"{kind}_text", f"{kind}_criterion", "text")
    return "\n\n".join(context.t(f"cases.{part}", **_bounds(), **_sample(context)) for part in parts)


def _sample(context: Context) -> dict[str, object]:
    """What the sentences were drawn from."""
    figures = context.card.metrics.get("attribution")
    drawn = figures if isinstance(figures, dict) else {}
    return {"n": drawn.get("n", "?"), "seed": drawn.get("seed", "?"), "shortest": SHORTEST, "longest": LONGEST} | {
        "kept": KEPT
    }


def _bounds() -> dict[str, object]:
    """The numbers of the criteria, as the words have them."""
    shares = {"little": LITTLE, "much": MUCH, "still": STILL, "moved": MOVED}
    return {"strong": STRONG, "heavy": HEAVY} | {name: percent(value) for name, value in shares.items()}


def _figures_in_words(context: Context, kind: Kind, case: Case) -> str:
    figures = case.figures
    return context.t(
        f"cases.{kind}_figures",
        heaviest=figures.heaviest,
        decisive=figures.decisive,
        share=percent(figures.share),
        heaviest_lost=percent(figures.heaviest_lost),
        decisive_lost=percent(figures.decisive_lost),
        kendall_removed=approx(figures.kendall_removed, 2),
        kendall_integrated=approx(figures.kendall_integrated, 2),
        comprehensiveness=percent(figures.comprehensiveness),
        random=percent(figures.random),
        moved=percent(figures.moved),
        change=percent(figures.uniform_change),
    )


def _open(context: Context, kind: Kind, case: Case) -> None:
    """The sentence in the views where it can be changed and measured otherwise."""
    with st.container(key="cases-open", horizontal=True, gap="small"):
        for view, edits in (("attribution", ()), ("surgery", (EVEN,) if kind == "uniform" else ())):
            st.button(
                context.t("cases.open", view=context.t(f"views.{view}")),
                key=f"open-{view}",
                icon=":material/open_in_new:",
                on_click=actions.open_sentence,
                args=(case.text, view, edits),
            )


def _measures(context: Context, kind: Kind, case: Case) -> None:
    found = context.desk.values(context.desk.of_case(case.text))
    heaviest, decisive = (int(np.nanargmax(found.values[each])) for each in ("attention", "removed"))
    chart(
        context,
        "attribution",
        figures.attribution(found, SHOWN, language=context.language, theme=context.theme),
        context.t(
            "cases.alt",
            heaviest=found.tokens[heaviest],
            share=percent(float(found.values["attention"][heaviest])),
            decisive=found.tokens[decisive],
            lost=percent(float(found.values["removed"][decisive])),
        ),
        found.table,
    )


def _even(context: Context, case: Case, own: object) -> None:
    """The weights, the even ones, and the probabilities from both."""
    found = context.desk.values(context.desk.of_case(case.text))
    weights = found.values["attention"]
    even = np.full(len(weights), 1 / len(weights))
    table = pd.DataFrame({"token": list(found.tokens), "own": weights, "edited": even, "difference": even - weights})
    heaviest = int(np.argmax(weights))
    chart(
        context,
        "surgery-row",
        figures.changed_row(found.tokens, weights, even, language=context.language, theme=context.theme),
        context.t("cases.alt_even", heaviest=found.tokens[heaviest], share=percent(float(weights[heaviest]))),
        lambda: table,
    )
    after = context.desk.surgery(case.text, (EVEN,))[0].trace.output
    if isinstance(own, Classification) and isinstance(after, Classification):
        before = own.probabilities.astype(np.float64)
        changed = after.probabilities.astype(np.float64)
        answers = {"class": list(context.names), "own": before, "edited": changed, "difference": changed - before}
        data_table(pd.DataFrame(answers), "cases-answer", context)
