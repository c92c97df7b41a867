"""Settings tried on 20,000 pairs of English → Japanese: `python -m attnviz.training.translation.trials NAME`.

Every trial differs from `base` in what its name says, sees the same pairs as often and in the same order, and is judged
on dev alone. Without a name, those without a result are run. Results go into `trials.json`, which the model cards show.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from attnviz.places import CACHE
from attnviz.training.networks import Weights, set_weights
from attnviz.training.translation.forced import Forced
from attnviz.training.translation.gold import alignment_figures, gold
from attnviz.training.translation.learner import networks
from attnviz.training.translation.pairs import pairs
from attnviz.training.translation.school import School, fewer
from attnviz.training.translation.settings import TranslationSettings

#: Pairs a trial learns from.
PAIRS = 20_000

#: What was found so far, by trial.
RESULTS = Path(__file__).with_name("trials.json")

BASE = TranslationSettings(epochs=12, dropout=0.15, pair_dropout=0.05, written_pair_dropout=0.05, half=False)

TRIALS: dict[str, TranslationSettings] = {
    "base": BASE,
    "recurrent": replace(BASE, recurrent=True, features=320, encoder_layers=2, guided_layer=0),
    "no taught head": replace(BASE, guided=0.0),
    "head taught three times as hard": replace(BASE, guided=0.3),
    "vocabularies of 3,000": replace(BASE, source_size=3000, target_size=3000),
    "vocabularies of 10,000": replace(BASE, source_size=10_000, target_size=10_000),
    "merges never left out": replace(BASE, pair_dropout=0.0, written_pair_dropout=0.0),
    "more dropout": replace(BASE, dropout=0.3),
    "mean of the encoder's states": replace(BASE, attention=False),
}


def run(name: str, *, quiet: bool = False) -> dict[str, float]:
    """Train one trial, going on where it was interrupted, and measure it on dev.

    Args:
        name: Of `TRIALS`.
        quiet: No progress.

    Returns:
        `bleu` and `chrf` of greedy translations by the best mean over passes, and the pass it was; `last_bleu` by the
        weights after the last pass, no mean; `parameters`, how many the model has; with attention and gold links
        `aer_mean` and `aer_head`, the alignment error rate of the mean over heads and of the head that has the least.

    Raises:
        DataError: The data cannot be had, or are not what they should be.
    """
    settings = TRIALS[name]
    lessons = School("en", "ja", settings, fewer(pairs(quiet=quiet), PAIRS, settings.seed))
    last: Weights = {}
    weights, record = lessons.learn(
        checkpoint=CACHE / "training" / "trials" / f"{name}.npz",
        label=name,
        quiet=quiet,
        keep=lambda _, weights: last.update(weights),
    )
    best = record["history"][record["best_epoch"] - 1]
    trained = networks(settings)
    set_weights(trained.full, weights)
    alignment = None
    if settings.attention:
        alignment = alignment_figures(Forced(trained, lessons), lessons.corpus.dev, gold("en"), quiet=quiet)
    set_weights(trained.full, last)
    found = {
        "bleu": best["bleu"],
        "chrf": best["chrf"],
        "pass": record["best_epoch"],
        "last_bleu": lessons.measure(trained, lessons.corpus.dev)[0]["bleu"],
        "parameters": trained.full.count_params(),
    }
    if alignment:
        found["aer_mean"] = alignment["mean"]["aer"]
        found["aer_head"] = min(head["aer"] for head in alignment["heads"])
    return found


def results(path: Path = RESULTS) -> dict[str, dict[str, float]]:
    """What `run` returned of each trial that was run, in the order of `TRIALS`."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {name: found[name] for name in TRIALS if name in found}


def enter(name: str, figures: dict[str, float], path: Path = RESULTS) -> None:
    """Put the result of a trial among the others."""
    found = results(path) | {name: figures}
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or [name for name in TRIALS if name not in results()]:
        figures = run(chosen)
        enter(chosen, figures)
        print(json.dumps({"trial": chosen, **figures}), flush=True)
