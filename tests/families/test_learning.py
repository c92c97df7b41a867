"""The file of looks at a model's training: read as it was written, refused where it is not what it should be."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from attnviz.errors import InputError, ModelError
from attnviz.families import learning
from attnviz.trace import AttentionBlock, AttentionTrace, TokenAxis, Written
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
        lambda a: {**a, "sentences": np.array([], dtype=np.str_)},
    ],
)
def test_a_file_that_is_not_of_this_model_is_refused(spoil, tmp_path):
    refused(tmp_path, spoil(arrays()), Model())


def refused(folder, spoiled, model):
    np.savez(folder / learning.FILE, **spoiled)
    with pytest.raises(ModelError) as raised:
        learning.read(folder, model)
    assert raised.value.code == "file_unreadable" and raised.value.parameters["file"] == learning.FILE


def test_a_file_that_is_no_archive_or_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    (tmp_path / learning.FILE).write_bytes(b"PK nothing")
    with pytest.raises(ModelError):
        learning.read(tmp_path, Model())
    np.savez(tmp_path / learning.FILE, **arrays())
    monkeypatch.setattr(learning, "MAX_BYTES", 300)
    with pytest.raises(ModelError):
        learning.read(tmp_path, Model())


class Translator(SimpleNamespace):
    """Writes what it is given, and two tokens where that does not end."""

    def encode(self, text):
        if not text:
            raise InputError("empty_text")
        return text

    def run(self, text, prefix):
        tokens = (*prefix,) if "</s>" in prefix[-1:] else (*prefix, "on", "</s>")
        query, key = TokenAxis.of(tokens), TokenAxis.of(text.split())
        sizes = {"encoder": (key, key), "source-target": (query, key)}
        blocks = tuple(
            AttentionBlock(name, kind, q, k, np.full((3, 2, len(q), len(k)), 1 / len(k)))
            for (name, (q, k)), kind in zip(sizes.items(), ("self", "cross"), strict=True)
        )
        logs = np.full(len(tokens), -0.5)
        best = tuple(((token, -0.5),) for token in tokens)
        return AttentionTrace("by-hand", text, blocks, Written("translation", "".join(tokens[:-1]), tokens, logs, best))


TOKENS = (("赤", "青", "緑", "</s>"), ("一", "二", "三", "四", "五", "</s>"))


def translated():
    rng = np.random.default_rng(4)
    made = {name: array for name, array in arrays().items() if not name.startswith(("weights", "probabilities"))}
    for i, (sentence, tokens) in enumerate(zip(SENTENCES, TOKENS, strict=True)):
        weights = rng.dirichlet(np.ones(len(sentence.split())), (LOOKS, 3, 2, len(tokens)))
        made |= {
            f"tokens_{i}": np.array(tokens),
            f"weights_{i}": weights.astype(np.float16),
            f"log_probabilities_{i}": -9 * rng.random((LOOKS, len(tokens))).astype(np.float16),
            f"written_{i}": np.array([f"{i}{'あ' * look}" for look in range(LOOKS)]),
        }
    return made


def test_a_translation_is_held_fixed_while_what_is_written_changes(tmp_path):
    written = translated()
    np.savez(tmp_path / learning.FILE, **written)
    read = learning.read(tmp_path, Translator())
    assert read.sentences == SENTENCES and [len(looks) for looks in read.traces] == [LOOKS, LOOKS]
    assert read.written[1] == ("1", "1あ", "1ああ", "1あああ", "1ああああ", "1あああああ", "1ああああああ")
    trace = read.traces[1][3]
    assert [block.name for block in trace.blocks] == ["source-target"] and trace.blocks[0].precision == "float16"
    assert np.array_equal(trace.blocks[0].weights, written["weights_1"][3].astype(np.float32))
    assert (trace.output.text, trace.output.tokens) == ("一二三四五", TOKENS[1])
    assert np.array_equal(trace.output.log_probabilities, written["log_probabilities_1"][3].astype(np.float32))
    assert trace.output.alternatives == ()  # those of the shipped model are not of that look


@pytest.mark.parametrize(
    "spoil",
    [
        without("tokens_1"),
        without("written_0"),
        without("log_probabilities_0"),
        lambda a: {**a, "tokens_0": a["tokens_0"][:-1]},
        lambda a: {**a, "tokens_0": a["tokens_0"][:0]},
        lambda a: {**a, "tokens_0": np.array(TOKENS[0], dtype=object)},
        lambda a: {**a, "sentences": np.array(["", SENTENCES[1]])},
        lambda a: {**a, "weights_0": a["weights_0"][:, :, :, 1:]},
        lambda a: {**a, "weights_0": a["weights_0"][..., ::-1] * np.float16(0.9)},
        lambda a: {**a, "log_probabilities_1": a["log_probabilities_1"][1:]},
        lambda a: {**a, "log_probabilities_1": a["log_probabilities_1"][:, 1:]},
        lambda a: {**a, "log_probabilities_1": -a["log_probabilities_1"]},
        lambda a: {**a, "log_probabilities_1": a["log_probabilities_1"] * np.inf},
        lambda a: {**a, "written_1": a["written_1"][1:]},
        lambda a: {**a, "written_1": np.stack([a["written_1"]] * 2)},
        lambda a: {**a, "written_1": np.array(["\ud800"] * LOOKS)},
        lambda a: {**a, "written_1": np.array(["x" * (learning.MAX_TEXT + 1)] * LOOKS)},
        lambda a: {**a, "written_1": np.arange(LOOKS)},
    ],
)
def test_looks_that_are_not_of_this_translation_model_are_refused(spoil, tmp_path):
    refused(tmp_path, spoil(translated()), Translator())
