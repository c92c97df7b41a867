"""Looks at the training of a translation model, from weights kept on disk to what the page reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from attnviz import zoo
from attnviz.families import learning
from attnviz.families.writing import sentence
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.training import card as cards
from attnviz.training import recording
from attnviz.training.networks import get_weights, set_weights
from attnviz.training.translation import recording as translation_recording
from attnviz.training.translation.recording import Recorder
from tests.families.writing import translation_folder
from tests.families.writing.transformer_reference import reference, softmax
from tests.families.writing.translation_folder import ENGLISH, JAPANESE, OPTIONS

#: Share of noise in the weights after so many steps.
NOISE = {0: 1.0, 5: 0.4, 40: 0.1}
SEED = 11


def spoiled(shipped, share):
    rng = np.random.default_rng(3)
    noisy = {name: (1 - share) * w + share * rng.normal(0, 0.3, w.shape) for name, w in shipped.items()}
    return {name: w.astype(np.float16).astype(np.float32) for name, w in noisy.items()}


@pytest.fixture(scope="module")
def shipped():
    return get_weights(zoo.load(translation_folder.taught()).model)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shipped):
    place = tmp_path_factory.mktemp("looks")
    for step, share in NOISE.items():
        recording.keep(place / "snapshots", step, spoiled(shipped, share))
    taught = translation_folder.taught()
    part = Path(
        shutil.copytree(taught, place / ".part" / taught.name)
    )  # as in training: in place only when it is whole
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation_recording, "BATCH", 2)
        recorder = Recorder(part, zoo.load(part), tuple(zip(ENGLISH, JAPANESE, strict=True)), SEED)
        recording.record(part / learning.FILE, recorder, place / "snapshots", shipped, quiet=True)
    content = zoo.read_card(part)
    cards.store(part, {**content, "files": content["files"] | cards.facts(part, (learning.FILE,))})
    return part.rename(place / taught.name)


@pytest.fixture(scope="module")
def looks(folder):
    return zoo.learning(folder)


def test_the_last_look_is_the_model_that_is_shipped(folder, looks):
    model = zoo.load(folder)
    assert looks.steps.tolist() == [*NOISE, max(NOISE)]
    assert looks.sentences == ENGLISH[:3]
    for text, written, traces in zip(looks.sentences, looks.written, looks.traces, strict=True):
        now = model.trace(text)
        assert all((each.output.text, each.output.tokens) == (now.output.text, now.output.tokens) for each in traces)
        assert len(written) == len(looks.steps)
        assert written[-1] == now.output.text and written[0] != now.output.text
        own = now.block("source-target")
        assert traces[-1].blocks[0].query == own.query and traces[-1].blocks[0].key == own.key
        np.testing.assert_allclose(traces[-1].blocks[0].weights, own.weights, atol=1e-3)
        np.testing.assert_allclose(traces[-1].output.log_probabilities, now.output.log_probabilities, atol=2e-3)


def test_every_look_is_that_of_its_weights_by_numpy(folder, looks, shipped):
    model = zoo.load(folder)
    network = model.model
    cut = sentence.cutter(folder, "target.json", OPTIONS["ja"])
    references = [[*(piece.id for piece in cut.cut(text)), END_ID] for text in JAPANESE]
    entries = {entry: index for index, entry in enumerate(model.vocabulary)}
    try:
        for look, share in enumerate((*NOISE.values(), 0.0)):
            set_weights(network, spoiled(shipped, share))
            found = [read(model, text, ids) for text, ids in zip(ENGLISH, references, strict=True)]
            loss = np.concatenate(
                [-logs[range(len(ids)), ids] for (logs, _), ids in zip(found, references, strict=True)]
            )
            right = np.concatenate([logs.argmax(-1) == ids for (logs, _), ids in zip(found, references, strict=True)])
            rows = [weights[1].mean(axis=0) for _, weights in found]  # the card's heads: both of the second layer
            nats = np.concatenate([-(w * np.log(w)).sum(-1) for w in rows])
            assert looks.loss[look] == pytest.approx(loss.mean(), abs=1e-4)
            assert looks.accuracy[look] == pytest.approx(right.mean(), abs=1e-6)
            assert looks.entropy[look] == pytest.approx(nats.mean(), abs=1e-4)

            trace = looks.traces[1][look]
            ids = [entries[token] for token in trace.output.tokens]
            logs, weights = read(model, ENGLISH[1], ids)
            np.testing.assert_allclose(trace.blocks[0].weights, weights, atol=1e-3)
            np.testing.assert_allclose(trace.output.log_probabilities, logs[range(len(ids)), ids], atol=1e-2)
            assert looks.written[1][look] == model.run(model.encode(ENGLISH[1])).output.text
    finally:
        set_weights(network, shipped)


def read(model, text, ids):
    """Log probabilities `[token, vocabulary]` and source–target weights `[layer, head, token, key]`."""
    source = [*model.encode(text).inputs["tokens"][0], END_ID]
    logits, found = reference(model.model, source, [START_ID, *ids[:-1]])
    return np.log(softmax(logits)), np.stack(found["source-target"]["weights"])


def test_weights_of_another_training_are_not_kept(tmp_path):
    weights = {"a/kernel": np.ones((2, 3), np.float32)}
    for step in (0, 1, 7, 0, 2):
        recording.keep(tmp_path / "snapshots", step, weights)
    assert sorted(path.name for path in (tmp_path / "snapshots").iterdir()) == ["0.npz", "2.npz"]


@pytest.mark.parametrize("weights", [None, {"a/kernel": np.ones((2, 3), np.float32)}])
def test_without_weights_of_this_model_nothing_is_written(weights, folder, tmp_path):
    if weights:
        recording.keep(tmp_path / "snapshots", 0, weights)
    recorder = Recorder(folder, zoo.load(folder), ((ENGLISH[0], JAPANESE[0]),), SEED)
    with pytest.raises(ValueError, match="Expected"):
        recording.record(tmp_path / "looks.npz", recorder, tmp_path / "snapshots", {}, quiet=True)
    assert not (tmp_path / "looks.npz").exists()
