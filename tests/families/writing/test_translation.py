"""The translation family against NumPy in float64, and against itself: token by token, all at once, forced, edited."""

from __future__ import annotations

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from attnviz import api, cli, zoo
from attnviz.analysis.reading import read
from attnviz.errors import InputError, ModelError
from attnviz.families.writing import decoding
from attnviz.families.writing.decoding import beam_search, loops
from attnviz.trace import MASK_CAUSAL, Edit
from tests.families.writing import translation_folder
from tests.families.writing.transformer_reference import BLOCKS, reference, softmax
from tests.families.writing.translation_folder import SIZES

TEXT = "She reads a long book about the sea."
LAYERS = {"encoder": 2, "decoder": 3, "source-target": 3}


@pytest.fixture(scope="module")
def folder():
    return translation_folder.taught()


@pytest.fixture(scope="module")
def model(folder):
    return zoo.load(folder)


@pytest.fixture(scope="module")
def encoded(model):
    return model.encode(TEXT)


@pytest.fixture(scope="module")
def trace(model, encoded):
    return model.run(encoded)


def ids_of(model, trace):
    return [model.vocabulary.index(token) for token in trace.output.tokens]


def by_reference(model, encoded, trace, **options):
    return reference(model.model, [*encoded.inputs["tokens"][0], 3], [2, *ids_of(model, trace)[:-1]], **options)


def test_what_is_written_and_every_weight_is_the_models(model, encoded, trace):
    logits, found = by_reference(model, encoded, trace)
    logs = np.log(softmax(logits))
    ids = ids_of(model, trace)

    assert ids == [3 + int(row.argmax()) for row in logits[:, 3:]]
    np.testing.assert_allclose(trace.output.log_probabilities, logs[range(len(ids)), ids], atol=1e-4)
    assert tuple(block.name for block in trace.blocks) == BLOCKS
    for block in trace.blocks:
        assert block.shape[:2] == (LAYERS[block.name], SIZES["heads"])
        np.testing.assert_allclose(block.weights, np.stack(found[block.name]["weights"]), atol=1e-5)


def test_axes_name_what_each_block_looks_at(model, encoded, trace):
    encoder_block, decoder, cross = (trace.block(name) for name in BLOCKS)
    assert (encoder_block.kind, decoder.kind, cross.kind) == ("self", "causal", "cross")
    assert encoder_block.query == encoder_block.key == cross.key
    assert cross.key.tokens[-1] == "[EOS]" and cross.key.special[-1] and cross.key.spans[-1] is None
    assert cross.query == decoder.query and len(cross.query) == len(trace.output.tokens)
    assert decoder.key.tokens == ("[BOS]", *decoder.query.tokens[:-1]) and decoder.key.special[0]
    for token, span in zip(cross.key.tokens[:-1], cross.key.spans[:-1], strict=True):
        assert token == ("▁" if span is None else TEXT[slice(*span)])
    shown = [trace.output.text[slice(*span)] for span in cross.query.spans if span is not None]
    assert "".join(shown) == trace.output.text == cross.query.text
    later = np.triu(np.ones(decoder.shape[2:], bool), 1)
    assert (decoder.mask == np.where(later, MASK_CAUSAL, 0)).all() and (decoder.weights[..., later] == 0).all()


def test_token_by_token_is_all_at_once(model, encoded, trace):
    forced = model.run(encoded, target=trace.output.text)

    assert forced.output.tokens == trace.output.tokens and forced.output.finished
    np.testing.assert_allclose(forced.output.log_probabilities, trace.output.log_probabilities, atol=1e-5)
    for block in BLOCKS:
        np.testing.assert_allclose(forced.block(block).weights, trace.block(block).weights, atol=1e-5)
        assert forced.block(block).query.tokens == trace.block(block).query.tokens


