"""Folders with a Keras model of one's own: found, read as meant, or refused with a reason."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

import attnviz
from attnviz import zoo
from attnviz.cli import main
from attnviz.errors import InputError, ModelError
from attnviz.trace import Classification, Edit, Tensor
from tests.families.own import own_folder
from tests.families.own.own_folder import (
    HEADS,
    LABELS,
    ROWS,
    SIZE,
    VOCABULARY,
    arrays,
    encoder,
    make,
    pooled,
    randomized,
    recurrent,
)

README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")


def softmax(scores, axis=-1):
    raised = np.exp(scores - scores.max(axis, keepdims=True))
    return raised / raised.sum(axis, keepdims=True)


def looked_up(model, words):
    """Embedding vectors float64 `[token, feature]`; an unknown word is row 1."""
    ids = [VOCABULARY.index(word) if word in VOCABULARY else 1 for word in words]
    return arrays(model, "embedding")["embeddings"][ids]


def attention(model, x):
    """Weights `[head, query, key]` of `encoder`'s layer, computed in NumPy."""
    variables = {
        each.path.rpartition("mha/")[2]: np.asarray(each, np.float64) for each in model.get_layer("mha").weights
    }
    q, k = (
        np.einsum("tf,fhs->hts", x, variables[f"{part}/kernel"]) + variables[f"{part}/bias"][:, None]
        for part in ("query", "key")
    )
    return softmax(np.einsum("hqs,hks->hqk", q, k) / np.sqrt(SIZE))


# ── the recipe ────────────────────────────────────────────────────────────────────────────────────────────────────


def recipe():
    """The README's Python block that begins with a model and ends with a picture."""
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    return next(block for block in blocks if "model.keras" in block)


def test_the_recipe_of_the_readme_from_save_to_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "my-models"))
    made: dict = {}
    exec(compile(recipe(), "README.md", "exec"), made)
    trace = made["trace"]
    assert isinstance(trace.output, Classification)
    assert trace.blocks[0].kind == "self" and trace.blocks[0].key.tokens == ("what", "a", "good", "day")
    page = (tmp_path / "picture.html").read_text(encoding="utf-8")
    assert "<html" in page and "good" in page
    assert made["figure"].data
    assert "my-model" in {card.name for card in attnviz.models()}
    assert attnviz.load("my-model").trace("what a good day").to_json() == trace.to_json()


# ── read as meant ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_multi_head_attention_as_numpy_computes_it(tmp_path):
    model = encoder()
    own = zoo.load(make(tmp_path, model, labels=LABELS))
    words = ["we", "saw", "the", "blue", "car"]
    encoded = own.encode(" ".join(words))
    trace = own.run(encoded)
    block = trace.block("mha")
    expected = attention(model, looked_up(model, words))
    assert block.kind == "self" and block.shape == (1, HEADS, 5, 5)
    np.testing.assert_allclose(block.weights[0], expected, atol=2e-6)
    assert block.key.tokens == tuple(words) and block.key.unknown == (False, False, False, True, False)
    assert block.key.spans[3] == (11, 15)
    probabilities = np.asarray(model.predict(encoded.inputs["tokens"], verbose=0))[0]
    np.testing.assert_allclose(trace.output.probabilities, probabilities, atol=1e-6)
    assert trace.output.labels == tuple(LABELS)
    assert [notice.code for notice in trace.notices] == ["some_unknown"]

    steps = own.explain(encoded, "mha", head=1, query=2)
    np.testing.assert_allclose(steps["weights"], expected[1, 2], atol=2e-6)
    np.testing.assert_allclose(steps["key"] @ steps["query"] / np.sqrt(SIZE), steps["scores"], atol=1e-5)
    assert own.gradients(encoded, 1).shape == (1, 5, own_folder.FEATURES)
    edited = own.run(encoded, [Edit("mha", np.eye(5), head=head) for head in range(HEADS)])
    assert edited.block("mha").edited
    assert np.abs(edited.output.probabilities - trace.output.probabilities).max() > 1e-6


