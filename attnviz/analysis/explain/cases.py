"""Sentences worth showing: where attention is right, where it misleads, where even weights change nothing.

What qualifies is decided by numbers alone. In words, and in the catalogues with the same numbers:

    right     Attention and both leave-one-out and integrated gradients put the same token first and rank alike (τ-b of
              at least `STRONG`); removing tokens in attention's order costs at least `MUCH` more than in a random order
              (difference of comprehensiveness). Most first: that difference.
    misleads  The heaviest token has at least `HEAVY` times an even share; leaving it out changes the probability by at
              most `LITTLE`, leaving out another costs at least `MUCH`. Most first: the difference of the two.
    uniform   At least `MOVED` of the weight moves when all weights are made even; no probability changes by more than
              `STILL`. Most first: the weight that moves (total variation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from attnviz.analysis.explain.measures import Measures

Kind = Literal["right", "misleads", "uniform"]

#: In the order they are shown.
KINDS: tuple[Kind, ...] = ("right", "misleads", "uniform")

#: See above; shares of 1, but `HEAVY`, which is a multiple.
STRONG, HEAVY, LITTLE, MUCH, MOVED, STILL = 0.6, 1.5, 0.02, 0.1, 0.15, 0.01

#: Fewest and most tokens of a sentence that is shown.
SHORTEST, LONGEST = 4, 16

#: How many of a kind are kept.
KEPT = 3


@dataclass(frozen=True)
class Figures:
    """What decides, of one sentence and the class predicted for it.

    Attributes:
        kendall_removed, kendall_integrated: τ-b of attention with leave-one-out and with integrated gradients.
        agree: Whether all three put the same token first.
        comprehensiveness, random: Mean probability lost by removing tokens in attention's order, and in random orders.
        heaviest: Token of most weight.
        share: Its weight.
        heaviest_lost: Size of what leaving it out changes.
        decisive: Token whose leaving out costs most.
        decisive_lost: What it costs.
        moved: Weight that moves when all weights are made even.
        uniform_change: Largest change of a class probability then.
    """

    kendall_removed: float
    kendall_integrated: float
    agree: bool
    comprehensiveness: float
    random: float
    heaviest: str
    share: float
    heaviest_lost: float
    decisive: str
    decisive_lost: float
    moved: float
    uniform_change: float


@dataclass(frozen=True)
class Case:
    """A sentence that qualifies.

    Attributes:
        text: The sentence.
        figures: What decided.
    """

    text: str
    figures: Figures


def figures(found: Measures, uniform_change: float) -> Figures:
    """What decides, from a sentence's measures.

    Args:
        found: All measures for the predicted class, of at least two tokens.
        uniform_change: Largest change of a class probability when all weights are made even.
    """
    attention, removed = found.values["attention"], found.values["removed"]
    heaviest, decisive = int(np.argmax(attention)), int(np.argmax(removed))
    firsts = {found.first(each) for each in ("attention", "removed", "integrated")}
    return Figures(
        kendall_removed=found.agreement("removed").kendall,
        kendall_integrated=found.agreement("integrated").kendall,
        agree=len(firsts) == 1,
        comprehensiveness=found.curves["attention"].comprehensiveness,
        random=float(np.mean([each.comprehensiveness for each in found.random])),
        heaviest=found.tokens[heaviest],
        share=float(attention[heaviest]),
        heaviest_lost=float(abs(removed[heaviest])),
        decisive=found.tokens[decisive],
        decisive_lost=float(removed[decisive]),
        moved=float(np.abs(attention - 1 / len(attention)).sum() / 2),
        uniform_change=uniform_change,
    )


def rank(kind: Kind, one: Figures, tokens: int) -> float | None:
    """How well a sentence shows something; None if it does not qualify, as without a τ-b.

    Args:
        kind: What it is to show.
        one: Of the sentence.
        tokens: In it.
    """
    taus = (one.kendall_removed, one.kendall_integrated)
    if not (SHORTEST <= tokens <= LONGEST and np.isfinite(taus).all()):
        return None
    if kind == "right":
        gain = one.comprehensiveness - one.random
        return gain if min(taus) >= STRONG and one.agree and gain >= MUCH else None
    if kind == "misleads":
        heavy = one.share >= HEAVY / tokens and one.heaviest_lost <= LITTLE
        return one.decisive_lost - one.heaviest_lost if heavy and one.decisive_lost >= MUCH else None
    return one.moved if one.moved >= MOVED and one.uniform_change <= STILL else None


def best(candidates: Sequence[tuple[Case, int]]) -> dict[Kind, list[Case]]:
    """The best few of each kind, best first; equal ones in the order given.

    Args:
        candidates: Sentences, each with its number of tokens.
    """
    chosen: dict[Kind, list[Case]] = {}
    for kind in KINDS:
        ranks = [(rank(kind, case.figures, tokens), case) for case, tokens in candidates]
        fitting = sorted(((value, case) for value, case in ranks if value is not None), key=lambda each: -each[0])
        chosen[kind] = [case for _, case in fitting[:KEPT]]
    return chosen


def plain(cases: Mapping[Kind, Sequence[Case]], decimals: int) -> dict[str, list[dict[str, Any]]]:
    """As a card has them, rounded; `read` reads them."""
    return {
        kind: [
            {"text": case.text}
            | {
                name: round(value, decimals) if isinstance(value, float) else value
                for name, value in asdict(case.figures).items()
            }
            for case in listed
        ]
        for kind, listed in cases.items()
    }


def read(given: object) -> dict[Kind, list[Case]]:
    """The cases of a card; kinds without any, and what is not of the form of `plain`, are left out."""
    found: dict[Kind, list[Case]] = {}
    for kind in KINDS:
        entries = given.get(kind) if isinstance(given, dict) else None
        listed = [case for entry in entries if (case := _case(entry))] if isinstance(entries, list) else []
        if listed:
            found[kind] = listed[:KEPT]
    return found


#: What is no number in `Figures`.
_OTHERS: dict[str, type] = {"agree": bool, "heaviest": str, "decisive": str}


def _case(entry: object) -> Case | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
        return None
    values = {name: entry.get(name) for name in Figures.__dataclass_fields__}
    for name, value in values.items():
        if not isinstance(value, _OTHERS.get(name, (int, float))):
            return None
    return Case(entry["text"], Figures(**values))  # type: ignore[arg-type]
