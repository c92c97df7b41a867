"""Training of translation models: pairs, alignments, lessons, the loop and the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz.families.writing.subwords import END_ID, START_ID
from attnviz.training.data import MANYTHINGS, SMALL_PARALLEL, available
from attnviz.training.milestones import milestones
from attnviz.training.networks import Weights
from attnviz.training.translation import learner, pairs
from attnviz.training.translation.lesson import Cuts, Lesson
from attnviz.training.translation.pairs import Pairs
from attnviz.training.translation.school import School
from attnviz.training.translation.scores import scores
from attnviz.training.translation.settings import TranslationSettings
from attnviz.training.translation.word_alignment import with_the_word_before, word_alignments
from attnviz.training.writing import Greedy

PAIRS = (
    ("I like cats.", "私は猫が好きです。"),
    ("I like dogs.", "私は犬が好きです。"),
    ("I like tea.", "私はお茶が好きです。"),
    ("He likes cats.", "彼は猫が好きです。"),
    ("He likes dogs.", "彼は犬が好きです。"),
)
TINY = TranslationSettings(
    source_size=61, target_size=59, features=12, encoder_layers=1, decoder_layers=2, heads=3, hidden=17,
    epochs=3, batch_size=2, dropout=0.1, half=False,
)  # fmt: skip


def eager(make: Callable[..., Any]) -> Callable[..., Any]:
    """Makes what `make` makes, run without a graph: of a few steps, making the graph takes longest."""

    def made(*arguments: Any) -> Any:
        model = make(*arguments)
        model.run_eagerly = True
        return model

    return made


@pytest.fixture(scope="module")
def lessons() -> School:
    return School("en", "ja", TINY, Pairs(PAIRS, PAIRS[:2], PAIRS[3:]))


@pytest.mark.parametrize(
    ("cut", "natural"),
    [
        ("i can 't tell who will arrive first .", "i can't tell who will arrive first."),
        ("no . i 'm sorry , i 've got to go back early .", "no. i'm sorry, i've got to go back early."),
        ("he said , '' go home . ''", 'he said, "go home."'),
        ("it is ten o 'clock .", "it is ten o'clock."),
    ],
)
def test_english_is_put_back_into_natural_form(cut: str, natural: str) -> None:
    assert pairs.detokenise(cut) == natural


def test_what_is_compared_knows_neither_case_nor_marks() -> None:
    assert pairs.key("Don't GO, ｎｏｗ!") == "dontgonow"


@pytest.mark.skipif(not available(SMALL_PARALLEL) or not available(MANYTHINGS), reason="the data are not at hand")
def test_the_parts_share_no_side() -> None:
    parts = pairs.pairs(quiet=True)
    assert len(parts.dev) == len(parts.test) == 500
    for side in (0, 1):
        seen = [{pairs.key(pair[side]) for pair in part} for part in (parts.train, parts.dev, parts.test)]
        assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])


def test_words_that_come_together_are_aligned(lessons: School) -> None:
    english = [["i", "like", noun] for noun in ("cats", "dogs", "tea")]
    japanese = [["私", noun, "好き"] for noun in ("猫", "犬", "茶")]
    for alignment in word_alignments(english, japanese):
        assert alignment.shape == (3, 3) and alignment.dtype == np.float32
        assert (alignment >= 0).all() and (alignment <= 1).all()
        assert alignment[1].argmax() == 2  # the noun


def test_a_word_linked_to_nothing_goes_with_the_word_before() -> None:
    alignment = np.array([[0, 0.1], [0.9, 0], [0.2, 0.1], [0, 0], [0.1, 0.6]], np.float32)
    before = alignment.copy()
    np.testing.assert_array_equal(with_the_word_before(alignment, 0.3), alignment[[0, 1, 1, 1, 4]])
    np.testing.assert_array_equal(alignment, before)
    assert with_the_word_before(np.zeros((0, 0), np.float32)).shape == (0, 0)


def test_only_what_is_read_is_cut_in_several_ways() -> None:
    settings = replace(TINY, pair_dropout=0.5)
    school = School("en", "ja", settings, Pairs(PAIRS, PAIRS[:2], PAIRS[3:]))
    lesson = school.lesson()
    read, written = (
        {tuple(row[row > END_ID]) for epoch in range(5) for batch in lesson.batches(epoch) for row in rows(batch)}
        for rows in (lambda batch: batch.source, lambda batch: batch.wanted)
    )
    assert len(written) == len(PAIRS) < len(read)


def test_words_are_cut_as_the_model_will_cut_them(lessons: School) -> None:
    subwords = lessons.subwords["en"]
    keys = [subwords.keys(english) for english, _ in PAIRS]
    cuts = Cuts(subwords, keys, 0.0, 3)
    for index, (english, _) in enumerate(PAIRS):
        pieces, words = cuts.draw(index, np.random.default_rng(0))
        cut = subwords.cut(english)
        assert (pieces, words) == ([piece.id for piece in cut], [piece.word for piece in cut])


def test_words_left_in_pieces_are_still_those_words(lessons: School) -> None:
    subwords = lessons.subwords["en"]
    keys = [subwords.keys(english) for english, _ in PAIRS]
    cuts, rng = Cuts(subwords, keys, 0.5, 3), np.random.default_rng(0)
    drawn = [cuts.draw(0, rng)[0] for _ in range(20)]
    assert len({tuple(pieces) for pieces in drawn}) > 1
    assert {subwords.join(pieces) for pieces in drawn} == {"i like cats."}


def test_a_pass_shows_every_pair_once(lessons: School) -> None:
    lesson: Lesson = lessons.lesson()
    batches = list(lesson.batches(0))
    assert sum(len(batch.source) for batch in batches) == len(PAIRS) and lesson.steps == len(batches)
    for batch in batches:
        assert (batch.target[:, 0] == START_ID).all()
        assert ((batch.source == END_ID).sum(axis=1) == 1).all() and ((batch.wanted == END_ID).sum(axis=1) == 1).all()
        np.testing.assert_array_equal(
            batch.target[:, 1:][batch.target[:, 1:] > 0], batch.wanted[:, :-1][batch.target[:, 1:] > 0]
        )
        assert (batch.links.sum(axis=2) <= 1 + 1e-5).all()
        assert (batch.links[(batch.wanted == 0)] == 0).all() and (batch.links.sum(axis=1)[batch.source == 0] == 0).all()


def test_an_interrupted_training_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(TINY, decoder_layers=1, guided_layer=0, batch_size=len(PAIRS), averaging=0.3)
    school = School("en", "ja", settings, Pairs(PAIRS, PAIRS[:2], PAIRS[3:]))
    scored = iter(({"bleu": 3.0}, {"bleu": 7.0}, {"bleu": 7.0}) * 2)
    monkeypatch.setattr(School, "measure", lambda *_: (next(scored), []))
    monkeypatch.setattr(learner, "learner", eager(learner.learner))

    class Cut(BaseException):
        pass

    kept: dict[int, Weights] = {}

    def cut(step: int, weights: Weights) -> None:
        kept[step] = weights
        if step == 2:
            raise Cut

    state = tmp_path / "state.npz"
    with pytest.raises(Cut):
        school.learn(checkpoint=state, quiet=True, keep=cut)
    resumed: dict[int, Weights] = {}
    weights, record = school.learn(checkpoint=state, quiet=True, keep=resumed.__setitem__)
    assert record["epochs"] == record["best_epoch"] == record["steps"] == 3 and record["seconds_before"] > 0
    assert sorted(kept) == [0, 1, 2] and sorted(resumed) == [2, 3] and milestones(3) == [0, 1, 2, 3]

    whole: dict[int, Weights] = {}
    expected, _ = school.learn(quiet=True, keep=whole.__setitem__)
    # Optimizer, dropout, mean and order went on as if nothing had happened. A bias of keys moves no weight: its
    # gradient is rounding alone, which Adam makes as large as any.
    for name, array in ((name, array) for name, array in expected.items() if not name.endswith("key/bias")):
        np.testing.assert_allclose(weights[name], array, atol=1e-6, err_msg=name)
        np.testing.assert_allclose((kept | resumed)[2][name], whole[2][name], atol=1e-6, err_msg=name)
    assert any(np.abs(expected[name] - whole[3][name]).max() > 1e-4 for name in expected)  # a mean was kept


@pytest.mark.parametrize(("total", "looks"), [(0, 5), (1, 7), (11, 13), (13_080, 23)])
def test_a_model_is_looked_at_untrained_trained_and_ever_more_seldom(total: int, looks: int) -> None:
    steps = milestones(total, looks)
    assert steps[0] == 0 and steps[-1] == total and len(steps) <= looks
    gaps = np.diff(steps)
    assert (gaps > 0).all() and (total < 100 or (np.diff(gaps) >= -1).all())


def test_greedy_writing_stops_and_gives_a_row_each(lessons: School) -> None:
    written = Greedy(learner.networks(TINY), 7)([[5, 6], [7, 8, 9]], batch_size=1)
    assert len(written) == 2 and all(len(row) <= 7 and END_ID not in row for row in written)


def test_scores_are_those_of_sacrebleu() -> None:
    same = ["私は猫が好きです。", "彼は犬が好きです。"]
    assert scores(same, same, "ja") == {"bleu": 100.0, "chrf": 100.0}
    assert scores(["I LIKE the cats a lot."], ["i like the cats a lot."], "en")["bleu"] == 100.0
    assert scores(["猫"], ["私は犬が好きです。"], "ja")["bleu"] < 10