@pytest.mark.parametrize("text", [TEXT, "tea", "the sea " * 9])
def test_compiled_writing_is_the_same(model, untaught, text):
    for each in (model, untaught):
        before = each.trace(text)
        each.prepare()
        after = each.trace(text)
        assert after.output.tokens == before.output.tokens
        for block in before.blocks:
            np.testing.assert_allclose(after.block(block.name).weights, block.weights, atol=1e-5)


def test_the_generator_gives_what_run_gives(model, encoded):
    trace, written = model.run(encoded), list(model.write(encoded))

    assert tuple(each.token for each in written) == trace.output.tokens
    for place, each in enumerate(written):
        assert each.alternatives == trace.output.alternatives[place]
        np.testing.assert_array_equal(each.rows["source-target"], trace.block("source-target").weights[:, :, place])
        np.testing.assert_array_equal(each.rows["decoder"], trace.block("decoder").weights[:, :, place, : place + 1])


def test_alternatives_are_the_ten_best_that_may_be_written(model, encoded, trace):
    logits, _ = by_reference(model, encoded, trace)
    logs = np.log(softmax(logits))
    for row, given in zip(logs, trace.output.alternatives, strict=True):
        best = [index for index in np.argsort(-row, kind="stable") if index > 2][:10]
        assert [model.vocabulary.index(token) for token, _ in given] == best
        np.testing.assert_allclose([value for _, value in given], row[best], atol=1e-4)


def test_another_word_goes_on_from_there(model, encoded, trace):
    place = 3
    other = trace.output.alternatives[place][1][0]
    prefix = (*trace.output.tokens[:place], other)
    changed = model.run(encoded, prefix=prefix)

    assert changed.output.tokens[: place + 1] == prefix
    cross = changed.block("source-target").weights
    rows = trace.block("source-target").weights
    np.testing.assert_allclose(cross[:, :, : place + 1], rows[:, :, : place + 1], atol=1e-6)
    _, found = by_reference(model, encoded, changed)
    np.testing.assert_allclose(cross, np.stack(found["source-target"]["weights"]), atol=1e-5)


def test_a_whole_translation_as_prefix_is_itself(model, encoded, trace):
    assert model.run(encoded, prefix=trace.output.tokens).output.tokens == trace.output.tokens


@pytest.mark.parametrize("prefix", [("no such thing",), ("[PAD]",), ("[EOS]", "私")])
def test_a_prefix_that_cannot_be_written_is_refused(model, encoded, prefix):
    with pytest.raises(InputError, match="cannot write"):
        model.run(encoded, prefix=prefix)


@pytest.mark.parametrize("text", [TEXT, "My long book is late."])
def test_the_rows_of_a_beam_are_those_of_its_own_tokens(model, text):
    encoded = model.encode(text)
    wide = model.run(encoded, beam=4)
    logits, found = by_reference(model, encoded, wide)
    ids = ids_of(model, wide)

    for block in BLOCKS:
        np.testing.assert_allclose(wide.block(block).weights, np.stack(found[block]["weights"]), atol=1e-5)
    logs = np.log(softmax(logits))[range(len(ids)), ids]
    np.testing.assert_allclose(wide.output.log_probabilities, logs, atol=1e-4)


def test_a_card_may_say_how_strongly_a_search_prefers_long_texts(model, encoded, monkeypatch):
    asked = []

    def search(following, rules, width, given, length):
        asked.append((width, length))
        return beam_search(following, rules, width, given, length)

    monkeypatch.setattr(decoding, "beam_search", search)
    model.run(encoded, beam=3)
    monkeypatch.setattr(model, "_card", dataclasses.replace(model.card, search_length=0.0))
    model.run(encoded, beam=2)
    assert asked == [(3, decoding.LENGTH), (2, 0.0)]


def test_the_models_own_weights_as_edits_change_nothing(model, encoded, trace):
    edits = [
        Edit(block, trace.block(block).weights[layer, head], layer, head)
        for block, layer, head in (("encoder", 1, 0), ("decoder", 2, 1), ("source-target", 0, 1))
    ]
    for changed in (model.run(encoded, edits), model.run(encoded, edits, target=trace.output.text)):
        assert changed.output.tokens == trace.output.tokens and changed.edits == tuple(edits)
        for block in BLOCKS:
            np.testing.assert_allclose(changed.block(block).weights, trace.block(block).weights, atol=1e-5)
            assert changed.block(block).edited


