"""The public names."""

from __future__ import annotations

import pytest

import attnviz
from attnviz.families.card import ModelCard
from tests.shipped import NAMES, card


def test_dir_lists_the_public_names():
    assert dir(attnviz) == sorted(attnviz.__all__)
    assert {"models", "load", "wrap", "figures", "AttentionTrace"} <= set(dir(attnviz))


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="module 'attnviz' has no attribute 'paint'"):
        attnviz.paint  # noqa: B018
    assert not hasattr(attnviz, "paint")


def test_the_models_say_what_the_contract_lists():
    models = attnviz.models()
    assert sorted(model.name for model in models) == NAMES
    for model in models:
        assert isinstance(model, ModelCard)
        content = card(model.name)
        for field in ("name", "task", "licence", "metrics"):
            assert getattr(model, field) == content[field]
        assert (list(model.languages), list(model.kinds)) == (content["languages"], content["kinds"])
        assert all(model.in_language(what, "ja") for what in ("title", "summary", "notes"))
        assert len(model.names_of_labels("ja")) == len(model.labels)
        assert model.names_of_labels("xx") == model.names_of_labels("en")


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_of_the_contract(name):
    model = attnviz.load(name)
    assert model is attnviz.load(name)
    trace = model.trace(card(name)["examples"][0])
    for block in trace.blocks:
        assert trace.block(block.name).weights.sum(-1) == pytest.approx(1, abs=1e-5)
    assert model.run(model.encode(trace.text)).to_dict() == trace.to_dict()
    assert attnviz.figures.heatmap(trace).to_dict()["data"]
    assert attnviz.figures.bars(trace).to_dict()["data"]