def test_a_sequential_model_with_our_pooling(tmp_path):
    model = pooled()
    own = zoo.load(make(tmp_path, model))
    trace = own.trace("we saw the car")
    pooling = arrays(model, "pooling")
    x = np.asarray(model.layers[0].embeddings, np.float64)[[2, 3, 4, 6]]
    weights = softmax((x @ pooling["kernel"])[:, 0] + pooling["bias"][:4, 0])
    np.testing.assert_allclose(trace.block("pooling").weights[0, 0, 0], weights, atol=1e-6)
    assert isinstance(trace.output, Tensor)
    np.testing.assert_allclose(trace.output.values, weights @ x, atol=1e-6)
    assert own.card.max_length == 13 and own.card.kinds == ("pooling",)
    long = own.trace("car " * 17)
    assert len(long.block("pooling").key) == 13
    assert [notice.code for notice in long.notices] == ["text_cut", "first_output_only"]


def test_a_gru_with_attention_and_one_sigmoid_for_two_labels(tmp_path):
    model = recurrent()
    own = zoo.load(make(tmp_path, model, labels=LABELS))
    encoded = own.encode("we saw the car")
    trace = own.run(encoded)
    probability = float(np.asarray(model.predict(encoded.inputs["tokens"], verbose=0))[0, 0])
    np.testing.assert_allclose(trace.output.probabilities, [1 - probability, probability], atol=1e-6)
    states = np.asarray(keras.Model(model.inputs, model.layers[2].output).predict(encoded.inputs["tokens"], verbose=0))
    x = states[0].astype(np.float64)
    np.testing.assert_allclose(trace.block("attention").weights[0, 0], softmax(x @ x.T), atol=1e-5)


def test_one_length_with_a_mask_is_filled_up_and_cut_again(tmp_path):
    model = encoder(length=7)
    own = zoo.load(make(tmp_path, model, labels=LABELS))
    trace = own.trace("we saw the car")
    np.testing.assert_allclose(
        trace.block("mha").weights[0], attention(model, looked_up(model, ["we", "saw", "the", "car"])), atol=2e-6
    )
    assert own.encode("we").inputs["tokens"].shape == (1, 7)
    assert len(own.trace("we saw the red car today today today").block("mha").key) == 7


def test_one_length_without_a_mask_shows_the_padding_the_model_sees(tmp_path):
    model = encoder(length=7, mask=False)
    trace = zoo.load(make(tmp_path, model, labels=LABELS)).trace("we saw the car")
    words = ["we", "saw", "the", "car"]
    assert trace.block("mha").key.tokens == (*words, *["[PAD]"] * 3)
    assert trace.block("mha").key.special == (False,) * 4 + (True,) * 3
    x = np.concatenate([looked_up(model, words), np.repeat(looked_up(model, ["[PAD]"]), 3, axis=0)])
    np.testing.assert_allclose(trace.block("mha").weights[0], attention(model, x), atol=2e-6)


def test_the_card_sets_a_limit(tmp_path):
    own = zoo.load(make(tmp_path, encoder(), max_length=3, languages=["ja"], labels=LABELS))
    trace = own.trace("we saw the car")
    assert trace.block("mha").key.tokens == ("we", "saw", "the") and trace.text == "we saw the"
    assert [notice.code for notice in trace.notices] == ["text_cut", "wrong_language"]
    with pytest.raises(InputError) as caught:
        own.trace(" \0 ")
    assert caught.value.code == "empty_text"