@pytest.mark.parametrize(("block", "layer"), [("encoder", 0), ("decoder", 1), ("source-target", 2)])
def test_an_edit_counts_alike_while_writing_and_in_one_pass(model, encoded, trace, block, layer):
    own = trace.block(block)
    weights = np.tri(*own.shape[2:]) if block == "decoder" else np.zeros(own.shape[2:])
    weights[:, 0] += 1
    edit = Edit(block, weights / weights.sum(-1, keepdims=True), layer, 1)
    forced = model.run(encoded, [edit], target=trace.output.text)
    given = model.run(encoded, [edit], prefix=trace.output.tokens)

    np.testing.assert_allclose(forced.block(block).weights[layer, 1], edit.weights, atol=1e-6)
    assert np.abs(forced.output.log_probabilities - trace.output.log_probabilities).max() > 1e-3
    np.testing.assert_allclose(given.output.log_probabilities, forced.output.log_probabilities, atol=1e-5)
    for name in BLOCKS:
        np.testing.assert_allclose(given.block(name).weights, forced.block(name).weights, atol=1e-5)


def test_rows_beyond_an_edit_stay_the_models(model, encoded, trace):
    keys = len(trace.block("source-target").key)
    edit = Edit("source-target", np.full((2, keys), 1 / keys), 0)
    for changed in (model.run(encoded, [edit], target=trace.output.text), model.run(encoded, [edit], beam=3)):
        weights = changed.block("source-target").weights[0]
        np.testing.assert_allclose(weights[:, :2], 1 / keys, atol=1e-6)
        assert np.abs(weights[:, 2:] - 1 / keys).max() > 1e-3


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("nowhere", np.eye(2, dtype=np.float32)), "no block nowhere"),
        (Edit("decoder", np.eye(2, dtype=np.float32), layer=3), "no layer 3"),
        (Edit("decoder", np.eye(2, dtype=np.float32), head=2), "no head 2"),
        (Edit("source-target", np.eye(2, dtype=np.float32)), "must have the shape"),
        (Edit("decoder", np.ones((2, 3), dtype=np.float32)), "must have the shape"),
        (Edit("encoder", np.eye(2, dtype=np.float32)), "must have the shape"),
    ],
)
def test_edits_that_do_not_fit_are_refused(model, encoded, edit, words):
    with pytest.raises(InputError, match=words):
        model.run(encoded, [edit])


@pytest.mark.parametrize("block", BLOCKS)
def test_explain_is_the_row_of_the_trace(model, encoded, trace, block):
    layer, head, query = LAYERS[block] - 1, 1, 4
    steps = model.explain(encoded, block, layer, head, query)
    _, found = by_reference(model, encoded, trace)

    np.testing.assert_allclose(steps["weights"], trace.block(block).weights[layer, head, query], atol=1e-6)
    np.testing.assert_allclose(steps["output"], found[block]["outputs"][layer][head, query], atol=1e-4)
    shown = slice(0, query + 1) if block == "decoder" else slice(None)
    product = steps["key"] @ steps["query"] / np.sqrt(len(steps["query"]))
    np.testing.assert_allclose(product[shown], steps["scores"][shown], atol=1e-5)
    np.testing.assert_allclose(steps["weights"] @ steps["value"], steps["context"], atol=1e-6)


@pytest.mark.parametrize("block", BLOCKS)
def test_value_norms_are_those_of_the_projected_values(model, encoded, trace, block):
    _, found = by_reference(model, encoded, trace)
    np.testing.assert_allclose(model.value_norms(encoded, block), np.stack(found[block]["norms"]), rtol=1e-4)


