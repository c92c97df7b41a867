"""The numbers behind every picture, as tables. A picture draws its table; whoever recomputes finds the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.focus import Focus, focus
from attnviz.errors import InputError
from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Steps

Order = Literal["sentence", "weight"]


def weights(
    traces: Sequence[AttentionTrace], order: Order = "sentence", chosen: Sequence[Focus] | None = None
) -> pd.DataFrame:
    """One row of weights of one or more sentences, one token a line.

    Args:
        traces: Traces with a block.
        order: As in the sentence, or by falling weight within each sentence.
        chosen: Which row of each trace; None takes `analysis.focus.focus`.

    Returns:
        Columns `sentence` (from 1), `position` (from 1), `token`, `weight` (float32), `unknown`.

    Raises:
        InputError: There is no trace.

    >>> from attnviz.trace import AttentionBlock, Embedding, Text, TokenAxis
    >>> axis = TokenAxis.of(["a", "cat"])
    >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
    >>> trace = AttentionTrace("made", Text("a cat"), (block,), Embedding(np.ones(3)))
    >>> weights([trace])[["token", "weight"]].values.tolist()
    [['a', 0.5], ['cat', 0.5]]
    """
    if not traces:
        raise InputError("no_traces")
    frames = []
    for number, (trace, row) in enumerate(zip(traces, chosen or map(focus, traces), strict=True), start=1):
        keys = row.keys(trace)
        frame = pd.DataFrame(
            {
                "sentence": number,
                "position": np.arange(1, len(keys) + 1),
                "token": list(keys.tokens),
                "weight": row.row(trace),
                "unknown": list(keys.unknown),
            }
        )
        if order == "weight":
            frame = frame.sort_values(["weight", "position"], ascending=[False, True])
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def probabilities(traces: Sequence[AttentionTrace], names: Sequence[str]) -> pd.DataFrame:
    """Class probabilities of one or more sentences, one class a row.

    Args:
        traces: Traces with a classification.
        names: Class names in the order of the output.

    Returns:
        Columns `sentence` (from 1), `class`, `probability` (float32).

    Raises:
        InputError: There is no trace, or one that classifies nothing.
    """
    if not traces:
        raise InputError("no_traces")
    frames = []
    for number, trace in enumerate(traces, start=1):
        output = trace.output
        if not isinstance(output, Classification):
            raise InputError("no_classification", model=trace.model)
        frames.append(pd.DataFrame({"sentence": number, "class": list(names), "probability": output.probabilities}))
    return pd.concat(frames, ignore_index=True)


def scores(steps: Steps, tokens: Sequence[str]) -> pd.DataFrame:
    """The score of each token taken apart.

    Returns:
        Columns `position`, `token`, `content` (x·W), `bias` (b), `score` (their sum, the model's own number).
    """
    return pd.DataFrame(
        {
            "position": np.arange(1, len(tokens) + 1),
            "token": list(tokens),
            "content": steps["content"],
            "bias": steps["bias"],
            "score": steps["scores"],
        }
    )


def softmax(score: NDArray[np.floating], tokens: Sequence[str], temperature: float = 1.0) -> pd.DataFrame:
    """The softmax in its three movements, in float64.

    Args:
        score: `[key]`.
        tokens: One a score.
        temperature: Every score is divided by it first; above 0.

    Returns:
        Columns `position`, `token`, `score`, `shifted` ((score − max) / temperature), `exponential`, `sum`, `weight`.
    """
    if not temperature > 0:
        raise ValueError(f"Expected a temperature above 0. Received: {temperature}")
    values = np.asarray(score, dtype=np.float64)
    shifted = (values - values.max()) / temperature
    exponential = np.exp(shifted)
    return pd.DataFrame(
        {
            "position": np.arange(1, len(tokens) + 1),
            "token": list(tokens),
            "score": np.asarray(score),
            "shifted": shifted,
            "exponential": exponential,
            "sum": exponential.sum(),
            "weight": exponential / exponential.sum(),
        }
    )


def matrix(values: NDArray[np.floating], row_names: Sequence[str], column: str) -> pd.DataFrame:
    """A matrix with named rows and numbered columns `column 1`, `column 2`, …

    Rows are numbered as well, because tokens may repeat.
    """
    frame = pd.DataFrame(values, columns=[f"{column}{index}" for index in range(1, values.shape[1] + 1)])
    frame.insert(0, "token", list(row_names))
    frame.insert(0, "position", np.arange(1, len(frame) + 1))
    return frame


def vector(values: NDArray[np.floating], names: Sequence[str], value: str) -> pd.DataFrame:
    """A vector with the names of its entries; columns `name` and `value`'s name."""
    return pd.DataFrame({"name": list(names), value: values})


def cells(block: AttentionBlock, **columns: NDArray[np.floating[Any]]) -> pd.DataFrame:
    """Values of every query and key of a head, one cell a line.

    Args:
        block: Whose axes they stand on.
        **columns: Values by name, float `[query, key]`.

    Returns:
        Columns `query` and `key` (from 1), `query_token`, `key_token`, and those given.
    """
    query, key = np.indices(block.shape[2:]).reshape(2, -1)
    places = {
        "query": query + 1,
        "key": key + 1,
        "query_token": np.array(block.query.tokens, object)[query],
        "key_token": np.array(block.key.tokens, object)[key],
    }
    return pd.DataFrame({**places, **{name: values.ravel() for name, values in columns.items()}})
