"""What attention explains, in Markdown: the section of a model card and the rows of the README."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attnviz.analysis.explain.measures import MEASURES
from attnviz.training.card import table

#: What the orders are called.
_NAMES = {
    "attention": "attention",
    "removed": "leave-one-out, token removed",
    "replaced": "leave-one-out, unknown token in its place",
    "integrated": "integrated gradients",
    "gradient_input": "gradient × input",
    "random": "random (mean of 20 orders)",
}


def section(metrics: dict[str, Any]) -> str:
    """The table over the sample; empty for a card without these figures."""
    figures = metrics.get("attribution")
    if not figures:
        return ""
    shown = table(
        ["order of the tokens", "agreement with attention", "comprehensiveness", "sufficiency"],
        [
            [
                _NAMES[name],
                _agreement(figures, name),
                _number(figures["comprehensiveness"][name]),
                _number(figures["sufficiency"][name]),
            ]
            for name in (*MEASURES, "random")
        ],
        words=1,
    )
    return (
        f"Attention against measures of what the predicted class depends on, over {figures['n']:,} sentences of at "
        f"least two tokens drawn from the test part (seed {figures['seed']}). Agreement is Kendall's τ-b between the "
        "weights and the sizes of the measure (Jain and Wallace 2019), over the sentences where both rank anything. "
        "Comprehensiveness, high for a good order, is the mean probability lost by removing its first k tokens; "
        "sufficiency, low for a good order, the mean probability missing with those alone (DeYoung et al. 2020), over "
        f"all k. Integrated gradients miss their sum by at most 1 % in {figures['complete']:.2%} of the sentences."
        f"\n\n{shown}"
    )


def _agreement(figures: dict[str, Any], name: str) -> str:
    return _number(figures["kendall"][name]) if name in figures["kendall"] else ""


def readme(cards: Sequence[dict[str, Any]]) -> str:
    """What the README says of all models whose cards have these figures; empty if none has."""
    known = [card for card in cards if "attribution" in card["metrics"]]
    if not known:
        return ""
    head = ["model", *(f"τ-b, {_SHORT[name]}" for name in MEASURES[1:]), "comprehensiveness", "sufficiency"]
    return (
        "Does a weight tell what the answer depends on? Over sentences drawn from the test part (how many, and every "
        "order, stands in each model's card): the mean of Kendall's τ-b between the weights and each measure of "
        "attribution, then what removing tokens costs the predicted class (comprehensiveness, high for a good order) "
        "and what is missing with the first tokens alone (sufficiency, low for a good order), each for the orders by "
        f"attention / leave-one-out / integrated gradients / chance:\n\n{table(head, map(_row, known), words=1)}"
    )


#: Names that fit a table's head.
_SHORT = {
    "removed": "token removed",
    "replaced": "token unknown",
    "integrated": "integrated gradients",
    "gradient_input": "gradient × input",
}


def _row(card: dict[str, Any]) -> list[str]:
    figures = card["metrics"]["attribution"]
    orders = ("attention", "removed", "integrated", "random")
    return [
        f"[{card['name']}](models/{card['name']}/README.md)",
        *(_number(figures["kendall"][name], 2) for name in MEASURES[1:]),
        *(
            " / ".join(_number(figures[kind][name], 2) for name in orders)
            for kind in ("comprehensiveness", "sufficiency")
        ),
    ]


def _number(value: float | None, decimals: int = 4) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"