@pytest.mark.parametrize("place", [0, 5])
def test_gradients_are_finite_differences_in_float64(model, encoded, trace, place):
    ids, entry = ids_of(model, trace), trace.output.tokens[place]
    source, target = [*encoded.inputs["tokens"][0], 3], [2, *ids[:place]]
    table = keras.ops.convert_to_numpy(model.model.get_layer("source_embedding").embeddings).astype(np.float64)
    vectors = table[source]
    found = model.gradients(encoded, (place, entry))
    np.testing.assert_allclose(model.embed(encoded), vectors[:-1], atol=1e-7)

    def probability(shifted):
        return softmax(reference(model.model, source, target, shifted)[0][-1])[ids[place]]

    assert found.shape == (1, len(source) - 1, SIZES["features"]) and np.abs(found).max() > 1e-4
    for index in [(0, 0), (3, 7), (8, 21)]:
        shift = np.zeros_like(vectors)
        shift[index] = 1e-5
        expected = (probability(vectors + shift) - probability(vectors - shift)) / 2e-5
        assert found[0][index] == pytest.approx(expected, rel=1e-2, abs=1e-5)


def test_the_next_token_is_a_classifier_of_the_source(model, encoded, trace):
    place = 4
    step = model.next_token(encoded, place)
    short = encoded.keep([0, 2, 3])
    logits, _ = by_reference(model, encoded, trace)
    both = step.probabilities([encoded, short])

    np.testing.assert_allclose(both[0], softmax(logits)[place], atol=1e-5)
    np.testing.assert_allclose(both[1], step.probabilities([short])[0], atol=1e-6)
    token = ids_of(model, trace)[place]
    np.testing.assert_allclose(step.gradients(encoded, token), model.gradients(encoded, (place, token)), atol=1e-7)


def test_pieces_are_merged_to_the_words_of_both_languages(trace):
    words = read(trace, pieces="words").block("source-target")

    assert words.key.tokens == ("She", "reads", "a", "long", "book", "about", "the", "sea", ".", "[EOS]")
    assert words.query.tokens[:2] == ("彼女", "は") and words.query.tokens[-1] == "[EOS]"
    np.testing.assert_allclose(words.weights.sum(-1), 1, atol=1e-5)


def test_a_translation_of_ones_own_is_read(model, encoded):
    text = "彼は 海を見ます！"
    trace = model.run(encoded, target=f" {text}\n")
    _, found = by_reference(model, encoded, trace)

    assert trace.output.text == text and trace.output.tokens[-1] == "[EOS]"
    axis = trace.block("source-target").query
    assert "".join(text[slice(*span)] for span in axis.spans if span) == text.replace(" ", "")
    assert any(axis.unknown) and [notice.code for notice in trace.notices] == ["target_unknown"]
    np.testing.assert_allclose(
        trace.block("source-target").weights, np.stack(found["source-target"]["weights"]), atol=1e-5
    )


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("\ud800She reads.", ["surrogates_removed"]),
        ("彼女は本を読みます。", ["wrong_language", "some_unknown"]),
        ("tea 🫖 ☃ at 3,50 €", ["some_unknown"]),
        ("the sea " * 40, ["text_cut"]),
        ("!?", ["some_unknown"]),
        ("She says 茶 is ok", ["some_unknown"]),
        ("½ a ㌔ of tea", ["some_unknown"]),
        ("x" * 500, ["text_cut", "some_unknown"]),
    ],
)
def test_whatever_is_typed_gets_a_translation_and_is_not_lost(model, text, codes):
    encoded = model.encode(text)
    trace = model.run(encoded)
    axis = trace.block("source-target").key
    own = [notice.code for notice in encoded.notices]

    assert own == codes
    assert "".join(trace.text[slice(*span)] for span in axis.spans if span) == "".join(trace.text.split())
    assert len(axis) <= 30 and trace.output.tokens


@pytest.mark.parametrize("text", ["", " \n\t", "\ud800", "\u200b"])
def test_nothing_typed_is_an_error(model, encoded, text):
    with pytest.raises(InputError, match="nothing to read"):
        model.trace(text)
    with pytest.raises(InputError, match="no text to read"):
        model.run(encoded, target=text)


