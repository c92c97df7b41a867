"""The kind of model that says which class a text belongs to: by attention pooling or with an encoder."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.corpus import measure as measure_heads
from attnviz.families.card import ModelCard
from attnviz.families.learning import FILE
from attnviz.families.model import Model
from attnviz.tokenizers import KINDS, Tokenizer, count_keys, from_config, make_vocabulary, write_vocabulary
from attnviz.training import classifier_card, corpora, negation, recording, sibling
from attnviz.training.batch import Batch, join, padded
from attnviz.training.card import Section
from attnviz.training.classifier_recording import Recorder
from attnviz.training.corpora import Corpus, Examples
from attnviz.training.distillation import Guide, Teacher
from attnviz.training.evaluation import DECIMALS, accuracies, encode, measure
from attnviz.training.explanations import SENTENCES, explanations
from attnviz.training.kind import Learned
from attnviz.training.loop import Keep, fit
from attnviz.training.networks import Variant, Weights, forward, halves, network, set_weights, share_positions
from attnviz.training.pretrained_teacher import Judged, judge
from attnviz.training.recipe import ClassifierRecipe
from attnviz.training.sentences import course
from attnviz.training.settings import Settings

#: A position counts as trained if this many training sentences reach it.
WELL_TRAINED = 100

#: What is told of each head of an encoder, see `analysis.heads.behaviour`.
HEAD_FIGURES = ("entropy", "largest", "previous", "next", "same", "special")

#: Figures that need a training of their own and are not computed again.
RECORDED = ("cv_mean", "cv_sd", "cv_folds", "cv_scores", "recorded_at_training")


@dataclass(frozen=True)
class Classifier:
    """A recipe of a classifier; see `kind.Kind`.

    Attributes:
        recipe: What is made.
        quiet: No progress on standard error.
        sentences: Of the test part whose attention is compared with measures of attribution; 0: it is not.
    """

    recipe: ClassifierRecipe
    quiet: bool = False
    sentences: int = SENTENCES
    _read: dict[int, Corpus] = field(default_factory=dict, compare=False, repr=False)

    def corpus(self, seed: int) -> Corpus:
        """The data, split by a seed; read once."""
        if seed not in self._read:
            self._read[seed] = self.recipe.corpus(seed, quiet=self.quiet)
        return self._read[seed]

    def learn(self, models_folder: Path, state: Path) -> Learned:
        recipe, corpus = self.recipe, self.corpus(self.recipe.settings.seed)
        tokenizer = make_tokenizer(recipe, corpus.train)
        teacher, judged = self._teacher(tokenizer, models_folder, state)
        guide = sibling.guide(recipe, tokenizer, models_folder) if recipe.settings.guided else None
        began, fit = time.monotonic(), partial(self._fit, recipe.settings, tokenizer, corpus)
        keep = partial(recording.keep, state / recording.SNAPSHOTS)
        checkpoint = state / f"{recipe.variant}.npz"
        weights, record = fit(recipe.variant, checkpoint, teacher=teacher, guide=guide, judged=judged, keep=keep)
        arrays = {"weights.npz": weights}
        if recipe.family == "pooling":
            arrays["mean_pooling.npz"], _ = fit("mean", state / "mean.npz")
        validation = self._cross_validation(corpus, state) if recipe.folds else {}
        ids = encode(tokenizer, corpus.train, recipe.config()["max_length"]).ids[:, : recipe.settings.max_tokens]
        trained_length = share_positions(weights, ids, WELL_TRAINED)
        seconds = (judged.seconds if judged else 0.0) + record["seconds_before"] + time.monotonic() - began
        return Learned(
            arrays={name: _as_stored(each, recipe.config()["vocabulary_size"]) for name, each in arrays.items()},
            files={"vocabulary.txt": lambda path: write_vocabulary(path, tokenizer.vocabulary)},
            card={
                "family": recipe.family,
                "task": recipe.task,
                "kinds": ["self" if recipe.family == "encoder" else "pooling"],
                "labels": list(recipe.labels),
                "label_names": {code: list(names) for code, names in recipe.label_names.items()},
                "config": recipe.config(),
                "tokenizer": recipe.tokenizer,
                "trained_length": trained_length,
                **({"original": recipe.original} if recipe.original else {}),
            },
            training={
                "seed": recipe.settings.seed,
                "seconds": round(seconds, 1),
                "n_train": len(corpus.train),
                "n_validation": len(corpus.validation),
                "min_count": recipe.min_count,
                "settings": recipe.settings.stated(recipe.family),
                **_stated(recipe, judged),
                "epochs": record["epochs"],
                "best_epoch": record["best_epoch"],
                "validation_macro_accuracy": round(record["history"][record["best_epoch"] - 1]["macro_accuracy"], 4),
            },
            metrics=validation,
        )

    def recorder(self, folder: Path, content: Mapping[str, Any]) -> Recorder | None:
        if self.recipe.original:
            return None
        tokenizer, test = _tokenizer(folder, content), self._test(folder, content)
        measured = test.take(recording.drawn(len(test.ids), content["training"]["seed"]))
        config = {**content["config"], "vocabulary_size": len(tokenizer.vocabulary)}
        return Recorder(config, self.recipe.variant, tokenizer, content["examples"], measured)

    def measure(self, folder: Path, content: Mapping[str, Any], models_folder: Path) -> dict[str, Any]:
        found = self.figures(folder, content, models_folder)
        test, label = self.corpus(content["training"]["seed"]).test, content["name"]
        if self.recipe.family == "encoder":
            found["heads"] = heads_do(zoo.load(folder), test.texts)
        if not self.sentences:
            return {"metrics": found}
        agreement, cases = explanations(zoo.load(folder), test, sentences=self.sentences, label=label, quiet=self.quiet)
        return {"metrics": {**found, "attribution": agreement}, "cases": cases}

    def test_sentences(self, content: Mapping[str, Any]) -> Sequence[str]:
        return self.corpus(content["training"]["seed"]).test.texts

    def figures(self, folder: Path, content: Mapping[str, Any], models_folder: Path) -> dict[str, Any]:
        """The card's `metrics` but for those of attribution, which take longer."""
        test = self._test(folder, content)
        files = [file for file in content["files"] if file.endswith(".npz") and file != FILE]
        weights = {file: zoo.read_weights(folder, file) for file in files}
        found = measure(
            weights["weights.npz"],
            content["config"],
            test,
            variant=self.recipe.variant,
            mean_weights=weights.get("mean_pooling.npz"),
        )
        if self.recipe.negation:
            found["negation"] = self._negation(folder, content, weights["weights.npz"])
        if beside := zoo.beside(self.recipe.name):
            found["beside"] = [_told(each) for each in beside]
        if self.recipe.sibling:
            found |= sibling.figures(self.recipe.sibling, models_folder, len(test.ids))
        return found | {key: content["metrics"][key] for key in RECORDED if key in content["metrics"]}

    def sections(self, folder: Path, content: Mapping[str, Any]) -> list[Section]:
        model = network(content["config"], self.recipe.variant)
        set_weights(model, zoo.read_weights(folder))
        tokenizer, test = _tokenizer(folder, content), self.corpus(content["training"]["seed"]).test
        return classifier_card.sections(
            content, self.recipe, tokenizer, forward(model), test, self._test(folder, content)
        )

    def _negation(self, folder: Path, content: Mapping[str, Any], weights: Weights) -> dict[str, Any]:
        """Figures of the minimal pairs."""
        tokenizer, model = _tokenizer(folder, content), network(content["config"], self.recipe.variant)
        set_weights(model, weights)
        predict = forward(model)
        first, second = (
            predict(padded([[token.id for token in tokenizer.tokenize(text)] for text in texts]))[0].argmax(axis=1)
            for texts in zip(*((pair.positive, pair.negative) for pair in negation.pairs()), strict=True)
        )
        return negation.right(first, second)

    def _test(self, folder: Path, content: Mapping[str, Any]) -> Batch:
        """The test part as ids."""
        test = self.corpus(content["training"]["seed"]).test
        return encode(_tokenizer(folder, content), test, content["config"]["max_length"])

    def _teacher(self, tokenizer: Tokenizer, models_folder: Path, state: Path) -> tuple[Teacher | None, Judged | None]:
        """Whom a model learns from beside the data: its sibling, or a pretrained model, asked once for all."""
        recipe = self.recipe
        if not recipe.settings.distillation:
            return None, None
        if recipe.teacher is None:
            return sibling.teacher(recipe, tokenizer, models_folder), None
        return None, judge(
            recipe.teacher,
            tokenizer,
            self.corpus(recipe.settings.seed),
            used(recipe, tokenizer),
            seed=recipe.settings.seed,
            state=state,
            label=f"{recipe.name} teacher",
            quiet=self.quiet,
        )

    def _fit(
        self,
        settings: Settings,
        tokenizer: Tokenizer,
        corpus: Corpus,
        variant: Variant,
        checkpoint: Path,
        *,
        teacher: Teacher | None = None,
        guide: Guide | None = None,
        judged: Judged | None = None,
        keep: Keep | None = None,
    ) -> tuple[Weights, dict[str, Any]]:
        """Train one network on a corpus; see `loop.fit`."""
        config = used(self.recipe, tokenizer)
        train, validation = (
            encode(tokenizer, part, config["max_length"]) for part in (corpus.train, corpus.validation)
        )
        if judged is not None:
            share = np.float32(settings.distillation)
            train = replace(train, targets=(1 - share) * train.targets + share * judged.train)
        more = judged.sets if judged else ()
        if self.recipe.beside is not None:
            beside = self.recipe.beside(corpus, seed=settings.seed, quiet=self.quiet)
            labelled = encode(tokenizer, beside, config["max_length"])
            more = tuple(join(each, labelled) for each in more) or (labelled,)
        chosen = course(
            train,
            validation,
            config,
            settings,
            variant=variant,
            teacher=teacher,
            guide=guide,
            more=more,
            initial={"embedding/embeddings": judged.embedding} if judged else None,
        )
        label = f"{self.recipe.name} {checkpoint.stem}"
        return fit(chosen, checkpoint=checkpoint, label=label, quiet=self.quiet, keep=keep)

    def _cross_validation(self, corpus: Corpus, state: Path) -> dict[str, Any]:
        """Macro accuracy with whole groups held out: a vocabulary and a model of its own for each part."""
        recipe, scores = self.recipe, []
        everything = corpora.join(corpus.train, corpus.validation, corpus.test)
        for number, part in enumerate(corpora.folds(everything, recipe.folds, recipe.settings.seed)):
            settings = replace(recipe.settings, seed=recipe.settings.seed + number)
            tokenizer = make_tokenizer(recipe, part.train)
            weights, _ = self._fit(settings, tokenizer, part, recipe.variant, state / f"fold-{number + 1}.npz")
            config = used(recipe, tokenizer)
            model = network(config, recipe.variant)
            set_weights(model, weights)
            held_out = encode(tokenizer, part.test, config["max_length"])
            predicted = forward(model)(held_out.ids)[0].argmax(axis=1)
            scores.append(accuracies(predicted, held_out.labels, config["classes"])[1])
        return {
            "cv_mean": round(float(np.mean(scores)), 4),
            "cv_sd": round(float(np.std(scores, ddof=1)), 4),
            "cv_folds": recipe.folds,
            "cv_scores": [round(score, 4) for score in scores],
            "recorded_at_training": list(RECORDED),
        }


