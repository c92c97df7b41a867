"""Attention beside what the prediction depends on: every measure of one text for one class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.explain import attribution, erasure
from attnviz.analysis.explain.agreement import Agreement, agreement
from attnviz.analysis.focus import answering
from attnviz.errors import InputError
from attnviz.families.model import Fills, Gradients, Model
from attnviz.trace import Axis, Encoded

Floats = NDArray[np.float64]
Measure = Literal["attention", "removed", "replaced", "gradient_input", "integrated"]

#: In the order they are shown. Attention has no sign, the others have.
MEASURES: tuple[Measure, ...] = ("attention", "removed", "replaced", "integrated", "gradient_input")

#: Random orders beside the measured ones.
RANDOM_ORDERS = 20


@dataclass(frozen=True)
class Measures:
    """All measures of one text.

    Attributes:
        tokens: The text's.
        target: Class index.
        values: Measure to float64 `[token]`; all but attention in probability of the class.
        integrated: Integrated gradients with their residue.
        curves: Measure that orders the tokens to what the class keeps along it; empty of `Question.values`.
        random: The same for seeded random orders; empty of `Question.values`.
        axis: What the tokens stand on, where that is known.

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> found = attnviz.analysis.of_classifier(model, model.encode("a good film"), target=1)
    >>> found.tokens[found.first("removed")], list(found.table().columns[:3])
    ('good', ['position', 'token', 'attention'])
    """

    tokens: tuple[str, ...]
    target: int
    values: Mapping[Measure, Floats]
    integrated: attribution.Integrated
    curves: Mapping[Measure, erasure.Curves]
    random: tuple[erasure.Curves, ...]
    axis: Axis | None = None

    def agreement(self, measure: Measure) -> Agreement:
        """How far attention puts the same tokens first as another measure does, by size: attention has no sign."""
        return agreement(self.values["attention"], np.abs(self.values[measure]))

    def first(self, measure: Measure) -> int:
        """Place of the token of largest size; the first of several.

        Raises:
            ValueError: No token has a value.
        """
        return int(np.nanargmax(np.abs(self.values[measure])))

    def table(self) -> pd.DataFrame:
        """One token a row: `position` (from 1), `token`, and a column per measure."""
        frame = pd.DataFrame({"position": np.arange(1, len(self.tokens) + 1), "token": list(self.tokens)})
        for measure in MEASURES:
            frame[measure] = self.values[measure]
        return frame

    def summary(self) -> pd.DataFrame:
        """One order a row: `measure`, `kendall`, `spearman` (against attention), `comprehensiveness`, `sufficiency`."""
        rows: list[tuple[str, float, float, float, float]] = []
        for measure in MEASURES:
            other = self.agreement(measure)
            curve = self.curves[measure]
            rows.append((measure, other.kendall, other.spearman, curve.comprehensiveness, curve.sufficiency))
        lost = float(np.mean([each.comprehensiveness for each in self.random]))
        missing = float(np.mean([each.sufficiency for each in self.random]))
        rows.append(("random", np.nan, np.nan, lost, missing))
        return pd.DataFrame(rows, columns=["measure", "kendall", "spearman", "comprehensiveness", "sufficiency"])


@dataclass(frozen=True)
class Question:
    """What the probability of a class depends on in one text, as a model is asked for it.

    Attributes:
        encoded: The text.
        attention: The row of weights to compare, float `[token]`, of those that are of the source.
        target: Class index.
        run: Texts to class probabilities.
        gradients: Of that class's probability.
        embed: A text to its embedding vectors.
        unknown: What says nothing in the place of a token (see `Model.blank`); a source of it alone is the baseline of
            integrated gradients.
    """

    encoded: Encoded
    attention: NDArray[np.floating[Any]]
    target: int
    run: attribution.Run
    gradients: attribution.Gradients
    embed: Callable[[Encoded], NDArray[np.floating[Any]]]
    unknown: Any

    def values(self) -> Measures:
        """Every measure, without the curves: most of the work is theirs."""
        encoded, target, run = self.encoded, self.target, self.run
        own = attribution.places(encoded)
        nothing = encoded.replace(own, self.unknown)
        before, empty = (float(each[target]) for each in run([encoded, nothing]))
        features = self.embed(encoded)
        integrated = attribution.integrated_gradients(self.gradients, features, self.embed(nothing), before - empty)
        values: dict[Measure, Floats] = {
            "attention": np.asarray(self.attention, np.float64),
            "removed": attribution.removed(run, encoded, target),
            "replaced": attribution.replaced(run, encoded, target, self.unknown),
            "integrated": integrated.values[own],
            "gradient_input": attribution.gradient_input(self.gradients, features)[own],
        }
        axis = encoded.axis.take(own)
        return Measures(axis.tokens, target, values, integrated, {}, (), axis)

    def erased(self, found: Measures, seed: int = 0) -> Measures:
        """The same measures with the curves along them.

        Args:
            found: What `values` gives.
            seed: Of the random orders.
        """
        orders: Sequence[Sequence[int]] = [
            *(erasure.order(found.values[each]) for each in MEASURES),
            *erasure.random_orders(len(found.tokens), RANDOM_ORDERS, seed),
        ]
        curves = erasure.curves(self.run, self.encoded, self.target, orders)
        named = dict(zip(MEASURES, curves, strict=False))
        return replace(found, curves=named, random=tuple(curves[len(MEASURES) :]))

    def measures(self, seed: int = 0) -> Measures:
        """Every measure and the curves; `seed` as for `erased`."""
        return self.erased(self.values(), seed)


def measure(
    encoded: Encoded,
    attention: NDArray[np.floating[Any]],
    target: int,
    *,
    run: attribution.Run,
    gradients: attribution.Gradients,
    embed: Callable[[Encoded], NDArray[np.floating[Any]]],
    unknown: Any,
    seed: int = 0,
) -> Measures:
    """Take every measure of one text.

    Args:
        encoded, attention, target, run, gradients, embed, unknown: As of `Question`.
        seed: Of the random orders.

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> encoded = model.encode("a good film")
    >>> row = attnviz.analysis.answering(model.run(encoded))
    >>> found = measure(
    ...     encoded, row, 1, run=model.probabilities, embed=model.embed, unknown=model.blank(encoded),
    ...     gradients=lambda features: model.gradients(encoded, 1, features),
    ... )
    >>> found.summary()["measure"].tolist()
    ['attention', 'removed', 'replaced', 'integrated', 'gradient_input', 'random']
    """
    return Question(encoded, attention, target, run, gradients, embed, unknown).measures(seed)


def of_classifier(
    model: Model, encoded: Encoded, target: int, attention: NDArray[np.floating[Any]] | None = None
) -> Measures:
    """`measure` for a classifier as `attnviz.load` gives it.

    Args:
        model: One that offers `Gradients`.
        encoded: The text.
        target: Class index.
        attention: The row of weights to compare, float `[token]`; None takes the one the answer rests on, see
            `focus.answering`.

    Raises:
        InputError: `no_attribution`: the model does not offer it, or has nothing to put in a token's place.

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> found = of_classifier(model, model.encode("a good film"), target=1)
    >>> found.tokens, sorted(found.values)[0]
    (('a', 'good', 'film'), 'attention')
    """
    return about_class(model, encoded, target, attention).measures()


def about_class(
    model: Model, encoded: Encoded, target: int, attention: NDArray[np.floating[Any]] | None = None
) -> Question:
    """What `of_classifier` asks; arguments and errors as there."""
    unknown = model.blank(encoded)
    if not isinstance(model, Gradients) or unknown is None:
        raise InputError("no_attribution", model=model.card.name)
    gradients = model.gradients
    return Question(
        encoded,
        answering(model.run(encoded)) if attention is None else attention,
        target,
        run=model.probabilities,
        gradients=lambda features: gradients(encoded, target, features),
        embed=model.embed,
        unknown=unknown,
    )


def of_mask(
    model: Model,
    encoded: Encoded,
    mask: int = 0,
    token: str | None = None,
    attention: NDArray[np.floating[Any]] | None = None,
) -> Measures:
    """`measure` for a masked language model: what the probability of a token in the place of a mask depends on.

    The mask asked about stays whatever is left out, and is not among the tokens of the result.

    Args:
        model: One that `Fills`.
        encoded: The text.
        mask: Which mask, from 0.
        token: Entry of the vocabulary; None takes the most probable one.
        attention: The row of weights to compare, float `[token]`, of all tokens of the text that are not special but
            the mask; None takes the mask's in the last layer, the mean over heads.

    Raises:
        InputError: `no_attribution`: the model fills no masks; `no_masks`, `no_such_index`, `no_such_token`.
    """
    return about_mask(model, encoded, mask, token, attention).measures()


def about_mask(
    model: Model,
    encoded: Encoded,
    mask: int = 0,
    token: str | None = None,
    attention: NDArray[np.floating[Any]] | None = None,
) -> Question:
    """What `of_mask` asks; arguments and errors as there."""
    if not isinstance(model, Fills):
        raise InputError("no_attribution", model=model.card.name)
    gap = model.gap(encoded, mask)
    target = int(gap.probabilities([gap.encoded])[0].argmax()) if token is None else gap.index(token)
    if attention is None:
        weights = model.run(encoded).blocks[0].weights[-1, :, gap.place][:, attribution.places(gap.encoded)].mean(0)
        attention = weights / max(float(weights.sum()), 1e-9)
    return Question(
        gap.encoded,
        attention,
        target,
        run=gap.probabilities,
        gradients=lambda features: gap.gradients(gap.encoded, target, features),
        embed=gap.embed,
        unknown=gap.blank(gap.encoded),
    )
