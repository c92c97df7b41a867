"""What scenes and collages have in common: known things at known places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.scenes.collage import COVERED, Collage
from attnviz.scenes.groceries import GROCERIES
from attnviz.scenes.kinds import KINDS, Kind
from attnviz.scenes.scene import Scene, on

#: A picture of which it is known what lies where.
Composed = Scene | Collage


def kinds_of(picture: Composed) -> Mapping[str, Kind]:
    """The kinds of things there may be in it, by name."""
    return GROCERIES if isinstance(picture, Collage) else KINDS


def names_in(picture: Composed) -> tuple[str, ...]:
    """The name of the kind of each thing in it, from the back to the front."""
    return tuple(each.kind for each in picture.objects)


def lying(picture: Composed, objects: Sequence[int], grid: tuple[int, int]) -> NDArray[np.bool_]:
    """Which regions any of some things lies on, bool `[region]`, row by row.

    Args:
        picture: In which they are.
        objects: Their places.
        grid: Rows and columns of the regions.
    """
    if isinstance(picture, Scene):
        return on(picture.covered(*grid), objects).ravel()
    found: NDArray[np.bool_] = (picture.covered(*grid)[list(objects)].sum(axis=0) >= COVERED).ravel()
    return found
