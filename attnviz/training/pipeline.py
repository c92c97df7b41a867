"""From the data to a model folder, in stages that survive an interruption."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.families import learning
from attnviz.tokenizers import KINDS, Tokenizer, count_keys, from_config, make_vocabulary, write_vocabulary
from attnviz.training import card as cards
from attnviz.training import corpora, recording, renewal, sibling
from attnviz.training.batch import Batch
from attnviz.training.corpora import Corpus, Examples
from attnviz.training.data import CACHE
from attnviz.training.distillation import Teacher
from attnviz.training.evaluation import encode, measure
from attnviz.training.loop import fit
from attnviz.training.networks import Variant, Weights, forward, network, set_weights, share_positions
from attnviz.training.pretrained_teacher import Judged, judge
from attnviz.training.recipe import Recipe
from attnviz.training.recipes import recipe
from attnviz.training.translation.recipes import RECIPES as TRANSLATIONS

#: A position counts as trained if this many training sentences reach it.
WELL_TRAINED = 100


def train(name: str, *, models_folder: Path | str, quiet: bool = False) -> Path:
    """Train a shipped model from the data alone and write its folder.

    A run that was interrupted, even killed, goes on where it stopped when started again. The folder appears whole
    or not at all, in place of an older one.

    Args:
        name: One of `names()`.
        models_folder: Where the folder `name` is to be.
        quiet: No progress on standard error.

    Returns:
        The path of the folder.

    Raises:
        ModelError: There is no such recipe.
        DataError: The data cannot be had, or are not what they should be.
    """
    folder = train_recipe(recipe(name), Path(models_folder), quiet=quiet)
    evaluate(folder, write=True, quiet=quiet)  # figures that are taken of the folder as it is loaded
    return folder


def train_recipe(chosen: Recipe, models_folder: Path, *, quiet: bool = False) -> Path:
    """`train` for a recipe that need not be one of the shipped."""
    state = CACHE / "training" / chosen.name
    corpus = chosen.corpus(chosen.settings.seed, quiet=quiet)
    tokenizer = make_tokenizer(chosen, corpus.train)
    teacher, judged = _teacher(chosen, tokenizer, corpus, models_folder, state, quiet)
    spent, began = judged.seconds if judged else 0.0, time.monotonic()
    initial = {"embedding/embeddings": judged.embedding} if judged else None
    checkpoint = state / f"{chosen.variant}.npz"
    test = encode(tokenizer, corpus.test, chosen.config()["max_length"])
    measured = recording.sample(test, chosen.settings.seed)
    look = recording.Recorder(_used(chosen, tokenizer), chosen.variant, tokenizer, chosen.examples, measured)
    weights, record, batch = _fit(
        chosen, tokenizer, corpus, chosen.variant, checkpoint, quiet, teacher, judged, initial, look
    )
    arrays = {"weights.npz": weights}
    if chosen.family == "pooling":
        arrays["mean_pooling.npz"], _, _ = _fit(chosen, tokenizer, corpus, "mean", state / "mean.npz", quiet)
    validation = _cross_validation(chosen, corpus, state, quiet) if chosen.folds else {}
    trained_length = share_positions(weights, batch.ids[:, : chosen.settings.max_tokens], WELL_TRAINED)
    stored = {name: _as_stored(each, chosen.config()["vocabulary_size"]) for name, each in arrays.items()}
    loaded = {name: _loaded(each) for name, each in stored.items()}
    metrics = _figures(chosen, chosen.config(), loaded, test, models_folder) | validation
    training = {
        "command": f"python -m attnviz train {chosen.name}",
        "seed": chosen.settings.seed,
        "seconds": round(spent + record["seconds_before"] + time.monotonic() - began, 1),
        "n_train": len(corpus.train),
        "n_validation": len(corpus.validation),
        "min_count": chosen.min_count,
        "settings": chosen.settings.stated(chosen.family),
        **_stated(chosen, judged),
        "epochs": record["epochs"],
        "best_epoch": record["best_epoch"],
        "validation_macro_accuracy": round(record["history"][record["best_epoch"] - 1]["macro_accuracy"], 4),
    }
    models_folder.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{chosen.name}-", dir=models_folder))
    try:
        part.chmod(0o755)
        for name, each in stored.items():
            np.savez_compressed(part / name, allow_pickle=False, **each)
        looks = [*record["looks"], look(record["steps"], loaded["weights.npz"])]  # the last is what is shipped
        recording.write(part / learning.FILE, look.sentences, looks)
        write_vocabulary(part / "vocabulary.txt", tokenizer.vocabulary)
        content = cards.card(
            chosen,
            trained_length=trained_length,
            training=training,
            metrics=metrics,
            files={file: cards.file_facts(part / file) for file in (*stored, "vocabulary.txt", learning.FILE)},
        )
        model = network(chosen.config(), chosen.variant)
        set_weights(model, loaded["weights.npz"])
        cards.store(part, content, cards.readme(content, chosen, tokenizer, forward(model), corpus.test, test))
        folder = replace_folder(part, models_folder / chosen.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)
    return folder


def _teacher(
    chosen: Recipe, tokenizer: Tokenizer, corpus: Corpus, models_folder: Path, state: Path, quiet: bool
) -> tuple[Teacher | None, Judged | None]:
    """Whom a model learns from beside the data: its sibling, or a pretrained model, asked once for all."""
    if not chosen.settings.distillation:
        return None, None
    if chosen.teacher is None:
        return sibling.teacher(chosen, tokenizer, models_folder), None
    return None, judge(
        chosen.teacher,
        tokenizer,
        corpus,
        _used(chosen, tokenizer),
        seed=chosen.settings.seed,
        state=state,
        label=f"{chosen.name} teacher",
        quiet=quiet,
    )


def _stated(chosen: Recipe, judged: Judged | None) -> dict[str, Any]:
    """What a card says of a pretrained teacher."""
    if chosen.teacher is None or judged is None:
        return {}
    return {"teacher": {**chosen.teacher.stated(), "validation_accuracy": round(judged.accuracy, 4)}}


def make_tokenizer(chosen: Recipe, examples: Examples) -> Tokenizer:
    """The recipe's tokenizer with a vocabulary of its training part."""
    options = dict(chosen.tokenizer)
    kind = KINDS[options.pop("kind")]
    counts = count_keys(kind(**options), examples.texts)
    vocabulary = make_vocabulary(counts, size=chosen.config()["vocabulary_size"], min_count=chosen.min_count)
    return kind(vocabulary, **options)


