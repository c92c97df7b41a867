"""A pretrained model as teacher: it learns the task, judges what nobody labelled, and an encoder learns from that."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest

from attnviz.errors import ModelError
from attnviz.training import classifier, fine_tuning, loop, networks, pipeline, pretrained_teacher
from attnviz.training.batch import Batch, join
from attnviz.training.pretrained_teacher import PretrainedTeacher, judge
from attnviz.training.sentences import Sentences
from tests.families.hub import hub_folders
from tests.training.test_encoder import TINY_ENCODER
from tests.training.tiny import FILLERS, RECIPE, SIGNS, tiny

UNLABELLED = tuple(f"{first} {second} {sign}" for first in FILLERS for second in FILLERS for sign in SIGNS)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """A folder of random weights, its vocabulary that of the tiny task."""
    words = [*hub_folders.WORDS[:5], *FILLERS, *SIGNS]
    words += [f"word{number}" for number in range(len(hub_folders.WORDS) - len(words))]
    made = hub_folders.bert()
    made.files["vocab.txt"] = "\n".join(words) + "\n"
    return made.write(tmp_path_factory.mktemp("pretrained") / "tiny-bert")


@pytest.fixture(scope="module")
def teacher(pretrained):
    return PretrainedTeacher(
        package=str(pretrained),
        sha256=hashlib.sha256((pretrained / "model.safetensors").read_bytes()).hexdigest(),
        title="a tiny BERT",
        sentences=lambda *, quiet: UNLABELLED,
        source="sentences of a test",
        epochs=5,
        batch_size=16,
        learning_rate=5e-3,
        dropout=0.0,
        max_tokens=19,
        layer=1,
        sets=2,
        unlabelled=31,
    )


CORPUS = RECIPE.corpus(5)
TOKENIZER = classifier.make_tokenizer(RECIPE, CORPUS.train)
CONFIG, SEED = classifier.used(TINY_ENCODER, TOKENIZER), TINY_ENCODER.settings.seed


class TextsOnly:
    """A test part whose texts can be read once, to be left out, and which has neither classes nor targets."""

    def __init__(self, texts):
        self._texts = [texts]

    @property
    def texts(self):
        return self._texts.pop()


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def held_out():
    return TextsOnly(CORPUS.test.texts)


class Interruption(BaseException):
    """Somebody ends the training."""


@pytest.fixture(scope="module")
def passes():
    """Accuracy after each pass that the teacher of `judged` took."""
    return []


@pytest.fixture(scope="module")
def judged(teacher, state, held_out, passes):
    """Judged by a teacher that was interrupted after two passes and asked again."""
    record = loop.Run.record

    def recorded(run, figures):
        record(run, figures)
        passes.append(figures["accuracy"])
        if len(passes) == 2:
            raise Interruption

    def asked(test):
        return judge(teacher, TOKENIZER, replace(CORPUS, test=test), CONFIG, seed=SEED, state=state, quiet=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.Run, "record", recorded)
        with pytest.raises(Interruption):
            asked(TextsOnly(CORPUS.test.texts))
        return asked(held_out)


def test_it_learns_the_task_and_judges_what_nobody_labelled(judged):
    assert judged.accuracy > 0.9
    assert judged.train.shape == (160, 2) and judged.train.dtype == np.float32
    np.testing.assert_allclose(judged.train.sum(axis=1), 1, atol=1e-5)
    assert (judged.train.argmax(axis=1) == CORPUS.train.labels).mean() > 0.9
    sign = {TOKENIZER.tokenize(word)[0].id: number for number, word in enumerate(SIGNS)}
    for each in judged.sets:
        assert each.ids.shape == (160 + 31, 128) and (each.ids[:, 0] > 0).all() and (each.labels == -1).all()
        assert each.targets.shape == each.auxiliary.shape == (160 + 31, 2)
        which = np.array([[sign[word] for word in row if word in sign] for row in each.ids[160:]]).ravel()
        assert (each.targets[160:].argmax(axis=1) == which).mean() > 0.9


def test_each_set_has_other_mixtures_and_other_sentences_none_of_them_held_out(judged):
    first, second = (each.ids for each in judged.sets)
    assert (first[:160] != second[:160]).any(axis=1).mean() > 0.5
    assert not {tuple(row) for row in first[160:]} & {tuple(row) for row in second[160:]}
    held = {text for part in (CORPUS.validation, CORPUS.test) for text in part.texts}
    assert held & set(UNLABELLED)  # there is something to leave out
    ids = {tuple(token.id for token in TOKENIZER.tokenize(text)) for text in held}
    assert not ids & {tuple(row[row > 0]) for each in judged.sets for row in each.ids[160:]}


def test_of_the_test_part_nothing_but_its_texts_is_read_and_those_once(judged, held_out):
    with pytest.raises(IndexError):
        held_out.texts  # noqa: B018
    assert vars(held_out).keys() == {"_texts"}


def test_what_was_judged_is_read_again_and_only_by_the_same_training(teacher, judged, state, monkeypatch):
    def fail(*_):
        raise AssertionError("taught again")

    monkeypatch.setattr(pretrained_teacher, "FineTuned", fail)
    again = judge(teacher, TOKENIZER, CORPUS, CONFIG, seed=SEED, state=state, quiet=True)
    np.testing.assert_array_equal(again.train, judged.train)
    assert again.accuracy == judged.accuracy and again.seconds == judged.seconds > 0
    for one, other in zip(again.sets, judged.sets, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.targets, other.targets)
    with pytest.raises(AssertionError, match="taught again"):
        judge(replace(teacher, learning_rate=4e-3), TOKENIZER, CORPUS, CONFIG, seed=SEED, state=state, quiet=True)


def test_an_interrupted_teacher_goes_on_where_it_stopped(teacher, judged, passes):
    assert len(passes) == teacher.epochs, "no pass is taken twice"
    assert judged.accuracy == max(passes)


def test_other_weights_are_refused(teacher, tmp_path):
    with pytest.raises(ModelError) as raised:
        judge(replace(teacher, sha256="5" * 64), TOKENIZER, CORPUS, CONFIG, seed=SEED, state=tmp_path, quiet=True)
    assert raised.value.code == "file_checksum"
    with pytest.raises(ModelError) as raised:
        judge(
            replace(teacher, package="no_such_package_7"),
            TOKENIZER,
            CORPUS,
            CONFIG,
            seed=SEED,
            state=tmp_path,
            quiet=True,
        )
    assert raised.value.code == "add_source"


def test_an_encoder_learns_from_it_and_its_card_says_so(teacher, judged, state, tiny_models, tmp_path, monkeypatch):
    """The encoder's teacher is that of the other tests, and so is found to have judged already."""
    monkeypatch.setattr(pipeline, "CACHE", tmp_path / "cache")
    shutil.copytree(state, tmp_path / "cache" / "training" / TINY_ENCODER.name)
    monkeypatch.delattr(pretrained_teacher, "FineTuned")
    models = shutil.copytree(tiny_models, tmp_path / "models")
    chosen = replace(TINY_ENCODER, settings=replace(TINY_ENCODER.settings, epochs=3), teacher=teacher)
    given = []
    course = classifier.course

    def seen(*arguments, **options):
        given.append((arguments[0], options))
        return course(*arguments, **options)

    monkeypatch.setattr(classifier, "course", seen)
    folder = pipeline.train(tiny(chosen), models)
    train, options = given[0]
    assert options["teacher"] is None and len(options["more"]) == 2
    assert options["initial"]["embedding/embeddings"].shape == (len(TOKENIZER.vocabulary), 128)
    softened = CORPUS.train.targets.argmax(axis=1) == train.targets.argmax(axis=1)
    assert softened.mean() > 0.9 and train.targets.min() > 0
    content = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    stated = content["training"]["teacher"]
    assert stated == {**teacher.stated(), "validation_accuracy": stated["validation_accuracy"]}
    assert stated["validation_accuracy"] > 0.9 and content["metrics"]["accuracy"] > 0.9
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "(50%) are the probabilities of a teacher" in readme and "a tiny BERT, which first learned" in readme
    assert "in 2 sets" in readme and "31 of sentences of a test" in readme


