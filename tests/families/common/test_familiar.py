"""How far a picture is from what was taught, against a reference of float64."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.families.common.familiar import SEEN, Familiar

CLASSES, COORDINATES = 5, 11


@pytest.fixture(scope="module")
def familiar() -> Familiar:
    rng = np.random.default_rng(3)
    features = len(range(*SEEN.indices(432)))
    whitening = rng.normal(size=(features, COORDINATES)).astype(np.float32)
    return Familiar(whitening, rng.normal(size=(CLASSES, COORDINATES)).astype(np.float32), 7.5)


def reference(familiar: Familiar, regions: np.ndarray) -> float:
    """The same by loops, in float64."""
    grid = regions.astype(np.float64)[:, SEEN].reshape(14, 14, -1)
    views = [grid]
    for along in (0, 1):
        views += np.split(grid, 2, axis=along)
    views += [quarter for half in np.split(grid, 2, axis=0) for quarter in np.split(half, 2, axis=1)]
    found = []
    for view in views:
        place = view.reshape(-1, view.shape[2]).mean(axis=0) @ familiar.whitening.astype(np.float64)
        found += [float(np.linalg.norm(place - mean)) for mean in familiar.means.astype(np.float64)]
    return min(found) / COORDINATES**0.5


@pytest.mark.parametrize("seed", [2, 3, 5])
def test_the_distance_is_to_the_nearest_class_from_the_most_familiar_part(familiar: Familiar, seed: int):
    regions = np.random.default_rng(seed).normal(size=(196, 432)).astype(np.float32)
    assert familiar.distance(regions) == pytest.approx(reference(familiar, regions), rel=1e-5)


def test_one_quarter_that_is_known_is_enough(familiar: Familiar):
    rng = np.random.default_rng(7)
    regions = rng.normal(scale=9, size=(14, 14, 432)).astype(np.float32)
    regions[7:, :7, SEEN] = np.linalg.lstsq(familiar.whitening.T.astype(np.float64), familiar.means[2], rcond=None)[0]
    assert familiar.distance(regions.reshape(196, 432)) == pytest.approx(0, abs=1e-4)


def test_it_is_stored_with_the_weights_and_absent_where_it_is_not(familiar: Familiar):
    again = Familiar.within({"stem/kernel": np.zeros(3), **familiar.arrays()})
    assert again is not None and again.limit == familiar.limit
    np.testing.assert_array_equal(again.means, familiar.means)
    np.testing.assert_array_equal(again.whitening, familiar.whitening)
    assert Familiar.within({"stem/kernel": np.zeros(3)}) is None
