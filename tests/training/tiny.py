"""A recipe that trains in a second: two classes told apart by one word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.training.classifier import Classifier
from attnviz.training.corpora import Corpus, Examples, one_hot
from attnviz.training.pooling_recipes import TOPICS_EN
from attnviz.training.settings import Settings

SIGNS = ("tea", "train")
FILLERS = ("the", "a", "my", "please", "now", "nice", "old")


def corpus(seed, *, quiet=False):
    rng = np.random.default_rng(seed)

    def part(count):
        labels = rng.integers(0, 2, count)
        texts = []
        for label in labels:
            words = [*rng.choice(FILLERS, rng.integers(1, 6)), SIGNS[label]]
            texts.append(" ".join(rng.permutation(words)))
        groups = tuple(f"group {number % 7}" for number in range(count))
        return Examples(tuple(texts), labels, one_hot(labels, 2), one_hot(labels, 2), groups)

    return Corpus(part(160), part(40), part(60))


RECIPE = replace(
    TOPICS_EN,
    name="tiny",
    labels=("tea", "train"),
    label_names={"en": ("Tea", "Train"), "ja": ("お茶", "電車")},
    examples=("my tea",),
    probes=("my tea", "the train", "nice | <b>old</b> *tea*"),
    corpus=corpus,
    settings=Settings(epochs=4, batch_size=32, learning_rate=0.03, word_dropout=0.05, seed=5),
    min_count=1,
    folds=2,
)


def tiny(recipe=RECIPE, *, sentences=0, **changes):
    """A recipe as its kind, with changes; what attention explains takes longest and is left out."""
    return Classifier(replace(recipe, **changes), quiet=True, sentences=sentences)
