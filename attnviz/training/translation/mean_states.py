"""What attention is worth: the same model with the mean of the encoder's states in its place, trained alike.

`python -m attnviz.training.translation.mean_states NAME` trains it, going on where it was interrupted, and enters its
scores into the card of NAME. Its weights are not kept.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.places import CACHE
from attnviz.training.networks import halves, set_weights
from attnviz.training.pipeline import describe
from attnviz.training.recipes import TRANSLATIONS
from attnviz.training.translation.learner import networks
from attnviz.training.translation.model_card import MEAN_STATES
from attnviz.training.translation.school import School, sides
from attnviz.training.translation.translator import Translator, by_length


def train(kind: Translator) -> dict[str, Any]:
    """Train the model without source–target attention, with the settings and the pairs of the model that has it.

    Args:
        kind: Recipe of that model.

    Returns:
        As in the card of that model, of greedy translations: BLEU and chrF on dev and test, `test_by_length`; and
        `best_epoch`, `seconds`.

    Raises:
        DataError: The data cannot be had, or are not what they should be.
    """
    recipe, corpus = kind.recipe, kind.corpus
    settings = replace(recipe.settings, attention=False)
    lessons = School(recipe.source, recipe.target, settings, corpus)
    state = CACHE / "training" / f"{recipe.name}-{MEAN_STATES}"
    label = f"{recipe.name}, mean of states"
    weights, record = lessons.learn(checkpoint=state / "weights.npz", label=label, quiet=kind.quiet)
    best = networks(settings)
    set_weights(best.full, {name: array.astype(np.float32) for name, array in halves(weights).items()})
    found: dict[str, Any] = {}
    for name, part in (("dev", corpus.dev), ("test", corpus.test)):
        scores, written = lessons.measure(best, part)
        found |= {f"{name}_greedy_{key}": value for key, value in scores.items()}
    found["test_by_length"] = by_length(*sides(corpus.test, recipe.source), written, recipe.source, recipe.target)
    found |= {key: record[key] for key in ("best_epoch", "seconds")}
    shutil.rmtree(state, ignore_errors=True)
    return found


def enter(kind: Translator, folder: Path, found: dict[str, Any]) -> None:
    """Put what `train` found into the card and the README of a model folder.

    Raises:
        ModelError: The folder is damaged.
    """
    content = zoo.read_card(folder)
    content["metrics"][MEAN_STATES] = found
    describe(kind, folder, content)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        kind = Translator(TRANSLATIONS[name])
        figures = train(kind)
        enter(kind, Path("models") / name, figures)
        print(json.dumps({name: figures}, ensure_ascii=False))
