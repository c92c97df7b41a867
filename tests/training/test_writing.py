"""What models that write share in training."""

from __future__ import annotations

import keras
import pytest

from attnviz.training import writing


@pytest.mark.parametrize(
    ("half", "taken", "expected"),
    [
        (True, {"bfloat16": 1.0, "float32": 2.0}, "mixed_bfloat16"),
        (True, {"bfloat16": 3.0, "float32": 2.0}, "float32"),
        (False, {"bfloat16": 1.0, "float32": 2.0}, "float32"),
    ],
)
def test_layers_compute_in_bfloat16_where_it_is_asked_for_and_pays(
    monkeypatch: pytest.MonkeyPatch, half: bool, taken: dict[str, float], expected: str
):
    monkeypatch.setattr(writing, "seconds", taken.__getitem__)
    writing.half_pays.cache_clear()
    before = keras.config.dtype_policy()
    with writing.precision(half=half):
        layer = keras.layers.Dense(3)
    writing.half_pays.cache_clear()
    assert layer.dtype_policy.name == expected
    assert keras.config.dtype_policy() is before


def test_products_are_timed_in_either_type():
    assert all(0 < writing.seconds(dtype, size=7, times=2) < 60 for dtype in ("float32", "bfloat16"))
