"""When a model is looked at while it learns."""

from __future__ import annotations

import numpy as np

#: Looks at a training, the untrained and the trained model included.
LOOKS = 24


def milestones(total: int, looks: int = LOOKS) -> list[int]:
    """Numbers of steps after which a model is looked at: 0, then even on a logarithmic scale up to the last.

    Args:
        total: Steps of the whole training.
        looks: How many at most; early ones that fall on the same step count once.

    Returns:
        Distinct numbers from 0 to `total`, ascending.
    """
    if total < 1:
        return [0]
    return sorted({0, *(int(step) for step in np.rint(np.geomspace(1, total, max(looks - 1, 1))))})
