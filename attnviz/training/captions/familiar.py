"""What a captioner of photographs can say it was never taught: learned from what it was taught, and measured."""

from __future__ import annotations

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from attnviz.families.common.familiar import SEEN, Familiar
from attnviz.families.common.seeing import seen
from attnviz.families.writing.caption import CaptionModel
from attnviz.scenes.collage import SIDE
from attnviz.trace import Picture
from attnviz.training.captions.features import Album
from attnviz.training.captions.subjects import SCENES

#: Added to how much the features spread in each direction, as a share of the most: a little in those that hardly do.
_LEAST = 1e-3

#: Share of the collages of validation photographs that are not to be called strange.
_KNOWN = 0.98

#: Drawn scenes that are shown to it: nothing like them was taught.
DRAWN = 200

#: Collages at once.
_BATCH = 64


def learned(train: Album, dev: Album) -> Familiar:
    """Means and spread of what is seen of each kind, and how far collages of other photographs are from them.

    Args:
        train: The collages that were learned from.
        dev: Those of photographs that were not.
    """
    seen_things, kinds = _things(train)
    _, classes = np.unique(kinds, return_inverse=True)
    means = np.stack([seen_things[classes == each].mean(axis=0) for each in range(classes.max() + 1)])
    values, directions = np.linalg.eigh(np.cov(seen_things - means[classes], rowvar=False))
    whitening = (directions / np.sqrt(values + _LEAST * values.max())).astype(np.float32)
    found = Familiar(whitening, (means @ whitening).astype(np.float32), 0.0)
    apart = [found.distance(dev.regions([row])[0]) for row in range(len(dev.scenes))]
    return Familiar(found.whitening, found.means, float(np.quantile(apart, _KNOWN)))


def _things(album: Album) -> tuple[NDArray[np.float64], list[str]]:
    """The mean of what is seen on each thing, `[thing, feature]`, and its kind."""
    found: list[NDArray[np.float64]] = []
    for start in range(0, len(album.scenes), _BATCH):
        rows = np.arange(start, min(start + _BATCH, len(album.scenes)))
        for row, regions in zip(rows, album.regions(rows)[:, :, SEEN], strict=True):
            things = len(album.scenes[row].objects)
            found += [regions[there].mean(axis=0, dtype=np.float64) for there in album.on[row, :things]]
    return np.stack(found), [each.kind for scene in album.scenes for each in scene.objects]


def measured(model: CaptionModel, test: Album) -> dict[str, float]:
    """How often pictures are called strange.

    Returns:
        `n_test` and `test`: collages of the test part, and the share of them; `n_drawn` and `drawn`: drawn scenes.
    """
    familiar = model.familiar
    assert familiar is not None
    strange = [familiar.distance(test.regions([row])[0]) > familiar.limit for row in range(len(test.scenes))]
    foreign = [familiar.distance(seen(model.encoder, picture)[0]) > familiar.limit for picture in _drawn()]
    return {
        "n_test": len(strange),
        "test": round(float(np.mean(strange)), 4),
        "n_drawn": len(foreign),
        "drawn": round(float(np.mean(foreign)), 4),
    }


def _drawn() -> list[Picture]:
    scenes = SCENES.parts(1)["test"].scenes()
    return [Picture.of(np.asarray(scene.image(SIDE))) for scene in islice(scenes, DRAWN)]