def _used(chosen: Recipe, tokenizer: Tokenizer) -> dict[str, int]:
    """What is trained: no rows of the embedding that are not used, which would only cost time."""
    return {**chosen.config(), "vocabulary_size": len(tokenizer.vocabulary)}


def _fit(
    chosen: Recipe,
    tokenizer: Tokenizer,
    corpus: Corpus,
    variant: Variant,
    checkpoint: Path,
    quiet: bool,
    teacher: Teacher | None = None,
    judged: Judged | None = None,
    initial: Weights | None = None,
    look: recording.Recorder | None = None,
) -> tuple[Weights, dict[str, Any], Batch]:
    config = _used(chosen, tokenizer)
    train = encode(tokenizer, corpus.train, config["max_length"])
    if judged is not None:
        share = np.float32(chosen.settings.distillation)
        train = replace(train, targets=(1 - share) * train.targets + share * judged.train)
    validation = encode(tokenizer, corpus.validation, config["max_length"])
    label = f"{chosen.name} {checkpoint.stem}"
    weights, record = fit(
        train,
        validation,
        config,
        chosen.settings,
        variant=variant,
        teacher=teacher,
        more=judged.sets if judged else (),
        initial=initial,
        checkpoint=checkpoint,
        label=label,
        quiet=quiet,
        look=look,
    )
    return weights, record, train


def _cross_validation(chosen: Recipe, corpus: Corpus, state: Path, quiet: bool) -> dict[str, Any]:
    """Macro accuracy with whole groups held out: a vocabulary and a model of its own for each part."""
    scores = []
    everything = corpora.join(corpus.train, corpus.validation, corpus.test)
    for number, part in enumerate(corpora.folds(everything, chosen.folds, chosen.settings.seed)):
        tokenizer = make_tokenizer(chosen, part.train)
        checkpoint = state / f"fold-{number + 1}.npz"
        settings = replace(chosen.settings, seed=chosen.settings.seed + number)
        weights, _, _ = _fit(replace(chosen, settings=settings), tokenizer, part, chosen.variant, checkpoint, quiet)
        config = _used(chosen, tokenizer)
        model = network(config, chosen.variant)
        set_weights(model, weights)
        held_out = encode(tokenizer, part.test, config["max_length"])
        predicted = forward(model)(held_out.ids)[0].argmax(axis=1)
        classes = range(config["classes"])
        right = predicted == held_out.labels
        scores.append(float(np.mean([right[held_out.labels == c].mean() for c in classes])))
    return {
        "cv_mean": round(float(np.mean(scores)), 4),
        "cv_sd": round(float(np.std(scores, ddof=1)), 4),
        "cv_folds": chosen.folds,
        "cv_scores": [round(score, 4) for score in scores],
        "recorded_at_training": list(_RECORDED),
    }