def _told(card: ModelCard) -> dict[str, Any]:
    """What the card of a model says of one that stands beside it."""
    figures = card.details["metrics"]
    names = ("accuracy", "macro_accuracy", "drop_ratio", "drop_ratio_low", "drop_ratio_high")
    return {"name": card.name, **{name: figures[name] for name in names}, "kendall": figures["attribution"]["kendall"]}


def heads_do(model: Model, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What each head does, mean and standard deviation over sentences of the figures `HEAD_FIGURES`; layers from 1."""
    heads: dict[tuple[int, int], dict[str, Any]] = {}
    for row in measure_heads(model, texts, brief=True).heads.to_dict("records"):
        place = int(row["layer"]), int(row["head"])
        entry = heads.setdefault(place, {"layer": place[0], "head": place[1]})
        if row["figure"] in HEAD_FIGURES:
            entry[row["figure"]] = [round(float(row[part]), DECIMALS) for part in ("mean", "deviation")]
    return [heads[place] for place in sorted(heads)]


def make_tokenizer(recipe: ClassifierRecipe, examples: Examples) -> Tokenizer:
    """The recipe's tokenizer with a vocabulary of its training part."""
    options = dict(recipe.tokenizer)
    kind = KINDS[options.pop("kind")]
    counts = count_keys(kind(**options), examples.texts)
    vocabulary = make_vocabulary(counts, size=recipe.config()["vocabulary_size"], min_count=recipe.min_count)
    return kind(vocabulary, **options)


def used(recipe: ClassifierRecipe, tokenizer: Tokenizer) -> dict[str, int]:
    """What is trained: no rows of the embedding that are not used, which would only cost time."""
    return {**recipe.config(), "vocabulary_size": len(tokenizer.vocabulary)}


def _tokenizer(folder: Path, content: Mapping[str, Any]) -> Tokenizer:
    return from_config(content["tokenizer"], folder / "vocabulary.txt")


def _stated(recipe: ClassifierRecipe, judged: Judged | None) -> dict[str, Any]:
    """What a card says of a pretrained teacher."""
    if recipe.teacher is None or judged is None:
        return {}
    return {"teacher": {**recipe.teacher.stated(), "validation_accuracy": round(judged.accuracy, 4)}}


def _as_stored(weights: Weights, rows: int) -> dict[str, Any]:
    """Half precision; the embedding filled up with zero rows, and zero at padding, which is never read."""
    known = weights["embedding/embeddings"]
    embeddings = np.zeros((rows, known.shape[1]), dtype=np.float32)
    embeddings[1 : len(known)] = known[1:]
    return dict(halves({**weights, "embedding/embeddings": embeddings}))
