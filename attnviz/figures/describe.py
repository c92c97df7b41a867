"""Figures in words: the text alternative of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.analysis.focus import Focus, focus
from attnviz.figures.numbers import approx, percent
from attnviz.i18n import translate
from attnviz.trace import AttentionTrace, Classification

#: Tokens named in a description.
NAMED = 5


def row(trace: AttentionTrace, chosen: Focus | None = None, language: str = "en") -> str:
    """One row of weights: how many, the largest, and where; and whose row it is, where there is more than one."""
    chosen = chosen or focus(trace)
    values, keys = chosen.row(trace), chosen.keys(trace)
    top = [int(index) for index in np.argsort(-values, kind="stable")[:NAMED]]
    items = [f"{keys.tokens[index]} {approx(float(values[index]))}" for index in top]
    largest = translate(language, "alt.separator").join(items)
    words = translate(language, "alt.weights", text=trace.text, count=len(values), largest=largest)
    return f"{whose(trace, chosen, language)} {words}".strip()


def whose(trace: AttentionTrace, chosen: Focus, language: str = "en") -> str:
    """Whose row of weights it is (not for a pooling block, which has one), and how much of it is hidden."""
    block = trace.block(chosen.block)
    words = ""
    if block.kind != "pooling":
        query = block.query.tokens[chosen.query]
        words = translate(language, "alt.row", layer=chosen.layer + 1, head=chosen.head + 1, query=query)
    return f"{words} {hidden(trace, chosen, language)}".strip()


def hidden(trace: AttentionTrace, chosen: Focus, language: str = "en") -> str:
    """How much of a row's weight falls on tokens that are not shown, and of all rows of its head; empty if all are."""
    block = trace.block(chosen.block)
    if block.hidden is None:
        return ""
    rows = block.hidden[chosen.layer, chosen.head]
    code = "alt.renormalised" if block.renormalised else "alt.hidden"
    shares = {"share": percent(float(rows[chosen.query])), "mean": percent(float(rows.mean(dtype=np.float64)))}
    return translate(language, code, **shares)


def grid(trace: AttentionTrace, chosen: Focus | None = None, language: str = "en") -> str:
    """All layers and heads of a block."""
    chosen = chosen or focus(trace)
    layers, heads, queries, keys = trace.block(chosen.block).shape
    return translate(language, "alt.grid", text=trace.text, layers=layers, heads=heads, queries=queries, keys=keys)


def many(traces: Sequence[AttentionTrace], language: str = "en") -> str:
    """The weights of several sentences."""
    return " ".join(row(trace, None, language) for trace in traces)


def prediction(trace: AttentionTrace, names: Sequence[str], language: str = "en") -> str:
    """The classes in falling order of probability."""
    output = trace.output
    if not isinstance(output, Classification):
        return ""
    order = [int(index) for index in np.argsort(-output.probabilities, kind="stable")[:NAMED]]
    items = [f"{names[index]} {percent(float(output.probabilities[index]))}" for index in order]
    return translate(language, "alt.prediction", largest=translate(language, "alt.separator").join(items))
