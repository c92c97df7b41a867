"""A translation model's folder: trained, measured, written whole or not at all; and measured again."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.families.writing import translation
from attnviz.training.card import file_facts, store
from attnviz.training.data import CACHE
from attnviz.training.pipeline import replace_folder
from attnviz.training.progress import Progress
from attnviz.training.translation.everyday import judged, sentences
from attnviz.training.translation.gold import alignment_figures, gold
from attnviz.training.translation.loop import LONGEST, fit, halves
from attnviz.training.translation.model_card import MEAN_STATES, SHOWN, readme
from attnviz.training.translation.pairs import Pair, Pairs, pairs
from attnviz.training.translation.pipeline import School, cutter, school
from attnviz.training.translation.recipes import TranslationRecipe
from attnviz.training.translation.recording import keep, record_looks
from attnviz.training.translation.scores import scores
from attnviz.training.translation.trials import results

#: Most pieces of a sentence that is read.
MAX_LENGTH = 64

#: Words of the source up to which a sentence counts as short, middling; the rest are long.
LENGTHS = (6, 9)

_WORDS = {"en": {"kind": "words"}, "ja": {"kind": "sudachi", "mode": "A"}}


def train(chosen: TranslationRecipe, models_folder: Path, *, quiet: bool = False, limit: int | None = None) -> Path:
    """Train a translation model from the data alone and write its folder.

    A run that was interrupted goes on after the last finished pass when started again.

    Args:
        chosen: What.
        models_folder: Where the folder is to be.
        quiet: No progress on standard error.
        limit: Learn from so many random pairs only, to choose settings.

    Returns:
        The path of the folder.

    Raises:
        DataError: The data cannot be had, or are not what they should be.
    """
    state = CACHE / "training" / chosen.name
    snapshots = state / "snapshots"
    lessons = school(chosen.source, chosen.target, chosen.settings, limit=limit, quiet=quiet)
    weights, record = fit(
        lessons.lesson(),
        chosen.settings,
        lambda networks: lessons.measure(networks, lessons.corpus.dev)[0],
        checkpoint=state / "weights.npz",
        label=chosen.name,
        quiet=quiet,
        look=partial(keep, snapshots),
    )
    models_folder.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{chosen.name}-", dir=models_folder))
    try:
        part.chmod(0o755)
        np.savez_compressed(
            part / "weights.npz",
            allow_pickle=False,
            **halves(weights),  # type: ignore[arg-type]
        )
        for side, code in (("source", chosen.source), ("target", chosen.target)):
            lessons.subwords[code].pairs.save(str(part / f"{side}.json"))
        content = _card(chosen, lessons, record)
        content["files"] = {name: file_facts(part / name) for name in translation.FILES}
        model = translation.load(part, content, zoo.read_weights)
        content["metrics"] = figures(model, lessons.corpus, quiet=quiet)
        write_card(part, content, chosen, lessons.corpus)
        if chosen.settings.attention:
            record_looks(part, snapshots, lessons.corpus.test, name=chosen.name, quiet=quiet)
        folder = replace_folder(part, models_folder / chosen.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)
    return folder


def evaluate(
    chosen: TranslationRecipe, folder: Path, content: dict[str, Any], *, quiet: bool = False
) -> dict[str, Any]:
    """The figures of a translation model's card, computed again."""
    model = translation.load(folder, content, zoo.read_weights)
    return figures(model, pairs(quiet=quiet), quiet=quiet)


def refresh(chosen: TranslationRecipe, folder: Path, *, quiet: bool = False) -> dict[str, Any]:
    """Measure a stored model again and write its card and README anew; weights and training record stay.

    So do the scores of the model without attention, whose weights are not kept.

    Args:
        chosen: What the recipe says of it now.
        folder: The model's.
        quiet: No progress.

    Returns:
        The figures.

    Raises:
        ModelError: The folder is damaged.
        DataError: The data cannot be had, or are not what they should be.
    """
    content = zoo.read_card(folder)
    zoo.check_files(folder, content)
    content |= _described(chosen)
    model = translation.load(folder, content, zoo.read_weights)
    corpus = pairs(quiet=quiet)
    compared = {key: value for key, value in content["metrics"].items() if key == MEAN_STATES}
    content["metrics"] = metrics = figures(model, corpus, quiet=quiet) | compared
    write_card(folder, content, chosen, corpus)
    return metrics


def write_card(folder: Path, content: dict[str, Any], chosen: TranslationRecipe, corpus: Pairs) -> None:
    """`card.json` and `README.md`, each whole or as it was; sentences are translated anew, figures are as given.

    Args:
        folder: The model's.
        content: Of `card.json`.
        chosen: Its recipe.
        corpus: Whose dev sentences are shown.
    """
    model = translation.load(folder, content, zoo.read_weights)

    def translate(text: str) -> str:
        return model.run(model.encode(text)).output.text  # type: ignore[union-attr]

    rows = [
        (text, translate(text), wanted) for text, wanted in zip(*_sides(corpus.dev[:SHOWN], chosen.source), strict=True)
    ]
    everyday = judged(sentences(chosen.source, chosen.target), translate)
    store(folder, content, readme(content, chosen.tried, rows, everyday, results()))