@pytest.mark.parametrize(
    "options", [{"beam": 0}, {"beam": 17}, {"target": "茶", "beam": 2}, {"target": "茶", "prefix": ["私"]}]
)
def test_calls_that_contradict_themselves_are_refused(model, encoded, options):
    with pytest.raises(InputError):
        model.run(encoded, **options)


def test_a_long_translation_is_cut(model, encoded):
    trace = model.run(encoded, target="本を読みます。" * 9)
    assert [notice.code for notice in trace.notices] == ["target_cut"] and 18 < len(trace.output.tokens) <= 23


@pytest.fixture(scope="module")
def untaught(tmp_path_factory):
    """Without source–target attention, and never trained: it repeats itself."""
    return zoo.load(translation_folder.make(tmp_path_factory.mktemp("untaught") / "mean", attention=False, epochs=0))


def test_a_loop_is_stopped_and_said(untaught):
    trace = untaught.trace("I drink tea.")

    assert [notice.code for notice in trace.notices] == ["repetition"]
    assert not trace.output.finished and loops(ids_of(untaught, trace))


def test_a_model_without_attention_has_no_such_block(untaught):
    assert [block.name for block in untaught.trace("I drink tea.").blocks] == ["encoder", "decoder"]
    with pytest.raises(InputError, match="no block source-target"):
        untaught.explain(untaught.encode("tea"))


def test_english_is_written_with_blanks(tmp_path):
    model = zoo.load(translation_folder.make(tmp_path / "back", ("ja", "en"), epochs=0))
    encoded, english = model.encode("兄はピアノをとても上手に弾きます。"), "my brother plays the piano very well."
    trace = model.run(encoded, target=english)
    axis = trace.block("source-target").query

    assert model.run(encoded, prefix=trace.output.tokens[:-1]).output.text.startswith(english)
    assert read(trace, pieces="words").block("source-target").query.tokens[:3] == ("my", "brother", "plays")
    assert all(not span or trace.output.text[slice(*span)].strip() for span in axis.spans)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"languages": ["en"]}, "do not fit together"),
        ({"alignment": None}, "lacks alignment"),
        ({"tokenizers": {}}, "do not fit together"),
        ({"config": {}}, "do not fit together"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(folder, tmp_path, change, words):
    other = tmp_path / "tiny-en-ja"
    shutil.copytree(folder, other)
    card = json.loads((other / "card.json").read_text("utf-8")) | change
    (other / "card.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelError, match=words):
        zoo.load(other)


def test_the_command_line_reads_a_given_translation(folder, monkeypatch, capsys):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folder.parent))
    assert cli.main(["trace", "tiny-en-ja", TEXT, "--target", "彼女は海を読みます。", "--block", "source-target"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert found["output"]["text"] == "彼女は海を読みます。" and len(found["blocks"]) == 1
    assert len(found["output"]["alternatives"]) == len(found["output"]["tokens"]) == found["blocks"][0]["shape"][2]
    assert found["blocks"][0]["query"]["text"] == found["output"]["text"]
    assert cli.main(["--lang", "en", "trace", "tiny-en-ja", TEXT, "--target", " "]) == cli.BAD_CALL
    assert "no text to read" in capsys.readouterr().err


def test_the_interface_reads_a_given_translation(folder, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folder.parent))
    client = TestClient(Starlette(routes=api.ROUTES))
    question = {"model": "tiny-en-ja", "text": TEXT, "target": "海", "block": "source-target"}
    answer = client.post("/api/trace", json=question)

    assert answer.status_code == 200 and answer.json()["output"]["text"] == "海"
    assert client.post("/api/trace", json={**question, "target": ""}).json()["error"]["code"] == "empty_target"
    assert client.get("/api/trace", params={"model": "tiny-en-ja", "text": "tea"}).json()["output"]["finished"]
