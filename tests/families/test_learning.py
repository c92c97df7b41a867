"""The file of looks at a model's training: read as it was written, refused where it is not what it should be."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from attnviz.errors import ModelError
from attnviz.families import learning
from tests.shipped import pooled

SENTENCES = ("red blue green", "one two three four five")
LOOKS = 7


class Model(SimpleNamespace):
    """Answers with even weights."""

    def encode(self, text):
        return text

    def run_batch(self, batch):
        return [pooled(text.split()) for text in batch]


def arrays():
    rng = np.random.default_rng(3)
    made = {
        "steps": np.array([0, 1, 2, 5, 11, 23, 23]),
        **{name: rng.random(LOOKS).astype(np.float32) for name in ("loss", "accuracy", "entropy")},
        "sentences": np.array(SENTENCES),
    }
    for i, sentence in enumerate(SENTENCES):
        weights = rng.dirichlet(np.ones(len(sentence.split())), LOOKS)
        made[f"weights_{i}"] = weights[:, None, None, None, :].astype(np.float16)
        made[f"probabilities_{i}"] = rng.dirichlet(np.ones(2), LOOKS).astype(np.float16)
    return made


def test_what_was_written_is_read(tmp_path):
    written = arrays()
    np.savez(tmp_path / learning.FILE, **written)
    read = learning.read(tmp_path, Model())
    assert read.sentences == SENTENCES
    for name in ("steps", "loss", "accuracy", "entropy"):
        assert np.array_equal(getattr(read, name), written[name]), name
    assert read.steps.dtype == np.int64 and read.loss.dtype == np.float32
    assert [len(looks) for looks in read.traces] == [LOOKS, LOOKS]
    trace = read.traces[1][3]
    assert trace.blocks[0].key.tokens == ("one", "two", "three", "four", "five")
    assert trace.blocks[0].precision == "float16"
    assert np.array_equal(trace.blocks[0].weights, written["weights_1"][3].astype(np.float32))
    assert np.array_equal(trace.output.probabilities, written["probabilities_1"][3].astype(np.float32))


def without(name):
    return lambda a: {key: value for key, value in a.items() if key != name}


@pytest.mark.parametrize(
    "spoil",
    [
        without("steps"),
        without("weights_1"),
        lambda a: {**a, "loss": a["loss"][1:]},
        lambda a: {**a, "entropy": np.full(LOOKS, np.nan)},
        lambda a: {**a, "steps": a["steps"][::-1]},
        lambda a: {**a, "weights_0": a["weights_1"]},
        lambda a: {**a, "weights_0": a["weights_0"] * 2},
        lambda a: {**a, "weights_0": a["weights_0"][1:]},
        lambda a: {**a, "probabilities_0": np.zeros((LOOKS, 3), np.float16)},
        lambda a: {**a, "sentences": np.array(SENTENCES, dtype=object)},
    ],
)
def test_a_file_that_is_not_of_this_model_is_refused(spoil, tmp_path):
    np.savez(tmp_path / learning.FILE, **spoil(arrays()))
    with pytest.raises(ModelError) as raised:
        learning.read(tmp_path, Model())
    assert raised.value.code == "file_unreadable" and raised.value.parameters["file"] == learning.FILE


def test_a_file_that_is_no_archive_or_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    (tmp_path / learning.FILE).write_bytes(b"PK nothing")
    with pytest.raises(ModelError):
        learning.read(tmp_path, Model())
    np.savez(tmp_path / learning.FILE, **arrays())
    monkeypatch.setattr(learning, "MAX_BYTES", 300)
    with pytest.raises(ModelError):
        learning.read(tmp_path, Model())
