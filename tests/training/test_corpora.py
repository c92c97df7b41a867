"""Splits share no sentence, repeat by seed, and hold out what they say they hold out."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.training import corpora, data
from tests.training.tiny import RECIPE

SEED = 7


def read(name):
    dataset, make = {
        "clinc150": (data.CLINC150, lambda: corpora.clinc150(quiet=True)),
        "keico": (data.KEICO, lambda: corpora.keico(SEED, quiet=True)),
        "hutto": (data.HUTTO, lambda: corpora.hutto(SEED, quiet=True)),
    }[name]
    if not data.available(dataset):
        pytest.skip("the data are not on this machine; see README, training")
    return make()


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("clinc150", (15_000, 3_000, 4_500)), ("keico", (7_653, 850, 1_504)), ("hutto", (None, None, None))],
)
def test_parts(name, sizes):
    corpus = read(name)
    for part, size in zip((corpus.train, corpus.validation, corpus.test), sizes, strict=True):
        assert size is None or len(part) == size
        assert all(part.texts)
        np.testing.assert_allclose(part.targets.sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(part.auxiliary.sum(axis=1), 1, atol=1e-6)
    assert (corpus.test.labels >= 0).all() and (corpus.validation.labels >= 0).all()
    again = read(name)
    assert again.test.texts == corpus.test.texts and again.train.texts == corpus.train.texts


@pytest.mark.parametrize("name", ["keico", "hutto"])
def test_own_splits_share_no_sentence(name):
    corpus = read(name)
    assert not set(corpus.train.texts) & set(corpus.test.texts)
    assert not set(corpus.train.texts) & set(corpus.validation.texts)
    assert not set(corpus.validation.texts) & set(corpus.test.texts)


def test_hutto_is_stratified_by_source_and_trains_on_soft_targets():
    corpus = read("hutto")
    shares = {}
    for name in ("train", "validation", "test"):
        part = getattr(corpus, name)
        groups = np.array(part.groups)[part.labels >= 0]
        shares[name] = {source: (groups == source).mean() for source in sorted(set(groups))}
    for source in shares["train"]:
        assert shares["test"][source] == pytest.approx(shares["train"][source], abs=0.01)
    classed = [int((part.labels >= 0).sum()) for part in (corpus.train, corpus.validation, corpus.test)]
    np.testing.assert_allclose(np.array(classed) / sum(classed), [0.80, 0.05, 0.15], atol=0.005)
    train = corpus.train
    assert (train.targets[train.labels == 1, 1] > 0.6).all() and (train.targets[train.labels == 0, 0] > 0.6).all()
    assert (train.labels == -1).any()
    assert not any("&amp;" in text for text in train.texts)


def test_folds_hold_out_whole_groups():
    everything = RECIPE.corpus(3).train
    parts = corpora.folds(everything, 3, seed=3)
    held_out = [set(part.test.groups) for part in parts]
    assert set.union(*held_out) == set(everything.groups)
    assert sum(map(len, held_out)) == len(set(everything.groups))
    for part, groups in zip(parts, held_out, strict=True):
        assert not groups & set(part.train.groups) and not groups & set(part.validation.groups)
    assert sum(len(part.test) for part in parts) == len(everything)
