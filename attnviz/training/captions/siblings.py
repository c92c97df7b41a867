"""What attention, and teaching it, are worth: the same captioner without the one or the other, trained alike.

`python -m attnviz.training.captions.siblings NAME` trains three, each in one pass over a quarter of the scenes with two
sentences about each in each language: `whole` as the captioner is, `mean` with the mean of the regions in the place of
source–target attention, `untaught` with no head that is taught. Each goes on where it was interrupted, and its figures
are entered into the card of NAME. Weights are not kept.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from attnviz import zoo
from attnviz.places import CACHE
from attnviz.training.captions.captioner import Captioner
from attnviz.training.captions.grammar import LANGUAGES
from attnviz.training.captions.learner import networks
from attnviz.training.captions.measured import looked, rounded
from attnviz.training.captions.model_card import SIBLINGS
from attnviz.training.captions.reader import Reader
from attnviz.training.captions.recipes import CAPTIONS
from attnviz.training.captions.scores import figures
from attnviz.training.captions.settings import CaptionSettings
from attnviz.training.networks import halves, set_weights
from attnviz.training.pipeline import describe

Which = Literal["whole", "mean", "untaught"]


def settings_of(which: Which, settings: CaptionSettings) -> CaptionSettings:
    """How a sibling is trained, by the settings of the captioner."""
    short = replace(settings, scenes=max(1, settings.scenes // 4), sentences=2, epochs=1)
    lacking: dict[Which, dict[str, Any]] = {"whole": {}, "mean": {"attention": False}, "untaught": {"guided": 0.0}}
    return replace(short, **lacking[which])


def train(kind: Captioner, which: Which) -> dict[str, Any]:
    """Train a sibling with the settings and a quarter of the scenes of a captioner, in one pass.

    Args:
        kind: Recipe of that captioner.
        which: What it lacks.

    Returns:
        As in the card of the captioner: figures of greedy captions by part and language, where its heads look while
        things are named (`pointing_en`, `pointing_ja`, where it has attention), `best_epoch`, `seconds`.

    Raises:
        DataError: The encoder's weights cannot be had, or are not what they should be.
    """
    settings = settings_of(which, kind.recipe.settings)
    kind = replace(kind, recipe=replace(kind.recipe, settings=settings))
    state = CACHE / "training" / f"{kind.recipe.name}-{which}"
    weights, record, words = kind.taught(settings, state / "weights.npz", f"{kind.recipe.name}, {which}")
    own = networks(settings, len(words.vocabulary))
    set_weights(own.full, {name: array.astype(np.float32) for name, array in halves(weights).items()})
    found: dict[str, Any] = {}
    for part in (each for each in kind.recipe.subject.reported if each != "style"):
        reader = Reader(own, words, kind.album(part), kind.recipe.subject)
        for language in LANGUAGES:
            written = reader.written(language)
            found[f"{part}_{language}"] = rounded(figures(written, kind.recipe.subject))
            if part == "test" and settings.attention:
                found[f"pointing_{language}"] = looked(reader, written, language)
    shutil.rmtree(state, ignore_errors=True)
    return found | {"scenes": settings.scenes, "seconds": record["seconds"]}


def enter(kind: Captioner, folder: Path, which: Which, found: dict[str, Any]) -> None:
    """Put what `train` found into the card and the README of a model folder.

    Raises:
        ModelError: The folder is damaged.
    """
    content = zoo.read_card(folder)
    content["metrics"][SIBLINGS] = {**content["metrics"].get(SIBLINGS, {}), which: found}
    describe(kind, folder, content)


def main(arguments: list[str]) -> int:
    """Train the siblings that are asked for, or all, and enter each."""
    name, asked = arguments[0] if arguments else "", arguments[1:] or list(get_args(Which))
    if name not in CAPTIONS or not set(asked) <= set(get_args(Which)):
        print(f"usage: siblings {'|'.join(CAPTIONS)} [{'|'.join(get_args(Which))} …]", file=sys.stderr)
        return 2
    kind = Captioner(CAPTIONS[name])
    for which in get_args(Which):
        if which in asked:
            found = train(kind, which)
            enter(kind, Path("models") / name, which, found)
            print(json.dumps({name: {which: found}}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
