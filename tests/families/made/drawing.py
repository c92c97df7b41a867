"""Pictures of coloured squares, drawn from a code: `red,blue;green,red` has two rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.families.common.cleaning import cleaned
from attnviz.trace import Picture, Source

COLOURS = {"red": (220, 30, 40), "green": (20, 160, 70), "blue": (40, 70, 220), "grey": (128, 128, 128)}

#: Pixels of the side of a square.
SIDE = 5


def drawn(source: Source | str) -> Picture:
    """The picture of a code; a picture as it is.

    Raises:
        InputError: `empty_text`; `bad_encode`: this is no such code.
    """
    if isinstance(source, Picture):
        return source
    code, _ = cleaned(str(source))
    rows = [[name.strip() for name in row.split(",")] for row in code.split(";")]
    known = {len(row) for row in rows} == {len(rows[0])} and all(name in COLOURS for row in rows for name in row)
    if not known or len(rows) * len(rows[0]) > 64:
        raise InputError("bad_encode", expected=f"rows of {', '.join(COLOURS)}", received=code[:80])
    squares = np.array([[COLOURS[name] for name in row] for row in rows], np.uint8)
    pixels = squares.repeat(SIDE, 0).repeat(SIDE, 1)
    return Picture(code, (pixels.shape[1], pixels.shape[0]), lambda: pixels)


def patches(picture: Picture) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Pixels of each square, float32 `[1, square, 3 · SIDE²]` between −1 and 1, and rows and columns."""
    width, height = picture.size
    grid = height // SIDE, width // SIDE
    cut = picture.pixels().reshape(grid[0], SIDE, grid[1], SIDE, 3).swapaxes(1, 2)
    return cut.reshape(1, grid[0] * grid[1], -1).astype(np.float32) / 127.5 - 1, grid