def test_a_tokenizer_of_the_package_tokenizers(tmp_path):
    tokenizers = pytest.importorskip("tokenizers", reason="an extra: pip install -r requirements-hub.txt")
    model = tokenizers.models.WordPiece(
        {word: index for index, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "car", "##s"])},
        unk_token="[UNK]",
    )
    cutter = tokenizers.Tokenizer(model)
    cutter.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    cutter.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    folder = make(tmp_path, encoder(), vocabulary=None, tokenizer={"kind": "json"}, labels=LABELS)
    cutter.save(str(folder / "tokenizer.json"))
    own = zoo.load(folder)
    encoded = own.encode("red cars zebra")
    assert encoded.inputs["tokens"].tolist() == [cutter.encode("red cars zebra").ids]
    assert own.run(encoded).block("mha").key.tokens == ("[CLS]", "red", "car", "##s", "zebra", "[SEP]")

    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    refused(folder.rename(tmp_path / "mine2"), "card_name")


def test_word_pieces_from_a_vocabulary(tmp_path):
    pytest.importorskip("tokenizers", reason="an extra: pip install -r requirements-hub.txt")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "car", "##s"]
    own = zoo.load(make(tmp_path, encoder(), vocabulary=words, tokenizer={"kind": "wordpiece"}))
    assert own.encode("Red cars").axes["tokens"].tokens == ("[CLS]", "red", "car", "##s", "[SEP]")


def test_without_the_package_tokenizers_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    folder = make(tmp_path, encoder(), tokenizer={"kind": "json"})
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    refused(folder, "own_tokenizers", "requirements-hub.txt")


# ── refused ───────────────────────────────────────────────────────────────────────────────────────────────────────


def refused(folder, code, *words):
    with pytest.raises(ModelError) as caught:
        zoo.load(folder)
    assert caught.value.code == code, str(caught.value)
    for language in ("en", "ja"):
        assert all(word in caught.value.message(language) for word in (folder.name, *words))


def of_vectors():
    x = keras.Input((None, 5))
    return keras.Model(x, layers.MultiHeadAttention(2, 3)(x, x))


def without_attention():
    x = keras.Input((None,), dtype="int32")
    return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling1D()(layers.Embedding(ROWS, 5)(x))))


@pytest.mark.parametrize(
    ("model", "card", "code", "word"),
    [
        (of_vectors, {}, "own_inputs", "[(None, None, 5)]"),
        (without_attention, {}, "nothing_to_capture", "Embedding"),
        (encoder, {"vocabulary": (*VOCABULARY, *"abcdefg")}, "own_rows", "15"),
        (encoder, {"labels": ["a", "b", "c"]}, "own_labels", "[1, 2]"),
        (lambda: encoder(activation="linear"), {"labels": LABELS}, "own_labels", "softmax"),
        (lambda: encoder(length=5003), {}, "own_length", "5003"),
        (encoder, {"vocabulary": None}, "file_missing", "vocabulary.txt"),
        (lambda: None, {}, "file_missing", "model.keras"),
        (encoder, {"tokenizer": {"kind": "json"}}, "file_missing", "tokenizer.json"),
        (encoder, {"tokenizer": {"kind": "magic"}}, "parts_disagree", "magic"),
        (encoder, {"tokenizer": {"kind": "words", "padding": 99}}, "card_field", "padding"),
        (encoder, {"max_length": "7"}, "card_shape", "max_length"),
        (encoder, {"tokenizer": None}, "card_field", "tokenizer"),
        (encoder, {"files": {"model.keras": {"bytes": 3, "sha256": "0"}}}, "file_size", "model.keras"),
    ],
)
def test_what_does_not_fit(tmp_path, model, card, code, word):
    refused(make(tmp_path, model(), **card), code, word)


def test_a_stated_checksum_must_agree(tmp_path):
    folder = make(tmp_path, encoder())
    size = (folder / "model.keras").stat().st_size
    card = json.loads((folder / "card.json").read_text())
    card["files"] = {"model.keras": {"bytes": size, "sha256": "0" * 64}}
    (folder / "card.json").write_text(json.dumps(card))
    refused(folder, "file_checksum", "model.keras")


