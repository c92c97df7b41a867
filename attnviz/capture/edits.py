"""Edits as two tensors, so that no edit ever traces a graph again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.capture.sites import Site
from attnviz.errors import InputError
from attnviz.trace import Edit

#: Columns of the table of edits: where the values of a site start, and the lengths of up to eight axes.
COLUMNS = 9


def packed(
    edits: Sequence[Edit],
    sites: Sequence[Site],
    rows: Sequence[int],
    table_rows: int,
    sizes: Mapping[str, Sequence[int | None]],
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Edits as the graph takes them.

    Args:
        edits: Weights `[query, key]` or `[batch, query, key]`, addressed by site name; later ones win, cell by cell.
        sites: Where weights can be put in.
        rows: Row of each site in the table.
        table_rows: How many rows the table has.
        sizes: Shape of each site's tensor; None where a length is that of the edit.

    Returns:
        `values` float32 `[n]`, the new weights of each site as the model arranges them one after the other, NaN where
        the model's own weight stays, inf where a mask is lifted, -inf where one is set; `table` int32 `[row, COLUMNS]`:
        where a site's values start (-1: none), and their shape.

    Raises:
        InputError: `no_such_block`, `no_such_index`, `edit_in_loop`, `edit_not_offered`, `edit_shape`.
    """
    places = {site.name: row for site, row in zip(sites, rows, strict=True)}
    layouts = {site.name: site.layout for site in sites}
    chosen: dict[str, NDArray[np.float32]] = {}
    for edit in edits:
        if edit.block not in places:
            raise InputError("no_such_block", received=edit.block, expected=", ".join(places))
        if not next(site.editable for site in sites if site.name == edit.block):
            raise InputError("edit_in_loop", block=edit.block)
        how = next(site.how for site in sites if site.name == edit.block)
        if how != "softmax" and np.isinf(edit.weights).any():  # only a softmax is taken again under another mask
            raise InputError("edit_not_offered", code=edit.label or edit.block)
        heads = layouts[edit.block].shape(sizes[edit.block])[1] or 1
        if edit.head is not None and not 0 <= edit.head < heads:
            raise InputError("no_such_index", what="head", received=edit.head, last=heads - 1)
        new = edit.weights[None] if edit.weights.ndim == 2 else edit.weights
        shape = (new.shape[0], heads, *new.shape[1:])
        whole = chosen.get(edit.block, np.full(shape, np.nan, np.float32))
        if new.ndim != 3 or whole.shape != shape:
            raise _misfit(edit, whole.shape[2:])
        part = whole[:, slice(None) if edit.head is None else slice(edit.head, edit.head + 1)]
        part[...] = np.where(np.isnan(new[:, None]), part, new[:, None])
        chosen[edit.block] = whole
    table = np.full((table_rows, COLUMNS), -1, np.int32)
    start, parts = 0, []
    for name, whole in chosen.items():
        arranged = layouts[name].arranged(whole, sizes[name])
        table[places[name], : 1 + arranged.ndim] = (start, *arranged.shape)
        start += whole.size
        parts.append(arranged.reshape(-1))
    return np.concatenate(parts), table


def check_shapes(edits: Sequence[Edit], shapes: Mapping[str, tuple[int, int, int, int]]) -> None:
    """Compare edits with what the model computed.

    Args:
        edits: As given.
        shapes: Lengths of batch, head, query, key of each site.

    Raises:
        InputError: `edit_shape`.
    """
    for edit in edits:
        batch, _, query, key = shapes[edit.block]
        if edit.weights.shape not in ((query, key), (batch, query, key), (1, query, key)):
            raise _misfit(edit, (query, key))


def _misfit(edit: Edit, expected: tuple[int, ...]) -> InputError:
    return InputError("edit_shape", block=edit.block, expected=str(expected), received=str(edit.weights.shape))