#: Figures that need a training of their own and are not computed again by `evaluate`.
_RECORDED = ("cv_mean", "cv_sd", "cv_folds", "cv_scores", "recorded_at_training")


def _as_stored(weights: Weights, rows: int) -> dict[str, Any]:
    """Half precision; the embedding filled up with zero rows, and zero at padding, which is never read."""
    stored = dict(weights)
    used = weights["embedding/embeddings"]
    embeddings = np.zeros((rows, used.shape[1]), dtype=np.float32)
    embeddings[1 : len(used)] = used[1:]
    stored["embedding/embeddings"] = embeddings
    return {name: value.astype(np.float16) for name, value in stored.items()}


def _loaded(stored: dict[str, Any]) -> Weights:
    return {name: value.astype(np.float32) for name, value in stored.items()}


def replace_folder(part: Path, folder: Path) -> Path:
    """Move a finished folder into place; an older one steps aside first and comes back if that fails."""
    old = folder.with_name(f".{folder.name}-old-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return folder


def evaluate(name_or_folder: str | Path, *, write: bool = False, quiet: bool = False) -> dict[str, Any]:
    """The figures of a model card, computed again from the folder's weights and the data.

    Args:
        name_or_folder: A model's name, or the path of its folder.
        write: Bring the folder's `card.json` and `README.md` up to date with them; of a classifier, its worked cases
            with them.
        quiet: No progress on standard error.

    Returns:
        The card's `metrics`; those named under `recorded_at_training` are copied, the others computed.

    Raises:
        ModelError: There is no such model, it is damaged, or there is no recipe that knows its data.
        DataError: The data cannot be had, or are not what they should be.
    """
    known = zoo.model_folders()
    folder = known[str(name_or_folder)] if str(name_or_folder) in known else Path(name_or_folder)
    if not folder.is_dir():
        raise ModelError("no_such_model", received=str(name_or_folder), expected=", ".join(known))
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    if content["name"] in TRANSLATIONS:
        from attnviz.training.translation import folder as translations  # it builds on this module

        if write:
            return translations.refresh(TRANSLATIONS[content["name"]], folder, quiet=quiet)
        return translations.evaluate(TRANSLATIONS[content["name"]], folder, content, quiet=quiet)
    chosen = recipe(content["name"])
    figures, cases = renewal.explained(chosen, folder, content, quiet=quiet)
    metrics = evaluate_recipe(chosen, folder, content, quiet=quiet) | {"attribution": figures}
    if write:
        renewal.write(chosen, folder, content, metrics, cases, quiet)
    return metrics


def evaluate_recipe(chosen: Recipe, folder: Path, content: dict[str, Any], *, quiet: bool = False) -> dict[str, Any]:
    """`evaluate` for a folder already found sound, and the recipe that knows its data."""
    tokenizer = from_config(content["tokenizer"], folder / "vocabulary.txt")
    test = encode(
        tokenizer, chosen.corpus(content["training"]["seed"], quiet=quiet).test, content["config"]["max_length"]
    )
    files = [file for file in content["files"] if file.endswith(".npz") and file != learning.FILE]
    weights = {file: zoo.read_weights(folder, file) for file in files}
    recorded = {key: content["metrics"][key] for key in _RECORDED if key in content["metrics"]}
    return _figures(chosen, content["config"], weights, test, folder.parent) | recorded


def _figures(
    chosen: Recipe, config: dict[str, int], weights: dict[str, Weights], test: Batch, models_folder: Path
) -> dict[str, Any]:
    """What is measured of a model, by file name of its weights, and what its sibling's card says."""
    measured = measure(
        weights["weights.npz"],
        config,
        test,
        variant=chosen.variant,
        mean_weights=weights.get("mean_pooling.npz"),
    )
    return measured | (sibling.figures(chosen.sibling, models_folder, len(test.ids)) if chosen.sibling else {})
