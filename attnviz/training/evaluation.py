"""The figures of a model card, computed from the stored weights and the test part of the data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.entropy import entropy, normalised_entropy
from attnviz.analysis.explain.faithfulness import Forward, comprehensiveness, ratio
from attnviz.tokenizers import Tokenizer
from attnviz.training.batch import Batch, padded
from attnviz.training.corpora import Examples
from attnviz.training.networks import Variant, Weights, forward, network, set_weights, uniform

#: Decimals of a figure on a card: more would be noise of the arithmetic.
DECIMALS = 4


def encode(tokenizer: Tokenizer, examples: Examples, max_length: int) -> Batch:
    """Examples as ids, cut at `max_length` tokens and padded to the longest."""
    rows = [[token.id for token in tokenizer.tokenize(text)][:max_length] for text in examples.texts]
    return Batch(padded(rows), examples.labels, examples.targets, examples.auxiliary)


def accuracies(predicted: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> tuple[float, float]:
    """Share of right answers, and the mean over classes of that share."""
    right = predicted == labels
    return float(right.mean()), float(np.mean([right[labels == c].mean() for c in range(classes)]))


def confusion(predicted: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Counts, int64 `[true class, predicted class]`."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def measure(
    weights: Weights,
    config: dict[str, int],
    test: Batch,
    *,
    variant: Variant = "attention",
    mean_weights: Weights | None = None,
) -> dict[str, Any]:
    """All figures that can be computed again from a model folder and the data.

    Args:
        weights: Of the model.
        config: What the family's `build` takes.
        test: The test part.
        variant: Which network.
        mean_weights: Of the same model retrained with mean pooling, where there is one.

    Returns:
        Plain values for `card.json`: shares from 0 to 1, entropies in nats. Entropy, flips and drops are of the weights
        that `networks.network` gives out: of an encoder the [CLS] row of the last layer, see `networks.ClassRow`.
    """
    classes = config["classes"]
    model = network(config, variant)
    set_weights(model, weights)
    predict = forward(model)
    probabilities, attention = predict(test.ids)
    predicted = probabilities.argmax(axis=1)
    figures = {
        **_accuracies("", predicted, test.labels, classes),
        "confidence_mean": float(probabilities.max(axis=1).mean()),
        "entropy_mean": float(entropy(attention).mean()),
        "normalised_entropy_mean": float(normalised_entropy(attention, (test.ids > 0).sum(axis=1)).mean()),
        **_faithfulness(predict, test.ids),
    }
    even = forward(uniform(model, variant))(test.ids)[0].argmax(axis=1)  # last: an encoder is changed by it
    figures |= _accuracies("uniform_", even, test.labels, classes)
    if mean_weights is not None:
        baseline = network(config, "mean")
        set_weights(baseline, mean_weights)
        mean = forward(baseline)(test.ids)[0].argmax(axis=1)
        figures |= _accuracies("mean_pooling_", mean, test.labels, classes)
    return {
        "n_test": len(test.ids),
        **_rounded(figures),
        "confusion": confusion(predicted, test.labels, classes).tolist(),
    }


def _accuracies(prefix: str, predicted: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> dict[str, float]:
    accuracy, macro = accuracies(predicted, labels, classes)
    return {f"{prefix}accuracy": accuracy, f"{prefix}macro_accuracy": macro}


def _faithfulness(predict: Forward, ids: NDArray[np.int32]) -> dict[str, Any]:
    removals = comprehensiveness(predict, ids)
    one = removals[1]
    quotient = ratio(one.drop_top, one.drop_random)
    return {
        "flip_top": one.flip_top.mean(),
        "flip_random": one.flip_random.mean(),
        "drop_top": one.drop_top.mean(),
        "drop_random": one.drop_random.mean(),
        "drop_ratio": quotient.value,
        "drop_ratio_low": quotient.low,
        "drop_ratio_high": quotient.high,
        "comprehensiveness": {
            str(k): {"top": r.drop_top.mean(), "random": r.drop_random.mean(), "n": len(r.rows)}
            for k, r in removals.items()
            if len(r.rows)
        },
    }


def _rounded(figures: Any) -> Any:
    """Plain JSON values: ratios with one decimal, the rest with four; None for a ratio without bound."""
    if isinstance(figures, dict):
        return {
            key: _ratio(value) if key.startswith("drop_ratio") else _rounded(value) for key, value in figures.items()
        }
    return figures if isinstance(figures, int) else round(float(figures), DECIMALS)


def _ratio(value: float) -> float | None:
    return round(value, 1) if math.isfinite(value) else None