def figures(model: translation.TranslationModel, corpus: Pairs, *, quiet: bool = False) -> dict[str, Any]:
    """Scores of the model as stored on dev and test, greedy and with a beam of four.

    Returns:
        BLEU and chrF in per cent by part and decoding; greedy BLEU on test by length of the source; `alignment`, see
        `alignment_figures`, None where there is nothing to compare with.
    """
    source, target = model.card.languages
    parts = {"dev": corpus.dev, "test": corpus.test}
    metrics: dict[str, Any] = {f"n_{name}": len(part) for name, part in parts.items()}
    progress = Progress("Translate", 2 * sum(map(len, parts.values())), quiet=quiet)
    done, greedy = 0, {}
    for name, part in parts.items():
        sources, references = _sides(part, source)
        for way, beam in (("greedy", 1), ("beam4", 4)):
            written = []
            for text in sources:
                written.append(model.run(model.encode(text), beam=beam).output.text)  # type: ignore[union-attr]
                done += 1
                progress.update(done, f"{name} {way}")
            metrics |= {f"{name}_{way}_{key}": value for key, value in scores(written, references, target).items()}
            if beam == 1:
                greedy[name] = written
    progress.close(f"test BLEU {metrics['test_greedy_bleu']:.2f}")
    metrics["test_by_length"] = by_length(*_sides(corpus.test, source), greedy["test"], source, target)
    metrics["alignment"] = alignment_figures(model, corpus.dev, gold(source), quiet=quiet)
    return metrics


def _sides(part: tuple[Pair, ...], source: str) -> tuple[list[str], list[str]]:
    first = 0 if source == "en" else 1
    return [pair[first] for pair in part], [pair[1 - first] for pair in part]


def by_length(
    sources: list[str], references: list[str], written: list[str], source: str, target: str
) -> list[dict[str, Any]]:
    """BLEU of sentences short, middling and long, by words of the source: `from`, `to`, `n`, `bleu` each."""
    cut = cutter(source, None, lower=False)
    counts = np.array([len(cut.words(text)) for text in sources])
    edges = (0, *LENGTHS, int(counts.max()))
    rows = []
    for low, high in pairwise(edges):
        chosen = np.flatnonzero((counts > low) & (counts <= high))
        ours, theirs = ([side[i] for i in chosen] for side in (written, references))
        bleu = scores(ours, theirs, target)["bleu"] if ours else None
        rows.append({"from": low + 1, "to": high, "n": len(chosen), "bleu": bleu})
    return rows


def _described(chosen: TranslationRecipe) -> dict[str, Any]:
    """What a card says in words."""
    return {
        "title": chosen.title,
        "summary": chosen.summary,
        "notes": chosen.notes,
        "licence": chosen.licence,
        "data": [dataset.card() for dataset in chosen.datasets],
        "examples": list(chosen.examples),
    }


def _card(chosen: TranslationRecipe, lessons: School, record: dict[str, Any]) -> dict[str, Any]:
    settings = chosen.settings
    options = {
        code: {**_WORDS[code], "spaced": lessons.subwords[code].spaced, "lower": lessons.subwords[code].lower}
        for code in (chosen.source, chosen.target)
    }
    sizes = {
        f"{side}_size": len(lessons.subwords[code].vocabulary)
        for side, code in (("source", chosen.source), ("target", chosen.target))
    }
    return {
        "format": 1,
        "name": chosen.name,
        "family": "translation",
        "task": "translation",
        **_described(chosen),
        "languages": [chosen.source, chosen.target],
        "kinds": ["self", "causal", "cross"] if settings.attention else ["self", "causal"],
        "labels": [],
        "config": {**sizes, **settings.network(), "longest": LONGEST},
        "tokenizers": {"source": options[chosen.source], "target": options[chosen.target]},
        "alignment": {"layer": settings.guided_layer, "heads": [settings.guided_head]},
        "max_length": MAX_LENGTH,
        "training": {
            "command": f"python -m attnviz train {chosen.name}",
            "seed": settings.seed,
            "seconds": round(record["seconds"], 1),
            "n_train": len(lessons.corpus.train),
            "settings": {key: value for key, value in asdict(settings).items() if key != "seed"},
            "epochs": record["epochs"],
            "best_epoch": record["best_epoch"],
            "history": [{key: round(value, 4) for key, value in each.items()} for each in record["history"]],
        },
    }
