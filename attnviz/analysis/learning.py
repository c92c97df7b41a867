"""How attention was learned: one row of weights at every look at the training, and the numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.focus import Focus
from attnviz.trace import AttentionTrace, Classification, TokenAxis

if TYPE_CHECKING:
    from attnviz.families.learning import Learning


def rows(traces: Sequence[AttentionTrace], chosen: Focus, mean: bool = False) -> NDArray[np.float64]:
    """One row of weights at every look.

    Args:
        traces: Of one sentence, one a look.
        chosen: Which row.
        mean: The mean of that query's rows over all heads of the layer, instead of one head's.

    Returns:
        float64 `[look, key]`.
    """
    if not mean:
        return np.stack([chosen.row(trace) for trace in traces]).astype(np.float64)
    heads = [trace.block(chosen.block).weights[chosen.layer, :, chosen.query] for trace in traces]
    means: NDArray[np.float64] = np.stack(heads).mean(axis=1, dtype=np.float64)
    return means


def table(steps: NDArray[np.int64], keys: TokenAxis, values: NDArray[np.float64]) -> pd.DataFrame:
    """The weights, one cell a row.

    Args:
        steps: int64 `[look]`.
        keys: What the weights are given to.
        values: float64 `[look, key]`.

    Returns:
        Columns `look` (from 1), `step`, `position` (from 1), `token`, `weight`.
    """
    look, key = np.indices(values.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "look": look + 1,
            "step": steps[look],
            "position": key + 1,
            "token": np.array(keys.tokens, dtype=object)[key],
            "weight": values.ravel(),
        }
    )


def curves(learning: Learning, traces: Sequence[AttentionTrace], names: Sequence[str]) -> pd.DataFrame:
    """The course of the training, one look a row.

    Args:
        learning: The looks.
        traces: Of one sentence, one a look.
        names: Of the classes, in the order of the output.

    Returns:
        Columns `look` (from 1), `step`, `loss` (nats), `accuracy` (0–1), `entropy` (nats), and for a classification
        `class`, `probability`: what the sentence was taken for.
    """
    frame = pd.DataFrame(
        {
            "look": np.arange(1, len(learning.steps) + 1),
            "step": learning.steps,
            "loss": learning.loss,
            "accuracy": learning.accuracy,
            "entropy": learning.entropy,
        }
    )
    outputs = [trace.output for trace in traces if isinstance(trace.output, Classification)]
    if len(outputs) == len(traces):
        frame["class"] = [names[output.predicted] for output in outputs]
        frame["probability"] = [output.probabilities[output.predicted] for output in outputs]
    return frame
