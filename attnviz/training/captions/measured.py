"""The figures of a captioner's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attnviz.scenes import GRID
from attnviz.training.captions.grammar import LANGUAGES, Caption, Language, Role, Word
from attnviz.training.captions.reader import Reader
from attnviz.training.captions.scores import Pointing, Written, figures, pointed
from attnviz.training.captions.subjects import Subject

#: Words whose weight is told that name no thing.
_ROLES: tuple[Role, ...] = ("relation", "place", "background", "other")


def measured(readers: Mapping[str, Reader], taught: tuple[int, int] | None, seed: int) -> dict[str, Any]:
    """All figures.

    Args:
        readers: Of each part that is reported.
        taught: Layer and head that was taught where things are; None: none was.
        seed: Of the sentences that are read.
    """
    found: dict[str, Any] = {}
    for part, reader in readers.items():
        found[f"n_{part}"] = len(reader.album.scenes)
        for language in LANGUAGES:
            written = reader.written(language)
            found[f"{part}_{language}"] = rounded(figures(written, reader.subject))
            if part == "test":
                found[f"by_count_{language}"] = _by_count(written, reader.subject)
                found[f"several_{language}"] = _several(written, reader.subject)
                found[f"pointing_{language}"] = looked(reader, written, language)
                found[f"roles_{language}"] = _roles(reader, language, taught, seed)
            elif part == "style":
                found[f"pointing_style_{language}"] = looked(reader, written, language)
    return found


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Figures as a card has them."""
    return {name: round(float(value), 4) for name, value in values.items()}


def _by_count(written: Sequence[Written], subject: Subject) -> list[dict[str, Any]]:
    """Figures by the number of things."""
    rows = []
    for count in sorted({len(each.scene.objects) for each in written}):
        some = [each for each in written if len(each.scene.objects) == count]
        rows.append({"things": count, "n": len(some), **rounded(figures(some, subject))})
    return rows


def _several(written: Sequence[Written], subject: Subject) -> dict[str, Any]:
    """Figures of the scenes with several things of one kind, which are to be named once, with their number."""
    some = [each for each in written if len({placed.kind for placed in each.scene.objects}) < len(each.scene.objects)]
    return {"n": len(some), **(rounded(figures(some, subject)) if some else {})}


def looked(reader: Reader, written: Sequence[Written], language: Language) -> dict[str, Any]:
    """Where each head looks while things are named, in the captions that the model wrote itself."""
    captions = [tuple(map(Word, each.bare)) for each in written]
    weights = list(reader.weights(captions, language))
    found: Pointing = pointed(written, weights, [each.scene.lies_on() for each in written], reader.subject)
    layers, heads = found.hits.shape
    return {
        "words": found.words,
        "chance": round(found.chance, 4),
        "centre": round(found.centre, 4),
        "heads": [
            {
                "layer": layer,
                "head": head,
                "hits": round(float(found.hits[layer, head]), 4),
                "weight": round(float(found.weight[layer, head]), 4),
            }
            for layer in range(layers)
            for head in range(heads)
        ],
    }


def _roles(
    reader: Reader, language: Language, taught: tuple[int, int] | None, seed: int
) -> dict[str, dict[str, float]]:
    """Where the weight goes while words are read that name no thing: on things they are about, on others, elsewhere.

    Of the head that was taught; without one, of the mean of all.
    """
    rng = np.random.default_rng(seed)
    said: list[Caption] = [reader.subject.about(scene, language, False).one(rng) for scene in reader.album.scenes]
    shares: dict[str, list[tuple[float, float, float, float]]] = {role: [] for role in _ROLES}
    for caption, scene, weights in zip(said, reader.album.scenes, reader.weights(said, language), strict=True):
        rows = weights.mean(axis=(0, 1)) if taught is None else weights[taught]
        there = scene.lies_on()
        anywhere = np.logical_or.reduce(there, axis=0) if len(there) else np.zeros(GRID * GRID, bool)
        for word, row in zip(caption, rows, strict=False):
            if word.role in shares:
                own = np.logical_or.reduce(there[list(word.objects)]) if word.objects else np.zeros_like(anywhere)
                about, things = float(row[own].sum()), float(row[anywhere].sum())
                shares[word.role].append((about, things - about, 1 - things, float(anywhere.mean())))
    return {
        role: rounded(
            dict(zip(("about", "other_things", "background", "covered"), np.mean(each, axis=0).tolist(), strict=True))
        )
        for role, each in shares.items()
        if each
    }
