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
from attnviz.training.data import CACHE
from attnviz.training.networks import set_weights
from attnviz.training.translation.folder import by_length, write_card
from attnviz.training.translation.loop import fit, halves, networks
from attnviz.training.translation.model_card import MEAN_STATES
from attnviz.training.translation.pairs import Pairs, pairs
from attnviz.training.translation.pipeline import School, school
from attnviz.training.translation.recipes import RECIPES, TranslationRecipe


def train(chosen: TranslationRecipe, *, quiet: bool = False) -> dict[str, Any]:
    """Train the model without source–target attention, with the settings and the pairs of the model that has it.

    Args:
        chosen: Recipe of that model.
        quiet: No progress on standard error.

    Returns:
        As in the card of that model, of greedy translations: BLEU and chrF on dev and test, `test_by_length`; and
        `best_epoch`, `seconds`.

    Raises:
        DataError: The data cannot be had, or are not what they should be.
    """
    settings = replace(chosen.settings, attention=False)
    lessons = school(chosen.source, chosen.target, settings, quiet=quiet)
    state = CACHE / "training" / f"{chosen.name}-{MEAN_STATES}"
    weights, record = fit(
        lessons.lesson(),
        settings,
        lambda trained: lessons.measure(trained, lessons.corpus.dev)[0],
        checkpoint=state / "weights.npz",
        label=f"{chosen.name}, mean of states",
        quiet=quiet,
    )
    best = networks(settings)
    stored = {name: array.astype(np.float32) for name, array in halves(weights).items()}
    set_weights(best.full, stored)
    found = _figures(lessons, best) | {key: record[key] for key in ("best_epoch", "seconds")}
    shutil.rmtree(state, ignore_errors=True)
    return found


def _figures(lessons: School, trained: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, part in (("dev", lessons.corpus.dev), ("test", lessons.corpus.test)):
        scores, written = lessons.measure(trained, part)
        found |= {f"{name}_greedy_{key}": value for key, value in scores.items()}
    found["test_by_length"] = by_length(*lessons.sides(part), written, lessons.source, lessons.target)
    return found


def enter(chosen: TranslationRecipe, folder: Path, found: dict[str, Any], corpus: Pairs) -> None:
    """Put what `train` found into the card and the README of a model folder.

    Args:
        chosen: Its recipe.
        folder: The model's.
        found: From `train`.
        corpus: Whose dev sentences the README shows.

    Raises:
        ModelError: The folder is damaged.
    """
    content = zoo.read_card(folder)
    content["metrics"][MEAN_STATES] = found
    write_card(folder, content, chosen, corpus)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        figures = train(RECIPES[name])
        enter(RECIPES[name], Path("models") / name, figures, pairs())
        print(json.dumps({name: figures}, ensure_ascii=False))
