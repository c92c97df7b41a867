"""What a masked language model expects in the place of a mask."""

from __future__ import annotations

import plotly.graph_objects as go

from attnviz.analysis import filling
from attnviz.errors import InputError
from attnviz.figures.next_token import following
from attnviz.trace import AttentionTrace, Filled


def filled(trace: AttentionTrace, mask: int = 0, *, language: str = "en", theme: str = "light") -> go.Figure:
    """The most probable tokens in the place of one mask, as bars from 0 to 1.

    Args:
        trace: Of a sentence with masks.
        mask: Which, from 0.
        language: Of the words on the chart.
        theme: `light` or `dark`.

    Raises:
        InputError: `no_masks`: nothing was filled; `no_such_index`.

    >>> import math
    >>> import numpy as np
    >>> from attnviz.trace import AttentionBlock, Text, TokenAxis
    >>> axis = TokenAxis.of(["a", "[MASK]"])
    >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
    >>> output = Filled((1,), ((("cat", math.log(0.75)), ("dog", math.log(0.25))),))
    >>> [float(share) for share in filled(AttentionTrace("made", Text("a [MASK]"), (block,), output)).data[0].x]
    [0.75, 0.25]
    """
    output = trace.output
    if not isinstance(output, Filled):
        raise InputError("no_masks", model=trace.model)
    if not 0 <= mask < len(output.positions):
        raise InputError("no_such_index", what="mask", received=mask, last=len(output.positions) - 1)
    table = filling.table(output, mask)
    return following(table, list(table["token"]), False, language=language, theme=theme)
