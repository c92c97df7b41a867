"""From what was added up to the tables of a result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attnviz.corpus.bins import quantile
from attnviz.corpus.chosen import NONE
from attnviz.corpus.result import COLUMNS, Measured
from attnviz.corpus.state import State
from attnviz.corpus.tallies import Tally

#: Sentences listed: nearest the median, and of each fifth of the range.
MEDIAN, EACH, FIFTHS = 3, 3, 5

#: Sentences of each kind in a brief result.
BRIEF = 3

#: Tokens listed a head and side; those that came less often than `SELDOM` only where too few came more often.
TOKENS, SELDOM = 10, 5

#: Significant digits of a value beside a sentence: what single precision has.
DIGITS = 6


def measured(state: State, brief: bool = False) -> Measured:
    """The result of a whole run; a brief one has few sentences, see `BRIEF`."""
    summary = {
        **state.about,
        "sentences": state.sentences,
        "tokens": state.tokens_read,
        "refused": dict(sorted(state.refused.items())),
        "examples": [{"error": code, "where": where} for code, where in state.examples],
        "tokens_not_told_apart": sum(each.beyond for each in state.tokens.values()),
        "corpus": state.digest,
    }
    if state.faithfulness is not None:
        summary["faithfulness"] = state.faithfulness.summary()
    if state.aligned:
        summary["alignment"] = {name: each.summary() for name, each in state.aligned.items()}
    rows = {"heads": _heads(state), "sentences": _sentences(state, brief), "tokens": _tokens(state)}
    return Measured(summary, **{name: _frame(name, found) for name, found in rows.items()})


def _frame(name: str, rows: Iterator[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS[name]))
    whole = {column: "int32" for column in ("layer", "head", "n") if column in frame}
    return frame.astype(whole)


def _places(tally: Tally) -> Iterator[tuple[int, tuple[str, int, int, str]]]:
    """Every row of a tally, and which figure of which head it is."""
    form = tally.form
    for row, (layer, head, figure) in enumerate(np.ndindex(form.layers, form.heads, len(form.figures))):
        yield row, (form.block, layer + 1, head + 1, form.figures[figure])


def _heads(state: State) -> Iterator[tuple[Any, ...]]:
    for tally in state.tallies.values():
        for row, place in _places(tally):
            n, wide = int(tally.count[row]), float(tally.form.widths[row])
            if not n:
                yield (*place, 0, *[np.nan] * 5, wide, [])
                continue
            mean = tally.total[row] / n
            deviation = np.sqrt(max(tally.squares[row] / n - mean**2, 0.0))
            least, most = float(tally.least[row]), float(tally.most[row])
            median = min(max(quantile(tally.histogram[row], wide, 0.5), least), most)
            yield (*place, n, mean, deviation, least, median, most, wide, tally.histogram[row].tolist())


def _sentences(state: State, brief: bool) -> Iterator[tuple[Any, ...]]:
    for tally in state.tallies.values():
        kept = tally.chosen
        for row, place in _places(tally):
            if not tally.count[row]:
                continue
            for word, values, whose in (
                ("best", kept.high[row], kept.high_of[row]),
                ("worst", -kept.low[row], kept.low_of[row]),
            ):
                there = np.flatnonzero(whose != NONE)[: BRIEF if brief else None]
                yield from _told(state, place, word, values[there], whose[there])
            there = kept.few_of[row] != NONE
            values, whose = kept.few[row][there], kept.few_of[row][there]
            median = quantile(tally.histogram[row], float(tally.form.widths[row]), 0.5)
            near = np.argsort(np.abs(values - median), kind="stable")[:MEDIAN]
            yield from _told(state, place, "median", values[near], whose[near])
            if brief:
                continue
            least, most = tally.least[row], tally.most[row]
            fifth = np.clip((values - least) / max(most - least, 1e-12) * FIFTHS, 0, FIFTHS - 1).astype(int)
            for interval in range(FIFTHS):
                some = np.flatnonzero(fifth == interval)
                some = some[np.argsort(whose[some], kind="stable")][:EACH]
                yield from _told(state, place, str(interval + 1), values[some], whose[some])


def _told(state: State, place: tuple[str, int, int, str], word: str, values: Any, whose: Any) -> Iterator[Any]:
    for value, each in zip(values, whose, strict=True):
        yield (*place, word, float(f"{value:.{DIGITS}g}"), state.texts[int(each)])


def _tokens(state: State) -> Iterator[tuple[Any, ...]]:
    for (block, side), tokens in state.tokens.items():
        form = state.tallies[block].form
        means = tokens.total / np.maximum(tokens.count, 1)  # [head, token]
        for at, (layer, head) in enumerate(np.ndindex(form.layers, form.heads)):
            order = np.lexsort((-means[at], tokens.count < SELDOM))[:TOKENS]
            for token in order:
                mean = float(f"{means[at, token]:.{DIGITS}g}")
                yield block, layer + 1, head + 1, side, tokens.names[token], int(tokens.count[token]), mean
