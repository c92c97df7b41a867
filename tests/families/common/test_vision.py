"""The network that sees, against convolutions in NumPy, float64; and the weights that are converted for it."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.families.common import vision
from attnviz.families.common.arrays import names
from attnviz.training.captions.pretrained import _folded

#: Stride of every block, and whether it has an expansion.
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)


@pytest.fixture(scope="module")
def model():
    return vision.build()


@pytest.fixture(scope="module")
def weights(model):
    rng = np.random.default_rng(3)
    found = {}
    for name, variable in names(model).items():
        fan = np.prod(variable.shape[:2]) * (1 if "depthwise" in name else variable.shape[2]) if "kernel" in name else 9
        found[name] = rng.normal(0, np.sqrt(2 / fan), variable.shape).astype(np.float32)
        variable.assign(found[name])
    return found


def padded(x, kernel, stride):
    """SAME padding as TensorFlow has it: what is odd goes behind."""
    out = -(-x.shape[0] // stride)
    more = max((out - 1) * stride + kernel - x.shape[0], 0)
    before = more // 2
    return np.pad(x, ((before, more - before), (before, more - before), (0, 0)))


def windows(x, kernel, stride):
    """`[row, column, channel, kernel, kernel]`."""
    found = np.lib.stride_tricks.sliding_window_view(padded(x, kernel, stride), (kernel, kernel), axis=(0, 1))
    return found[::stride, ::stride]


def full(x, weights, name, stride=1):
    kernel = weights[f"{name}/kernel"].astype(np.float64)
    return (
        np.einsum("xycij,ijco->xyo", windows(x, kernel.shape[0], stride), kernel, optimize=True)
        + weights[f"{name}/bias"]
    )


def depthwise(x, weights, name, stride):
    kernel = weights[f"{name}/kernel"].astype(np.float64)[..., 0]
    return (
        np.einsum("xycij,ijc->xyc", windows(x, kernel.shape[0], stride), kernel, optimize=True)
        + weights[f"{name}/bias"]
    )


def relu6(x):
    return np.clip(x, 0, 6)


def reference(pixels, weights):
    x = relu6(full((pixels.astype(np.float64) - 127) / 128, weights, "stem", 2))
    fine = None
    for block, stride in enumerate(STRIDES):
        before, name = x, f"block_{block}"
        if f"{name}_expand/kernel" in weights:
            x = relu6(full(x, weights, f"{name}_expand"))
        x = relu6(depthwise(x, weights, f"{name}_depthwise", stride))
        x = full(x, weights, f"{name}_project")
        x = x + before if x.shape == before.shape and stride == 1 else x
        fine = x if block == 10 else fine
    return fine, x


def test_both_maps_are_the_convolutions(model, weights):
    pixels = np.random.default_rng(5).integers(0, 256, (vision.SIDE, vision.SIDE, 3))
    fine, coarse = model.predict_on_batch(pixels[None].astype(np.float32))
    expected = reference(pixels, weights)
    for found, wanted in zip((fine[0], coarse[0]), expected, strict=True):
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=2e-3 * np.abs(wanted).max())


def test_a_region_has_the_numbers_of_both_maps_at_its_place():
    (rows, features), (coarse_rows, more) = vision.FINE, vision.COARSE
    fine = np.random.default_rng(7).normal(size=(2, rows, rows, features))
    coarse = np.random.default_rng(11).normal(size=(2, coarse_rows, coarse_rows, more))
    found = vision.regions(fine, coarse)
    assert found.shape == (2, rows * rows, features + more)
    row, column = 11, 3
    place = found[1, row * rows + column]
    np.testing.assert_allclose(place[:features], fine[1, row, column], rtol=1e-6)
    np.testing.assert_allclose(place[features:], coarse[1, row // 2, column // 2], rtol=1e-6)


@pytest.mark.parametrize("kind", ["full", "depthwise"])
def test_a_normalisation_is_folded_into_the_convolution_before_it(kind):
    rng = np.random.default_rng(13)
    channels = 5
    shape = (channels, 1, 3, 3) if kind == "depthwise" else (channels, 2, 3, 3)
    state = {
        "conv.weight": rng.normal(size=shape).astype(np.float32),
        "norm.weight": rng.normal(size=channels).astype(np.float32),
        "norm.bias": rng.normal(size=channels).astype(np.float32),
        "norm.running_mean": rng.normal(size=channels).astype(np.float32),
        "norm.running_var": rng.uniform(0.5, 2, channels).astype(np.float32),
    }
    found = _folded(state, "layer", "conv", "norm", depthwise=kind == "depthwise")
    x = rng.normal(size=(7, 7, channels if kind == "depthwise" else 2))
    kernel = state["conv.weight"].astype(np.float64)
    plain = {"layer/kernel": kernel.transpose((2, 3, 0, 1) if kind == "depthwise" else (2, 3, 1, 0)), "layer/bias": 0}
    run = (lambda w: depthwise(x, w, "layer", 1)) if kind == "depthwise" else (lambda w: full(x, w, "layer"))
    normed = (run(plain) - state["norm.running_mean"]) / np.sqrt(state["norm.running_var"] + 1e-3)
    np.testing.assert_allclose(run(found), normed * state["norm.weight"] + state["norm.bias"], rtol=1e-4, atol=1e-4)
