"""Models as strangers write them: what is shown is what an eager run computes, called by what it is."""

from __future__ import annotations

import numpy as np
import pytest
from keras import tree

import attnviz
from attnviz.trace import MASK_NONE
from tests.families.own.further_architectures import ARCHITECTURES
from tests.families.own.observed import canonical, observed


def _expected(truth, seen):
    results = seen[truth.op]
    if not truth.stacked:
        return canonical(results[truth.at], truth.letters)
    steps = np.stack(results[truth.at : truth.at + truth.stacked])
    return canonical(steps[::-1] if truth.backwards else steps, truth.letters)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_shown_is_what_an_eager_run_computes(name):
    made = ARCHITECTURES[name]()
    with observed() as seen:
        prediction = made.model(tree.map_structure(np.asarray, made.inputs), training=False)
    trace = attnviz.wrap(made.model, lambda _: (made.inputs, made.tokens)).trace("x")
    assert [(block.kind, block.query.tokens, block.key.tokens) for block in trace.blocks] == [
        (truth.kind, truth.query, truth.key) for truth in made.truths
    ]
    assert {notice.code for notice in trace.notices} == made.notices
    for block, truth in zip(trace.blocks, made.truths, strict=True):
        if truth.op:
            expected = _expected(truth, seen)[:, : len(truth.query), : len(truth.key)]
            shown = np.ones(block.shape[1:], bool) if block.mask is None else block.mask[0] == MASK_NONE
            assert shown.any() and block.weights.shape[1:] == expected.shape
            np.testing.assert_allclose(block.weights[0][shown], expected[shown], atol=2e-6)
    np.testing.assert_allclose(trace.output.values, np.asarray(tree.flatten(prediction)[0])[0], atol=1e-5)


def test_there_are_enough_of_them():
    assert len(ARCHITECTURES) >= 25
