"""A model of the next word from its sentences to its folder, and what it is compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz import zoo
from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.training import pipeline
from attnviz.training.milestones import milestones
from attnviz.training.next_word import next_writer, roles
from attnviz.training.next_word.counting import DISCOUNT, Counts
from attnviz.training.next_word.documents import Documents, arrays
from attnviz.training.next_word.next_writer import NextWriter, held_out
from attnviz.training.next_word.recipes import NEXT_WORD_EN
from attnviz.training.next_word.settings import NextWordSettings
from attnviz.training.translation.pairs import Pairs
from tests.training.test_translation import PAIRS

SETTINGS = NextWordSettings(
    size=61, features=24, layers=2, heads=3, groups=3, hidden=29, room=23, sentences=3, epochs=30,
    batch_size=7, learning_rate=0.02, dropout=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("next")
    recipe = replace(NEXT_WORD_EN, name="tiny-next", settings=SETTINGS, examples=("I like", "cats cats"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "CACHE", place / "cache")
        patch.setattr(next_writer, "pairs", lambda **_: Pairs(PAIRS, PAIRS[:2], PAIRS[3:]))
        kind = NextWriter(recipe, quiet=True)
        yield kind, pipeline.train(kind, place / "models")


def test_its_folder_is_whole_and_goes_on(made):
    kind, folder = made
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    assert list(content["files"]) == ["weights.npz", "pieces.json", "learning.npz"]
    assert len(content["training"]["history"]) == 30
    metrics = content["metrics"]
    assert 1 < metrics["dev_perplexity"] < metrics["dev_perplexity_unigram"], "it learned by heart what it was shown"
    assert len(metrics["roles"]["heads"]) == 6 and 0 < metrics["roles"]["chance"] < 1
    model = zoo.load(folder)
    assert len(model.trace("I like", length=3).output.tokens) == 3
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{metrics['test_perplexity']}" in text and "induction" in text
    assert kind.measure(folder, content, folder.parent)["metrics"] == metrics
    steps = Documents(kind.ids(kind.pieces, kind.corpus.train), kind.pieces.size, SETTINGS).steps * 30
    looks = zoo.learning(folder)
    assert looks.steps.tolist() == [*milestones(steps), steps] and looks.loss[-1] < looks.loss[0]
    assert looks.traces[0][0].block("causal").shape[1] == 3


def test_documents_are_the_same_for_a_pass_and_others_for_the_next():
    sentences = [[10 + n, 20 + n, 30 + n] for n in range(100)]
    documents = Documents(sentences, 140, replace(SETTINGS, repeated=0.3, again=0.5))
    first, again, other = (list(documents.batches(epoch)) for epoch in (0, 0, 1))
    assert len(first) == documents.steps > 1
    for (a, b), (c, d) in zip(first, again, strict=True):
        assert (a == c).all() and (b == d).all()
    assert any((a[0] != b[0]).any() for a, b in zip(first, other, strict=True))
    given, wanted = first[0]
    there = wanted[:, :-1] > 0
    assert (given[:, 0] == START_ID).all() and (wanted[:, :-1] != END_ID)[there].any()
    followed = there & (given[:, 1:] > 0)
    assert (wanted[:, :-1] == given[:, 1:])[followed].all(), "what is wanted is what is given next"
    twice = documents.twice(np.random.default_rng(3))
    half = len(twice) // 2
    assert twice[:half] == twice[half:] and half >= 8


def test_a_document_ends_where_there_is_room():
    given, wanted = arrays([[5, 6], [7, 8, 9, 10]], 4)
    assert given.tolist() == [[START_ID, 5, 6, 0], [START_ID, 7, 8, 9]]
    assert wanted.tolist() == [[5, 6, END_ID, 0], [7, 8, 9, 10]]
    assert held_out([[5] * 3] * 8, 23) == [[5] * 18, [5] * 6]


def test_counts_are_interpolated_as_the_formula_says():
    counts = Counts(2, [[1, 5, 6, 5, 7]], 11)
    alone = lambda n: (n - DISCOUNT) / 4 + DISCOUNT * 3 / 4 / 11  # noqa: E731 (5 twice, 6 and 7 once)
    assert counts.probability([], 5) == pytest.approx(alone(2))
    assert counts.probability([5], 6) == pytest.approx((1 - DISCOUNT) / 2 + DISCOUNT * 2 / 2 * alone(1))
    assert counts.probability([9], 6) == pytest.approx(alone(1)), "never seen: as if nothing stood before"
    assert sum(counts.probability([5], token) for token in range(11)) == pytest.approx(1)
    np.testing.assert_allclose(np.exp(counts.logs([1, 5])), [counts.probability([1], 5)])


def test_heads_that_do_one_thing_are_found():
    def weights(ids):
        length = ids.shape[1]
        half = (length - 1) // 2
        found = np.zeros((2, len(ids), 1, length, length))
        for query in range(1, length):
            found[0, :, 0, query, query - 1] = 1
            found[1, :, 0, query, max(query - half + 1, 0)] = 1
        return found

    rows = roles.heads(weights, 50, 9)["heads"]
    assert [rows[0][name] for name in ("previous", "same", "first", "induction")] == [1, 0, 0, 0]
    assert rows[1]["induction"] == 1 - 0.0 and rows[1]["same"] == 0
