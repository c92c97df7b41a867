"""Arrays that nobody can write to, and what stands for long things in a line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def unchangeable(array: Any) -> bool:
    """Whether this is float32 that nobody can write to, which need not be copied."""
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        return False
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return True


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def short(text: str, most: int = 60) -> str:
    """A text, or its beginning.

    >>> short("a good film", 8)
    'a good …'
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()} …"
