"""Arrays that nobody can write to."""

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
