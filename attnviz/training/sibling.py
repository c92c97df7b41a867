"""The pooling model of the same task, data and split: what an encoder is compared with and learns from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz import zoo
from attnviz.analysis.explain.faithfulness import Forward
from attnviz.errors import ModelError
from attnviz.tokenizers import Tokenizer, from_config
from attnviz.training.distillation import Guide, Teacher
from attnviz.training.networks import Variant, forward, network, set_weights
from attnviz.training.recipe import ClassifierRecipe

#: The files of a pooling model's folder, and the network each is of.
_POOLING_FILES: dict[str, Variant] = {"weights.npz": "attention", "mean_pooling.npz": "mean"}


def _folder(name: str, models_folder: Path) -> Path:
    places = (models_folder, models_folder.parent) if models_folder.name == zoo.BESIDE else (models_folder,)
    found = (place / name for place in places if (place / name).is_dir())
    folder = next(found, zoo.model_folders().get(name))
    if folder is None:
        raise ModelError("no_such_model", received=name, expected=", ".join(zoo.model_folders()))
    return folder


def figures(name: str, models_folder: Path, n_test: int) -> dict[str, Any]:
    """The pooling model's figures on the same test part, from its card."""
    metrics = zoo.read_card(_folder(name, models_folder))["metrics"]
    if metrics["n_test"] != n_test:
        raise ModelError("parts_disagree", folder=name, cause=f"n_test {metrics['n_test']}, expected {n_test}")
    return {"sibling": name, **{f"sibling_{key}": metrics[key] for key in ("accuracy", "macro_accuracy")}}


def _sound(chosen: ClassifierRecipe, tokenizer: Tokenizer, models_folder: Path) -> tuple[Path, dict[str, Any]]:
    """Folder and card of the sibling, found sound and of the same vocabulary."""
    folder = _folder(chosen.sibling, models_folder)
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    if from_config(content["tokenizer"], folder / "vocabulary.txt").vocabulary != tokenizer.vocabulary:
        raise ModelError("parts_disagree", folder=folder.name, cause="vocabulary.txt")
    return folder, content


def teacher(chosen: ClassifierRecipe, tokenizer: Tokenizer, models_folder: Path) -> Teacher:
    """The mean of the sibling's two models, with attention and with mean pooling, from its folder."""
    networks = _predicts(chosen, tokenizer, models_folder, _POOLING_FILES)

    def teach(ids: NDArray[np.int32]) -> NDArray[np.float32]:
        mean: NDArray[np.float32] = np.mean([predict(ids)[0] for predict in networks], axis=0)
        return mean

    return teach


def guide(chosen: ClassifierRecipe, tokenizer: Tokenizer, models_folder: Path) -> Guide:
    """The sibling's attention weights, from its folder."""
    (predict,) = _predicts(chosen, tokenizer, models_folder, ["weights.npz"])
    return lambda ids: predict(ids)[1].astype(np.float32)


def _predicts(
    chosen: ClassifierRecipe, tokenizer: Tokenizer, models_folder: Path, files: Iterable[str]
) -> list[Forward]:
    folder, content = _sound(chosen, tokenizer, models_folder)
    predicts = []
    for file in files:
        model = network(content["config"], _POOLING_FILES[file])
        set_weights(model, zoo.read_weights(folder, file))
        predicts.append(forward(model))
    return predicts
