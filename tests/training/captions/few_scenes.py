"""A kind of model of scenes among few of them, with an encoder of random weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz.families.common import vision
from attnviz.families.common.arrays import names
from attnviz.training import pipeline
from attnviz.training.captions import albums, scene_topics
from attnviz.training.captions.parts import parts
from attnviz.training.captions.subjects import SCENES, Subject


@contextmanager
def few_scenes(place: Path, counts: Mapping[str, int]) -> Iterator[Subject]:
    """Scenes as a subject whose parts have so many; what is kept on disk is kept below `place`."""
    small = {name: replace(part, count=counts[name]) for name, part in parts().items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "CACHE", place / "cache")
        patch.setitem(albums.FOLDERS, "scene", place / "scenes")
        for module in (albums, scene_topics):
            patch.setattr(module, "vision_weights", random_weights)
        yield replace(SCENES, parts=lambda _: small)


def random_weights(**_: Any) -> dict[str, Any]:
    """In the place of the encoder's trained ones."""
    rng = np.random.default_rng(3)
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in _shapes().items()}


@cache
def _shapes() -> dict[str, tuple[int, ...]]:
    return {name: tuple(each.shape) for name, each in names(vision.build()).items()}