def test_a_vocabulary_that_is_a_link(tmp_path):
    folder = make(tmp_path, encoder())
    (folder / "vocabulary.txt").rename(tmp_path / "elsewhere.txt")
    (folder / "vocabulary.txt").symlink_to(tmp_path / "elsewhere.txt")
    refused(folder, "file_missing", "vocabulary.txt")


class Mine(keras.layers.Layer):
    """A class only its author has."""

    def call(self, x):
        return x * 2


def test_classes_of_ones_own_are_for_wrap(tmp_path):
    tokens = keras.Input((None,), dtype="int32")
    x = Mine()(layers.Embedding(ROWS, 5)(tokens))
    refused(make(tmp_path, keras.Model(tokens, layers.Attention()([x, x]))), "config_class", "Mine", "attnviz.wrap")


def test_a_model_that_fails_on_some_texts_says_so(tmp_path):
    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(ROWS, 5)(tokens)
    x = layers.Attention()([x, x])
    split = keras.ops.reshape(x, (-1, 3, 5))
    own = zoo.load(make(tmp_path, randomized(keras.Model(tokens, keras.ops.max(split, axis=1)))))
    assert own.trace("we saw car").blocks
    with pytest.raises(ModelError) as caught:
        own.trace("we saw the car")
    assert caught.value.code == "own_failed" and "mine" in str(caught.value)


# ── added ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_add_checks_counts_and_offers(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    source = make(tmp_path / "source", encoder(), title={"en": "Mine"})
    (source / "run.py").write_text("raise SystemExit")
    assert main(["add", str(source), "--name", "ours"]) == 0
    folder = tmp_path / "models" / "ours"
    assert capsys.readouterr().out.strip() == str(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "model.keras", "vocabulary.txt"]
    assert [path.name for path in folder.parent.iterdir()] == ["ours"]
    card = json.loads((folder / "card.json").read_text())
    digest = hashlib.sha256((source / "model.keras").read_bytes()).hexdigest()
    assert card["files"]["model.keras"]["sha256"] == digest
    assert card["name"] == "ours" and card["kinds"] == ["self"]
    assert next(each for each in attnviz.models() if each.name == "ours").title == {"en": "Mine"}
    assert attnviz.load("ours").trace("we saw").model == "ours"
    assert main(["add", str(source), "--name", "ours"]) == 1
    assert main(["add", str(source), "--name", "other", "--sha256", "0" * 64]) == 1
    assert "model.keras" in capsys.readouterr().err


def test_add_takes_nothing_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path / "models"))
    source = make(tmp_path / "source", without_attention())
    with pytest.raises(ModelError) as caught:
        zoo.add(source, "ours")
    assert caught.value.code == "nothing_to_capture"
    assert list((tmp_path / "models").iterdir()) == []


def stretched(times):
    """Makes so many positions of every token before they look at each other."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = keras.layers.UpSampling1D(times)(keras.layers.Embedding(11, 10)(tokens))
    x = keras.layers.MultiHeadAttention(3, 7, name="mha")(x, x)
    return keras.Model(tokens, keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalAveragePooling1D()(x)))


def test_many_positions_of_one_token_are_refused_before_it_runs(tmp_path):
    make(tmp_path, stretched(3), "some")
    assert zoo.load(tmp_path / "some").trace("we saw").blocks[0].shape[2:] == (6, 6)
    for times in (1000, 10**7):
        refused(make(tmp_path, stretched(times), f"many-{times}"), "config_size", f"{times} ")


def test_an_operation_of_no_module_is_named(tmp_path):
    folder = make(tmp_path, encoder())
    config = json.dumps(
        {"class_name": "Absolute", "module": "keras.src.ops.nothing_of_the_kind", "registered_name": None, "config": {}}
    )
    with zipfile.ZipFile(folder / "model.keras") as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(folder / "model.keras", "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, config if name == "config.json" else content)
    refused(folder, "config_class", "nothing_of_the_kind")
