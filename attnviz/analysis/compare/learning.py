"""How attention was learned: one row of weights at every look at the training, and the numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.focus import Focus
from attnviz.analysis.heads.alignment import Head, combined
from attnviz.trace import AttentionTrace, Axis, Classification, Groups, Written

if TYPE_CHECKING:
    from attnviz.families.learning import Learning


def rows(traces: Sequence[AttentionTrace], chosen: Focus, heads: Sequence[Head] = ()) -> NDArray[np.float64]:
    """One row of weights at every look.

    Args:
        traces: Of one sentence, one a look.
        chosen: Which row.
        heads: The mean of that query's rows over these heads, instead of one head's.

    Returns:
        float64 `[look, key]`.
    """
    if not heads:
        return np.stack([chosen.row(trace) for trace in traces]).astype(np.float64)
    return np.stack([combined(trace.block(chosen.block), heads)[chosen.query] for trace in traces])


def probabilities(traces: Sequence[AttentionTrace], groups: Groups) -> NDArray[np.float64]:
    """How probable each part of a translation is after those before it, at every look.

    Args:
        traces: Of one sentence and one translation, one a look.
        groups: The tokens that make up each part; of several, the product.

    Returns:
        float64 `[look, part]`.
    """
    logs = np.array([_translation(trace).log_probabilities for trace in traces], np.float64)
    shares: NDArray[np.float64] = np.exp(np.stack([logs[:, list(group)].sum(axis=1) for group in groups], axis=1))
    return shares


def table(steps: NDArray[np.int64], tokens: Axis, values: NDArray[np.float64], name: str = "weight") -> pd.DataFrame:
    """What each token has at each look, one cell a row.

    Args:
        steps: int64 `[look]`.
        tokens: What has it.
        values: float64 `[look, token]`.
        name: What it is.

    Returns:
        Columns `look` (from 1), `step`, `position` (from 1), `token`, and the last by its name.
    """
    look, token = np.indices(values.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "look": look + 1,
            "step": steps[look],
            "position": token + 1,
            "token": np.array(tokens.tokens, dtype=object)[token],
            name: values.ravel(),
        }
    )


def curves(
    learning: Learning, traces: Sequence[AttentionTrace], names: Sequence[str], written: Sequence[str] = ()
) -> pd.DataFrame:
    """The course of the training, one look a row.

    Args:
        learning: The looks.
        traces: Of one sentence, one a look.
        names: Of the classes, in the order of the output.
        written: What a model that writes would write, one a look.

    Returns:
        Columns `look` (from 1), `step`, `loss` (nats), `accuracy` (0–1; of a translation `most_probable`), `entropy`
        (nats). For a classification `class`, `probability`: what the sentence was taken for. For a translation
        `translation_log_probability`, of the whole that is held fixed (nats), and `written`.
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
    if written:
        frame = frame.rename(columns={"accuracy": "most_probable"})
        logs = [_translation(trace).log_probabilities for trace in traces]
        frame["translation_log_probability"] = [each.sum(dtype=np.float64) for each in logs]
        frame["written"] = list(written)
    return frame


def _translation(trace: AttentionTrace) -> Written:
    if not isinstance(trace.output, Written):
        raise TypeError(f"Expected a translation. Received: {type(trace.output).__name__}")
    return trace.output
