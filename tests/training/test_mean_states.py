"""The model that attention is compared with: trained with the same settings, measured on the same pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.training.networks import get_weights, set_weights
from attnviz.training.translation import learner, mean_states, model_card, translator
from attnviz.training.translation.pairs import Pairs
from attnviz.training.translation.recipes import TRANSLATE_EN_JA
from attnviz.training.translation.school import School
from attnviz.training.translation.scores import scores
from tests.training.test_translation import PAIRS, TINY


def test_it_is_trained_alike_and_measured_on_dev_and_test(monkeypatch, tmp_path):
    seen, kept = [], []

    def learn(school, **options):
        seen.append(school.settings)
        kept.append(get_weights(learner.networks(school.settings).full))
        return kept[0], {"best_epoch": 3, "seconds": 7.5, "history": []}

    corpus = Pairs(PAIRS, PAIRS[:2], PAIRS[2:])
    learned = School("en", "ja", TINY, corpus).subwords
    tiny = replace(TINY, source_size=learned["en"].size, target_size=learned["ja"].size, guided=0.0)
    monkeypatch.setattr(mean_states, "CACHE", tmp_path)
    monkeypatch.setattr(translator, "pairs", lambda **_: corpus)
    monkeypatch.setattr(School, "learn", learn)
    chosen = replace(TRANSLATE_EN_JA, settings=tiny)
    found = mean_states.train(translator.Translator(chosen, quiet=True))

    assert seen == [replace(chosen.settings, attention=False)]
    assert (found["best_epoch"], found["seconds"]) == (3, 7.5)
    trained = learner.networks(seen[0])
    set_weights(trained.full, {name: np.float32(np.float16(array)) for name, array in kept[0].items()})
    _, written = School("en", "ja", tiny, corpus).measure(trained, corpus.test)
    expected = scores(written, [japanese for _, japanese in corpus.test], "ja")
    assert {key: found[f"test_greedy_{key}"] for key in expected} == expected
    assert sum(row["n"] for row in found["test_by_length"]) == len(corpus.test)


def test_the_card_sets_both_side_by_side():
    own, other = (
        [{"from": low, "to": low + 4, "n": 7, "bleu": bleu + low} for low in (1, 5)] for bleu in (31.5, 13.25)
    )
    metrics = {"test_by_length": own}
    assert "13.25" not in (text := model_card.length_table(metrics)) and "| 1–5 | 7 | 32.5 |" in text

    metrics[model_card.MEAN_STATES] = {"test_by_length": other}
    assert "| 5–9 | 7 | 36.5 | 18.25 |" in model_card.length_table(metrics)

    metrics[model_card.MEAN_STATES][model_card.EARLIER] = {"test_by_length": [{**row, "bleu": 29.0} for row in own]}
    assert "| 5–9 | 7 | 36.5 | 29.0 | 18.25 |" in model_card.length_table(metrics), "those alike stand side by side"
