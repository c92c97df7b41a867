"""All measures of a text together, on every shipped classifier that offers what they need."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.analysis.explain.measures import MEASURES, RANDOM_ORDERS, Measures, measure
from attnviz.trace import Classification
from tests import shipped

NAMES = [name for name in shipped.NAMES if shipped.card(name)["family"] == "pooling"]


def measured(name: str, text: str, target: int) -> Measures:
    model: Any = attnviz.load(name)
    encoded = model.encode(text)
    return measure(
        encoded,
        model.run(encoded).block("pooling").weights[0, 0, 0],
        target,
        run=model.probabilities,
        gradients=lambda features: model.gradients(encoded, target, features),
        embed=model.embed,
        unknown=model.unknown_id,
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_measure_of_every_example(name: str):
    model: Any = attnviz.load(name)
    for text in shipped.card(name)["examples"]:
        output = model.trace(text).output
        assert isinstance(output, Classification)
        found = measured(name, text, output.predicted)
        probability = float(output.probabilities[output.predicted])

        assert found.integrated.residue <= 0.01
        assert found.values["integrated"].sum() == pytest.approx(
            found.integrated.difference, abs=0.011 * abs(found.integrated.difference)
        )
        assert found.curves["attention"].without[0] == pytest.approx(probability, abs=1e-6)
        assert found.curves["attention"].alone[-1] == pytest.approx(probability, abs=1e-6)
        assert len(found.random) == RANDOM_ORDERS
        assert list(found.table().columns) == ["position", "token", *MEASURES]
        assert found.summary()["measure"].tolist() == [*MEASURES, "random"]


def test_leaving_out_is_what_the_model_says_without_the_token():
    model: Any = attnviz.load("sentiment-en")
    encoded = model.encode("not good at all")
    found = measured("sentiment-en", "not good at all", 1)
    own = model.run(encoded).output.probabilities[1]

    for place in range(4):
        without = model.run(encoded.keep([each for each in range(4) if each != place])).output.probabilities[1]
        assert found.values["removed"][place] == pytest.approx(float(own - without), abs=1e-6)


def test_a_class_nobody_predicts_can_be_asked_about():
    one, other = (measured("sentiment-en", "a wonderful film", target) for target in (0, 1))

    for each in ("removed", "replaced", "integrated", "gradient_input"):
        np.testing.assert_allclose(one.values[each], -other.values[each], atol=2e-3)


def test_a_sentence_of_one_word_has_no_ranking():
    found = measured("sentiment-en", "good", 1)

    assert np.isnan(found.values["removed"]).all()
    assert found.agreement("integrated").level == "none"
    assert found.summary()["comprehensiveness"].isna().all()
