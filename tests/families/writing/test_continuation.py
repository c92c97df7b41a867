"""A model that continues a text, against a pass of its own in NumPy float64."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import cli
from attnviz.errors import InputError
from attnviz.families.writing.decoding import Sampling, log_softmax
from attnviz.trace import Edit, Written
from tests.families.writing import continuation_folder
from tests.families.writing.continuation_reference import of_arrays

TEXT, START = "the cat sat on a mat", 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return continuation_folder.make(tmp_path_factory.mktemp("models") / "small-next")


@pytest.fixture(scope="module")
def model(folder: Path):
    return attnviz.load(folder)


@pytest.fixture(scope="module")
def arrays(folder: Path):
    with np.load(folder / "weights.npz") as archive:
        return {name: archive[name] for name in archive.files}


def ids_of(model, encoded, tokens=()) -> list[int]:
    return [START, *map(int, encoded.inputs["tokens"][0]), *(model.token_id(token) for token in tokens)]


def test_what_is_written_is_what_a_pass_over_all_of_it_gives(model, arrays):
    encoded = model.encode(TEXT)
    trace = model.run(encoded, length=11)
    output = trace.output
    assert isinstance(output, Written) and output.kind == "continuation" and len(output.tokens) == 11
    ids = ids_of(model, encoded, output.tokens)
    expected = of_arrays(arrays, ids[:-1])
    block = trace.block("causal")
    assert block.shape == (3, 6, len(ids) - 1, len(ids) - 1)
    np.testing.assert_allclose(block.weights, expected.weights, atol=1e-5)
    logs = log_softmax(expected.logits)[-11:]
    np.testing.assert_allclose(output.log_probabilities, logs[np.arange(11), ids[-11:]], atol=1e-4)
    allowed = logs.copy()
    allowed[:, :3] = -np.inf
    assert list(allowed.argmax(-1)) == ids[-11:], "the most probable token each time"
    assert block.query.tokens[0] == "[BOS]" and block.query.tokens[1:7] == tuple(TEXT.split())
    assert block.query.special[:2] == (True, False)


def test_without_a_length_it_is_the_next_token_and_a_prefix_stays_as_it_is(model):
    assert len(model.trace(TEXT).output.tokens) == 1
    given = model.trace(TEXT, length=5).output.tokens
    fixed = model.trace(TEXT, prefix=given)
    assert fixed.output.tokens == given
    np.testing.assert_allclose(fixed.blocks[0].weights, model.trace(TEXT, length=5).blocks[0].weights, atol=1e-5)
    longer = model.trace(TEXT, prefix=given[:2], length=4).output.tokens
    assert len(longer) == 4 and longer[:2] == given[:2]
    with pytest.raises(InputError, match="length"):
        model.trace(TEXT, length=0)
    room = 61 - 1 - 6
    assert len(model.trace(TEXT, prefix=given[:1] * 3, length=99).output.tokens) <= room


def test_what_is_expected_at_each_token(model, arrays):
    encoded = model.encode(TEXT)
    ids = ids_of(model, encoded)
    logs = log_softmax(of_arrays(arrays, ids).logits)
    found = model.expected(encoded)
    np.testing.assert_allclose(found.log_probabilities, logs[np.arange(len(ids) - 1), ids[1:]], atol=1e-4)
    np.testing.assert_allclose(found.following, logs[-1], atol=1e-4)
    np.testing.assert_allclose(found.entropy, -(np.exp(logs) * logs).sum(-1)[:-1], atol=1e-4)
    logs[:, :3] = -np.inf
    assert [model.token_id(best[0]) for best in found.best] == list(logs.argmax(-1))[:-1]
    assert found.never == {0, 1, 2}


def test_a_given_text_is_read(model, arrays):
    encoded = model.encode(TEXT)
    read = model.run(encoded, target="and ran").output
    ids = ids_of(model, encoded, read.tokens)
    logs = log_softmax(of_arrays(arrays, ids[:-1]).logits)[-len(read.tokens) :]
    np.testing.assert_allclose(read.log_probabilities, logs[np.arange(len(logs)), ids[-len(logs) :]], atol=1e-4)
    assert read.text == "and ran" and not read.finished


def test_one_row_is_taken_apart(model, arrays):
    encoded = model.encode(TEXT)
    tokens = model.run(encoded, length=3).output.tokens
    expected = of_arrays(arrays, ids_of(model, encoded, tokens)[:-1])
    steps = model.explain(encoded, "causal", 1, 4, 7, tokens=tokens)
    np.testing.assert_allclose(steps["weights"], expected.weights[1, 4, 7], atol=1e-5)
    seen = steps["weights"] > 0
    np.testing.assert_allclose((steps["key"] @ steps["query"])[seen] / np.sqrt(10), steps["scores"][seen], atol=1e-4)
    np.testing.assert_allclose(steps["output"], expected.outputs[1, 4, 7], atol=1e-4)
    np.testing.assert_allclose(model.value_norms(encoded, tokens=tokens), expected.norms, rtol=1e-4)


def test_the_derivative_of_one_next_token_is_that_of_small_differences(model, arrays):
    encoded = model.encode(TEXT)
    tokens = model.run(encoded, length=2).output.tokens
    ids = ids_of(model, encoded, tokens[:1])
    table = np.asarray(arrays["embedding/embeddings"], np.float64)
    found = model.gradients(encoded, (1, tokens[1]), tokens=tokens)[0]
    assert found.shape == (6, 60)
    np.testing.assert_allclose(model.embed(encoded), table[ids[1:7]], atol=1e-6)
    wanted = model.token_id(tokens[1])
    for place, feature in ((1, 7), (4, 23)):
        ends = []
        for sign in (1, -1):
            vectors = table[ids].copy()
            vectors[1 + place, feature] += sign * 1e-5
            ends.append(np.exp(log_softmax(of_arrays(arrays, ids, vectors).logits[-1])[wanted]))
        assert found[place, feature] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=2e-2, abs=1e-6)


def test_the_same_for_many_texts_at_once(model):
    encoded = model.encode(TEXT)
    several = [encoded, encoded.replace([2], model.unknown_id), encoded.keep(range(4))]
    alone = np.concatenate([model.next_logits([each], [7]) for each in several])
    np.testing.assert_allclose(model.next_logits(several, [7]), alone, atol=1e-4)


def test_a_changed_row_changes_what_follows_it_only(model):
    own = model.trace(TEXT, length=4)
    weights = np.full((10, 10), np.nan, np.float32)
    weights[6] = 0
    weights[6, 2] = 1
    done = model.trace(TEXT, prefix=own.output.tokens, edits=[Edit("causal", weights, 0, 3)])
    block, before = done.blocks[0], own.blocks[0]
    np.testing.assert_allclose(block.weights[0, 3, 6], np.eye(10)[2], atol=1e-6)
    np.testing.assert_allclose(block.weights[:, :, :6], before.weights[:, :, :6], atol=1e-5)
    assert np.abs(block.weights[1:, :, 6:] - before.weights[1:, :, 6:]).max() > 1e-3
    assert np.abs(done.output.log_probabilities - own.output.log_probabilities).max() > 1e-3
    free = model.trace(TEXT, length=4, edits=[Edit("causal", weights, 0, 3)])
    held = model.trace(TEXT, prefix=free.output.tokens, edits=[Edit("causal", weights, 0, 3)])
    np.testing.assert_allclose(held.blocks[0].weights, free.blocks[0].weights, atol=1e-5)


def test_what_is_drawn_is_drawn_as_often_as_it_is_probable(model):
    logs = np.log([0.5, 0.25, 0.125, 0.125])
    sampling = [Sampling(seed=seed) for seed in range(2000)]
    counts = np.bincount([each.drawn(logs, 3) for each in sampling], minlength=4) / 2000
    np.testing.assert_allclose(counts, np.exp(logs), atol=0.035)
    cold = Sampling(temperature=0.5).shares(logs)
    np.testing.assert_allclose(cold, np.exp(2 * logs) / np.exp(2 * logs).sum())
    assert (Sampling(top_k=2).shares(logs) > 0).sum() == 2 and (Sampling(top_p=0.75).shares(logs) > 0).sum() == 2
    assert (Sampling(top_p=0.76).shares(logs) > 0).sum() == 3
    np.testing.assert_allclose(Sampling(top_k=3, top_p=0.6).shares(logs), [2 / 3, 1 / 3, 0, 0])
    assert not Sampling(top_p=0.01).shares(logs, never=[0])[0]
    for wrong in ({"temperature": 0}, {"top_k": -1}, {"top_p": 0}, {"top_p": 1.1}, {"seed": -1}):
        with pytest.raises(InputError) as caught:
            Sampling(**wrong)  # type: ignore[arg-type]
        assert caught.value.code == "bad_sampling"
    with pytest.raises(InputError) as caught:
        model.trace(TEXT, sampling=Sampling(), beam=2)
    assert caught.value.code == "sampling_or_beam"


def test_a_seed_draws_the_same_again_and_goes_on_after_a_choice(model):
    drawn = [model.trace(TEXT, sampling=Sampling(1.5, seed=seed), length=8).output.tokens for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1] and len(set(drawn)) == 3
    one = model.trace(TEXT, sampling=Sampling(1.5, seed=1), prefix=drawn[0][:5], length=8).output
    assert one.tokens == drawn[0]
    greedy = model.trace(TEXT, length=8).output.tokens
    assert model.trace(TEXT, sampling=Sampling(seed=9, top_k=1), length=8).output.tokens == greedy


def test_the_command_line_goes_on_and_draws(folder, model, capsys):
    def written(*options: str) -> list[str]:
        assert cli.main(["trace", str(folder), TEXT, "--layer", "0", "--head", "0", *options]) == 0
        return json.loads(capsys.readouterr().out)["output"]["tokens"]

    assert written() == list(model.trace(TEXT).output.tokens)
    assert written("--length", "4") == list(model.trace(TEXT, length=4).output.tokens)
    drawn = model.trace(TEXT, length=6, sampling=Sampling(3.0, top_k=9, top_p=0.9, seed=2)).output.tokens
    options = ("--length", "6", "--temperature", "3", "--top-k", "9", "--top-p", "0.9", "--seed", "2")
    assert written(*options) == list(drawn)
    assert cli.main(["trace", str(folder), TEXT, "--top-p", "0"]) == 2
