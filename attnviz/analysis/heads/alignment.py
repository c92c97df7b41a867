"""Source–target attention as an alignment: heads put together, and how each token came to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.writing.subwords import BLANK, SPECIAL
from attnviz.trace import AttentionBlock, AttentionTrace, Axis, Groups, TokenAxis, Written

#: A layer and a head, from 0.
Head = tuple[int, int]

#: From here on stand the characters of Chinese, Japanese and Korean.
_NO_BLANKS = "\u3000"

#: How that mark is shown where nothing follows it, as `families.hub.pieces` shows a blank.
ALONE = "␣"


def alignment_heads(block: AttentionBlock, stated: Mapping[str, Any] | None = None) -> tuple[Head, ...]:
    """The heads that serve as an alignment.

    Args:
        block: Of kind `cross`.
        stated: `layer` and `heads`, from 0, as a model's card has them; without, all heads of the last layer.

    >>> import attnviz
    >>> block = attnviz.load("translate-en-ja").trace("I like tea.").block("source-target")
    >>> alignment_heads(block, {"layer": 2, "heads": [0]})
    ((2, 0),)
    """
    layers, heads, _, _ = block.shape
    layer = int((stated or {}).get("layer", layers - 1))
    chosen = tuple((layer, int(head)) for head in (stated or {}).get("heads", range(heads)))
    sound = tuple(each for each in chosen if 0 <= each[0] < layers and 0 <= each[1] < heads)
    return sound or tuple((layers - 1, head) for head in range(heads))


def combined(block: AttentionBlock, heads: Sequence[Head]) -> NDArray[np.float64]:
    """The mean of some heads' weights, float64 `[query, key]`; rows of the model's own weights sum to 1.

    >>> from attnviz.trace import TokenAxis
    >>> axis = TokenAxis.of(["a", "cat"])
    >>> weights = np.array([[[[1, 0], [0, 1]], [[0, 1], [0, 1]]]], np.float32)
    >>> combined(AttentionBlock("words", "self", axis, axis, weights), [(0, 0), (0, 1)]).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    mean: NDArray[np.float64] = np.mean([block.weights[head].astype(np.float64) for head in heads], axis=0)
    return mean


def table(block: AttentionBlock, values: NDArray[np.float64]) -> pd.DataFrame:
    """One cell a row: `query`, `key` (positions from 1), `query_token`, `key_token`, `weight`."""
    query, key = np.indices(values.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "query": query + 1,
            "key": key + 1,
            "query_token": np.array(block.query.tokens, dtype=object)[query],
            "key_token": np.array(block.key.tokens, dtype=object)[key],
            "weight": values.ravel(),
        }
    )


def written_block(trace: AttentionTrace) -> AttentionBlock:
    """The block through which what is written looks at its source; without one, at the tokens before.

    Args:
        trace: With a `Written`.

    Raises:
        InputError: `no_such_block`: there is neither.
    """
    return next((block for block in trace.blocks if block.kind == "cross"), None) or trace.block("causal")


def written_rows(trace: AttentionTrace) -> AttentionBlock:
    """Only the rows with which the tokens were written, each named for the token it wrote.

    Args:
        trace: With a `Written`. The last queries of its block are those that wrote its tokens.

    Returns:
        Between two sources the block as it is; else a block of fewer queries, whose `parts` count tokens written.
    """
    output, block = trace.output, written_block(trace)
    if not isinstance(output, Written) or block.kind == "cross":
        return block
    own = block.parts or tuple(tuple((place,) for place in range(len(axis))) for axis in (block.query, block.key))
    first = own[0][-1][-1] + 1 - len(output.tokens)
    rows = [row for row, group in enumerate(own[0]) if group[0] >= first]
    groups = tuple(tuple(place - first for place in own[0][row]) for row in rows)
    tokens = ["".join(output.tokens[place] for place in group).replace(BLANK, " ").strip() or ALONE for group in groups]
    special = [output.tokens[group[0]] in SPECIAL for group in groups]
    mask = block.mask if block.mask is None else block.mask[..., rows, :]
    hidden = None if block.hidden is None else block.hidden[:, :, rows]
    axis = replace(TokenAxis.of(tokens, special=special), text=output.text)
    weights = block.weights[:, :, rows]
    return replace(block, query=axis, weights=weights, mask=mask, hidden=hidden, parts=(groups, own[1]))


def written_axis(trace: AttentionTrace) -> Axis:
    """The tokens that were written, as an axis; arguments as for `written_rows`."""
    return written_rows(trace).query


def source_place(source: Axis, keys: Axis) -> int:
    """Where what is read begins among the keys of a block; before and behind it the model may put its own.

    Args:
        source: As it was encoded.
        keys: Of a block that looks at it.

    Raises:
        InputError: `no_such_index`: it does not stand there.
    """
    tokens = source.tokens
    found = (
        place for place in range(len(keys) - len(tokens) + 1) if keys.tokens[place : place + len(tokens)] == tokens
    )
    place = next(found, None)
    if place is None:
        raise InputError("no_such_index", what="key", received=" ".join(tokens)[:80], last=len(keys) - 1)
    return place


def groups(block: AttentionBlock) -> Groups:
    """For each query shown, the tokens of the translation it stands for."""
    return tuple((place,) for place in range(len(block.query))) if block.parts is None else block.parts[0]


def steps(trace: AttentionTrace) -> pd.DataFrame:
    """How each token was written, one alternative a row.

    Args:
        trace: With a `Written`.

    Returns:
        Columns `position` (from 1), `token`, `probability`, `log_probability` (nats), then `rank` (from 1),
        `alternative`, `alternative_probability` of the step's best tokens.
    """
    output = trace.output
    rows = []
    if isinstance(output, Written):
        logs = output.log_probabilities.astype(np.float64)
        for place, best in enumerate(output.alternatives):
            own = (place + 1, output.tokens[place], np.exp(logs[place]), logs[place])
            rows += [(*own, rank, other, np.exp(log)) for rank, (other, log) in enumerate(best, start=1)]
    columns = ["position", "token", "probability", "log_probability", "rank", "alternative", "alternative_probability"]
    return pd.DataFrame(rows, columns=columns)


def readable(entry: str, spaced: bool) -> str:
    """An entry of a vocabulary for the eye: without the mark of a blank, with `…` before what goes on a word.

    A word of a script without blanks goes on none, in a vocabulary that has both kinds.

    The mark alone, the beginning of a word that is still to be spelled, is `ALONE`.

    Args:
        entry: As in `Written.tokens`.
        spaced: Whether the language has blanks between words.
    """
    if not spaced:
        return entry
    if entry.startswith(BLANK):
        return entry[len(BLANK) :] or ALONE
    return f"…{entry}" if entry[:1].isalnum() and entry < _NO_BLANKS else entry
