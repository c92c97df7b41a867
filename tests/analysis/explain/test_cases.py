"""Which sentences are worth showing: conditions and order by hand, and the way to a card and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz.analysis.explain import cases
from attnviz.analysis.explain.attribution import Integrated
from attnviz.analysis.explain.cases import Case, Figures
from attnviz.analysis.explain.erasure import Curves
from attnviz.analysis.explain.measures import Measures

#: Meets the condition of every kind but "misleads".
GOOD = Figures(
    kendall_removed=0.7,
    kendall_integrated=0.8,
    agree=True,
    comprehensiveness=0.5,
    random=0.2,
    heaviest="tea",
    share=0.5,
    heaviest_lost=0.4,
    decisive="tea",
    decisive_lost=0.4,
    moved=0.3,
    uniform_change=0.005,
)
MISLEADING = replace(GOOD, agree=False, heaviest_lost=0.01, decisive="cup", decisive_lost=0.31)


@pytest.mark.parametrize(
    ("kind", "figures", "value"),
    [
        ("right", GOOD, 0.3),
        ("right", replace(GOOD, agree=False), None),
        ("right", replace(GOOD, kendall_removed=0.59), None),
        ("right", replace(GOOD, kendall_integrated=float("nan")), None),
        ("right", replace(GOOD, random=0.41), None),
        ("misleads", MISLEADING, 0.3),
        ("misleads", replace(MISLEADING, share=0.21), None),
        ("misleads", replace(MISLEADING, heaviest_lost=0.021), None),
        ("misleads", replace(MISLEADING, decisive_lost=0.09), None),
        ("uniform", GOOD, 0.3),
        ("uniform", replace(GOOD, moved=0.14), None),
        ("uniform", replace(GOOD, uniform_change=0.011), None),
    ],
)
def test_a_condition_is_met_or_not(kind, figures, value):
    found = cases.rank(kind, figures, 7)
    assert found is None if value is None else found == pytest.approx(value)


@pytest.mark.parametrize("tokens", [3, 17])
def test_sentences_too_short_or_long_to_show_never_qualify(tokens):
    assert [cases.rank(kind, GOOD, tokens) for kind in cases.KINDS] == [None, None, None]


def test_the_best_come_first_and_few_are_kept():
    listed = [(Case(f"text {n}", replace(GOOD, moved=0.2 + n / 100)), 7) for n in (2, 5, 3, 1)]
    chosen = cases.best(listed)
    assert [case.text for case in chosen["uniform"]] == ["text 5", "text 3", "text 2"]
    assert [case.text for case in chosen["right"]] == ["text 2", "text 5", "text 3"]
    assert chosen["misleads"] == []


def test_figures_are_those_of_the_measures():
    attention = np.array([0.1, 0.6, 0.1, 0.1, 0.1])
    removed = np.array([0.3, -0.05, 0.0, 0.1, 0.02])
    values = dict(zip(("attention", "removed", "integrated"), (attention, removed, removed), strict=True))
    curve = Curves((1, 2, 3, 4), np.array([0.9, 0.5, 0.3, 0.3, 0.1]), np.linspace(0.1, 0.9, 5))
    flat = Curves((1, 2, 3, 4), np.array([0.9, 0.8, 0.8, 0.8, 0.8]), np.linspace(0.1, 0.9, 5))
    found = Measures(tuple("abcde"), 0, values, Integrated(removed, 0.4, 0.0, 8), {"attention": curve}, (flat, curve))

    one = cases.figures(found, 0.25)

    assert (one.heaviest, one.decisive, one.agree) == ("b", "a", False)
    assert (one.share, one.heaviest_lost, one.decisive_lost) == pytest.approx((0.6, 0.05, 0.3))
    assert one.moved == pytest.approx(0.4)
    assert one.comprehensiveness == pytest.approx(0.6) and one.random == pytest.approx((0.6 + 0.1) / 2)
    # Pairs with b, which alone differs in weight: |removed| of b lies above c, e and below a, d.
    assert one.kendall_removed == pytest.approx(0.0)
    assert one.uniform_change == 0.25


def test_a_card_gives_back_what_was_written():
    written = cases.plain({"right": [Case("some tea", replace(GOOD, share=0.123456))], "misleads": []}, 4)
    assert written["right"][0]["share"] == 0.1235
    assert cases.read(written) == {"right": [Case("some tea", replace(GOOD, share=0.1235))]}


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {"right": "text"},
        {"right": [1, {"text": "a"}]},
        {"other": [{"text": "a", **vars(GOOD)}]},
        {"right": [{"text": 3, **vars(GOOD)}]},
        {"right": [{"text": "a", **vars(GOOD), "share": "0.5"}]},
        {"right": [{"text": "a", **vars(GOOD), "agree": 1}]},
    ],
)
def test_what_is_not_of_that_form_is_left_out(given):
    assert cases.read(given) == {}