def test_passes_take_the_sets_in_turn():
    settings = replace(TINY_ENCODER.settings, distillation=0.0, word_dropout=0.0, batch_size=13)

    def part(count, width, word):
        half = np.full((count, 2), 0.5, np.float32)
        return Batch(np.full((count, width), word, np.int32), np.zeros(count, np.int64), half, half)

    shown = Sentences(part(17, 5, 3), settings, more=(part(11, 7, 5), part(11, 6, 7)))
    passes = [[inputs for inputs, _, _ in shown.batches(epoch)] for epoch in range(3)]
    words = [sorted(np.concatenate([ids[:, 0] for ids in each]).tolist()) for each in passes]
    assert words == [[3] * 17 + [5] * 11, [3] * 17 + [7] * 11, [3] * 17 + [5] * 11]
    assert [len(each) for each in passes] == [shown.steps] * 3 == [-(-28 // 13)] * 3


def test_joined_batches_are_padded_to_the_longest():
    one = Batch(np.ones((2, 3), np.int32), np.array([0, 1]), np.eye(2, dtype=np.float32), np.zeros((2, 5), np.float32))
    other = replace(one, ids=np.full((2, 7), 2, np.int32))
    both = join(one, other)
    np.testing.assert_array_equal(both.ids, [[1, 1, 1, 0, 0, 0, 0]] * 2 + [[2] * 7] * 2)
    np.testing.assert_array_equal(both.labels, [0, 1, 0, 1])


def test_every_variable_of_the_teacher_is_kept(teacher, pretrained):
    learned = fine_tuning.FineTuned(teacher, pretrained, CORPUS, 3)
    assert len(networks.get_weights(learned._model)) == len(learned._model.trainable_variables)


def test_words_begin_as_what_they_are_in_a_layer(teacher, pretrained):
    """A word that always stands alone and at one place is the one vector of that sentence, up to turning and size."""
    texts = ["tea", "train", "nice", "old", "now nice", "now old", "now train", "now tea"]
    learned = fine_tuning.FineTuned(teacher, pretrained, CORPUS, 3)
    vectors = learned.vectors(texts, TOKENIZER, 5)
    assert vectors.shape == (len(TOKENIZER.vocabulary), 5) and vectors.dtype == np.float32
    number = {word: TOKENIZER.tokenize(word)[0].id for word in ("tea", "train", "nice", "old", "now")}
    used = vectors[list(number.values())]
    assert used.std() == pytest.approx(fine_tuning.SPREAD, rel=1e-5)
    assert not vectors[[each for each in range(len(vectors)) if each not in number.values()]].any()
    model = learned._pretrained
    layers = {}

    def states(text):
        run = layers.setdefault(
            "model", keras.Model(model.model.inputs, model.model.get_layer("transformer_layer_1").output)
        )
        tokens = model.encode(text).inputs["tokens"]
        feed = {"token_ids": tokens, "padding_mask": np.ones_like(tokens), "segment_ids": np.zeros_like(tokens)}
        return np.float64(run(feed))[0, 1:-1]

    expected = np.stack(
        [
            np.mean([states(text)[text.split().index(word)] for text in texts if word in text.split()], axis=0)
            for word in number
        ]
    )

    def distances(rows):
        return np.linalg.norm(rows[:, None] - rows[None], axis=-1)

    own, wanted = distances(np.float64(used)), distances(expected)
    np.testing.assert_allclose(own / own.max(), wanted / wanted.max(), atol=1e-4)


def test_a_piece_belongs_to_the_word_it_begins_in():
    tokens = TOKENIZER.tokenize("tea, train")
    spans = [None, (0, 2), (2, 3), (5, 7), (7, 10), (4, 5), (10, 11), None]
    ids = [token.id for token in tokens if token.text != ","]
    found = fine_tuning.words_of([token for token in tokens if token.text != ","], spans)
    np.testing.assert_array_equal(found, [-1, ids[0], ids[0], ids[1], ids[1], -1, -1, -1])
