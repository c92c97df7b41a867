"""Attention against what predictions depend on, over a sample of the test part; and the sentences worth showing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from attnviz.analysis.explain import cases
from attnviz.analysis.explain.measures import MEASURES, Measures, of_classifier
from attnviz.analysis.surgery import operations
from attnviz.analysis.surgery.codes import parse
from attnviz.errors import InputError
from attnviz.trace import Classification, Encoded
from attnviz.training.corpora import Examples
from attnviz.training.evaluation import DECIMALS
from attnviz.training.progress import Progress

#: Sentences drawn from the test part, and the seed they are drawn with.
SENTENCES, SEED = 500, 0

#: Largest residue of integrated gradients that counts as complete.
COMPLETE = 0.01


def explanations(
    model: Any, test: Examples, *, sentences: int = SENTENCES, label: str = "", quiet: bool = False
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Take every measure of a seeded sample of sentences of at least two tokens, for the class predicted for each.

    Args:
        model: A classifier of `attnviz.families`, as loaded.
        test: The test part.
        sentences: Most sentences drawn.
        label: Before the progress on standard error.
        quiet: No progress.

    Returns:
        Plain values for `card.json`: the figures (see `summary`), and the cases as `analysis.explain.cases.plain`
        writes them. Only sentences whose class is predicted right and whose words are all known can be cases.
    """
    order = np.random.default_rng(SEED).permutation(len(test))
    progress = Progress(label, sentences, quiet=quiet)
    found: list[Measures] = []
    candidates: list[tuple[cases.Case, int]] = []
    seen: set[str] = set()
    for row in order:
        if len(found) == sentences:
            break
        text = test.texts[row]
        encoded = _encoded(model, text)
        if encoded is None or text in seen:
            continue
        seen.add(text)
        tokens = encoded.axes["tokens"]
        output = model.run(encoded).output
        measures = of_classifier(model, encoded, output.predicted)
        found.append(measures)
        if output.predicted == test.labels[row] and not any(tokens.unknown):
            case = cases.Case(text, cases.figures(measures, _uniform_change(model, encoded, output)))
            candidates.append((case, len(tokens)))
        progress.update(len(found))
    progress.close()
    return summary(found), cases.plain(cases.best(candidates), DECIMALS)


def summary(found: Sequence[Measures]) -> dict[str, Any]:
    """Means over sentences.

    Returns:
        `n` sentences drawn with `seed`; by measure `kendall`, τ-b with attention (`kendall_n`: of how many sentences it
        exists); by order, `random` among them, `comprehensiveness` and `sufficiency`; `complete`, the share of
        sentences in which integrated gradients miss their sum by at most 1 %.
    """
    tables = [each.summary().set_index("measure") for each in found]
    orders = (*MEASURES, "random")

    def mean(name: str, column: str) -> float | None:
        values = np.array([table.loc[name, column] for table in tables], dtype=np.float64)
        return round(float(np.nanmean(values)), DECIMALS) if np.isfinite(values).any() else None

    return {
        "n": len(found),
        "seed": SEED,
        "kendall": {name: mean(name, "kendall") for name in MEASURES[1:]},
        "kendall_n": {name: sum(int(table["kendall"].notna()[name]) for table in tables) for name in MEASURES[1:]},
        "comprehensiveness": {name: mean(name, "comprehensiveness") for name in orders},
        "sufficiency": {name: mean(name, "sufficiency") for name in orders},
        "complete": round(float(np.mean([each.integrated.residue <= COMPLETE for each in found])), DECIMALS),
    }


def _encoded(model: Any, text: str) -> Encoded | None:
    """None for what the model cannot read or has no order of tokens."""
    try:
        encoded: Encoded = model.encode(text)
    except InputError:
        return None
    return encoded if len(encoded.axes["tokens"]) > 1 else None


def _uniform_change(model: Any, encoded: Encoded, own: Classification) -> float:
    """Largest change of a class probability with every weight made even."""
    even = operations.perform(model, encoded, [parse("uniform")]).trace.output
    return float(np.abs(even.probabilities - own.probabilities).max())  # type: ignore[union-attr]
