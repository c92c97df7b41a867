"""Settings tried beside each other, and the recurrent model among them."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from attnviz.analysis.heads.word_links import parsed
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.families.writing.transformer import MeanOfStates
from attnviz.training.networks import get_weights
from attnviz.training.translation import learner, model_card, trials
from attnviz.training.translation.forced import Forced
from attnviz.training.translation.pairs import Pairs
from attnviz.training.translation.school import School
from attnviz.training.writing import Greedy
from tests.training.test_translation import PAIRS, TINY, eager

RECURRENT = replace(
    TINY, recurrent=True, features=14, encoder_layers=2, guided_layer=0, epochs=1, batch_size=len(PAIRS)
)
SOURCE = np.array([[5, 6, 7, 8, END_ID, 0, 0], [9, 8, 7, 6, 5, 11, END_ID]], np.int32)
TARGET = np.array([[START_ID, 5, 6], [START_ID, 7, 8]], np.int32)


@pytest.fixture(scope="module")
def networks():
    return learner.networks(RECURRENT)


def test_every_trial_differs_from_base_in_something():
    assert all(settings != trials.BASE for name, settings in trials.TRIALS.items() if name != "base")
    assert len({(settings.epochs, settings.batch_size, settings.seed) for settings in trials.TRIALS.values()}) == 1


@pytest.mark.parametrize(
    "settings", [TINY, replace(TINY, attention=False), RECURRENT], ids=["base", "mean", "recurrent"]
)
def test_every_part_of_a_network_learns(settings):
    batch = next(School("en", "ja", settings, Pairs(PAIRS, PAIRS[:2], PAIRS[3:])).lesson().batches(0))
    model, wanted = eager(learner.learner)(settings, 1), {"logits": batch.wanted, "links": batch.links}
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Gradients do not exist")
        model.train_on_batch(
            {"source": batch.source, "target": batch.target}, {name: wanted[name] for name in model.output_names}
        )


def test_the_mean_of_states_leaves_padding_out():
    states = np.random.default_rng(7).normal(size=(2, 5, 3))
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
    mean = MeanOfStates()([states.astype(np.float32), mask[:, None, None]])
    np.testing.assert_allclose(mean, [[states[0, :3].mean(0)], [states[1].mean(0)]], rtol=1e-5, atol=1e-6)


def test_the_recurrent_models_weights_are_those_of_additive_attention(networks):
    weights = get_weights(networks.full)
    memory = networks.encoder.predict_on_batch(SOURCE)
    queries = []  # states of the lower GRU, by its equations in float64
    kernel, recurrent, bias = (
        np.float64(weights[f"decoder_0/gru_cell/{name}"]) for name in ("kernel", "recurrent_kernel", "bias")
    )
    state = np.float64(memory[2])
    for ids in TARGET.T:
        inner, outer = weights["target_embedding/embeddings"][ids] @ kernel + bias[0], state @ recurrent + bias[1]
        update, reset = (1 / (1 + np.exp(-(inner[:, part] + outer[:, part]))) for part in (slice(0, 14), slice(14, 28)))
        state = update * state + (1 - update) * np.tanh(inner[:, 28:] + reset * outer[:, 28:])
        queries.append(state @ weights["query/kernel"])
    sums = np.tanh(np.stack(queries, 1)[:, :, None] + memory[0][:, None])  # [B, T, S, F]
    scores = np.where(SOURCE[:, None] == 0, -1e30, sums @ np.float64(weights["attend/scale"]))
    expected = np.exp(scores - scores.max(-1, keepdims=True))
    expected /= expected.sum(-1, keepdims=True)

    found = networks.full.predict_on_batch({"source": SOURCE, "target": TARGET})["weights"][0]
    assert found.shape == (2, 1, 3, 7) and expected.std() > 1e-3
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-6)


def test_padding_changes_nothing_in_the_recurrent_model(networks):
    padded = networks.full.predict_on_batch({"source": SOURCE, "target": TARGET})["logits"][:1]
    alone = networks.full.predict_on_batch({"source": SOURCE[:1, :5], "target": TARGET[:1]})["logits"]
    np.testing.assert_allclose(padded, alone, atol=1e-6)


def test_the_recurrent_model_writes_what_its_full_pass_says(networks):
    written = Greedy(networks, 5)([[5, 6, 7, 8], [9, 8, 7]])
    for source, row in zip(([5, 6, 7, 8], [9, 8, 7]), written, strict=True):
        given = {"source": np.array([[*source, END_ID]], np.int32), "target": np.array([[START_ID, *row]], np.int32)}
        logits = networks.full.predict_on_batch(given)["logits"][0]
        assert list(logits.argmax(-1))[: len(row)] == row


@pytest.mark.parametrize("settings", [TINY, RECURRENT], ids=["base", "recurrent"])
def test_a_given_translation_is_read_as_without_padding(settings):
    lessons = School("en", "ja", settings, Pairs(PAIRS, PAIRS[:2], PAIRS[2:]))
    sizes = {f"{side}_size": lessons.subwords[code].size for side, code in (("source", "en"), ("target", "ja"))}
    networks = learner.networks(replace(settings, **sizes))
    reader, (text, target) = Forced(networks, lessons), PAIRS[3]
    trace = reader.run(reader.encode(text), target=target)
    source, written = (
        [piece.id for piece in lessons.subwords[code].cut(each)] for code, each in (("en", text), ("ja", target))
    )
    given = {"source": np.array([[*source, END_ID]], np.int32), "target": np.array([[START_ID, *written]], np.int32)}
    found = networks.full.predict_on_batch(given)
    block = trace.block("source-target")
    np.testing.assert_allclose(block.weights, np.concatenate(found["weights"]), atol=1e-6)
    np.testing.assert_allclose(block.weights.sum(-1), 1, atol=1e-5)
    logits = np.float64(found["logits"][0])
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    wanted = logs[range(len(written) + 1), [*written, END_ID]]
    np.testing.assert_allclose(trace.output.log_probabilities, wanted, rtol=1e-4)


def test_a_trial_is_trained_measured_and_stands_on_the_cards(monkeypatch, tmp_path):
    corpus = Pairs(PAIRS, PAIRS[:2], PAIRS[2:])
    learned = School("en", "ja", TINY, corpus).subwords
    settings = replace(RECURRENT, source_size=learned["en"].size, target_size=learned["ja"].size)
    monkeypatch.setattr(trials, "CACHE", tmp_path)
    monkeypatch.setattr(trials, "pairs", lambda **_: corpus)
    monkeypatch.setitem(trials.TRIALS, "recurrent", settings)
    monkeypatch.setattr(learner, "learner", eager(learner.learner))
    links = parsed("0\tI like cats .\t私 は 猫 が 好き です 。\t0-0 1-4 2-2\n")
    monkeypatch.setattr(trials, "gold", {"en": links}.__getitem__)
    found = trials.run("recurrent", quiet=True)
    assert found["pass"] == 1 and 0 <= found["bleu"] <= 100
    assert found["last_bleu"] == found["bleu"]  # the mean over one pass is that pass
    assert 0 <= found["aer_head"] == found["aer_mean"] <= 1  # there is one head
    assert found["parameters"] == sum(array.size for array in get_weights(learner.networks(settings).full).values())

    path = tmp_path / "trials.json"
    trials.enter("recurrent", found, path)
    without = {key: value for key, value in found.items() if not key.startswith("aer")}
    trials.enter("base", {**without, "bleu": 17.03}, path)
    assert list(trials.results(path)) == ["base", "recurrent"]
    table = "\n".join(model_card._trials(trials.results(path)))
    assert f"| base | 17.03 | {found['chrf']} | 1 | {found['last_bleu']} | – | – |" in table
    assert f"| recurrent | {found['bleu']} |" in table and f"| {found['aer_mean']:.1%} |" in table
    assert model_card._trials({}) == ()
