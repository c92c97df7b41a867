"""The data sets as examples with labels, split the same way every time."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.tokenizers import clean
from attnviz.training import data


@dataclass(frozen=True)
class Examples:
    """Sentences and what is known of them; one row each.

    Attributes:
        texts: Cleaned sentences.
        labels: Class, int64 `[sentence]`; -1 where a sentence belongs to no class and only its target counts.
        targets: Probabilities to learn, float32 `[sentence, class]`.
        auxiliary: Finer annotations of the same data that help in training, float32 `[sentence, any]`.
        groups: What a sentence belongs to, for holding out whole groups.
    """

    texts: tuple[str, ...]
    labels: NDArray[np.int64]
    targets: NDArray[np.float32]
    auxiliary: NDArray[np.float32]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Examples:
        """Some of the rows."""
        index = np.asarray(rows, dtype=np.int64)
        return Examples(
            tuple(self.texts[row] for row in index),
            self.labels[index],
            self.targets[index],
            self.auxiliary[index],
            tuple(self.groups[row] for row in index),
        )


@dataclass(frozen=True)
class Corpus:
    """Three parts that share no row. Validation chooses, test is only ever measured."""

    train: Examples
    validation: Examples
    test: Examples


def one_hot(indices: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """float32 `[row, class]` with a one where the index says."""
    return np.eye(classes, dtype=np.float32)[indices]


def clinc150(*, quiet: bool = False) -> Corpus:
    """CLINC150 by its ten domains, official splits; the auxiliary task is the 150 intents."""
    domains = json.loads(data.read(data.CLINC150, "domains.json", quiet=quiet))
    rows = json.loads(data.read(data.CLINC150, "data_full.json", quiet=quiet))
    intents = {intent: number for number, intent in enumerate(i for group in domains.values() for i in group)}
    domain_of = {intent: number for number, group in enumerate(domains.values()) for intent in group}

    def part(name: str) -> Examples:
        labels = np.array([domain_of[intent] for _, intent in rows[name]])
        return Examples(
            tuple(clean(text).text for text, _ in rows[name]),
            labels,
            one_hot(labels, len(domains)),
            one_hot(np.array([intents[intent] for _, intent in rows[name]]), len(intents)),
            tuple(intent for _, intent in rows[name]),
        )

    return Corpus(part("train"), part("val"), part("test"))


#: KeiCO's levels, 1 (most honorific) to 4 (plain), as classes plain, polite, honorific.
KEICO_CLASS = {1: 2, 2: 1, 3: 1, 4: 0}


def keico(seed: int, *, quiet: bool = False) -> Corpus:
    """KeiCO by three levels of politeness; a random 15 % to test, 10 % of the rest to validate.

    The auxiliary task is the level (1–4). A sentence that occurs twice stands on one side only.
    """
    file = data.KEICO.files[0].name
    rows = list(csv.reader(io.StringIO(data.read(data.KEICO, file, quiet=quiet), newline="")))[1:]
    levels = np.array([int(row[1]) for row in rows])
    labels = np.array([KEICO_CLASS[level] for level in levels])
    everything = Examples(
        tuple(clean(row[0]).text for row in rows),
        labels,
        one_hot(labels, 3),
        one_hot(levels - 1, 4),
        tuple(row[5] for row in rows),
    )
    test, rest = cut(everything, np.arange(len(rows)), 0.15, np.random.default_rng(seed))
    validation, train = cut(everything, rest, 0.10, np.random.default_rng(seed + 1))
    return Corpus(everything.take(train), everything.take(validation), everything.take(test))


def join(*parts: Examples) -> Examples:
    """All rows of several."""
    return Examples(
        tuple(text for part in parts for text in part.texts),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.auxiliary for part in parts]),
        tuple(group for part in parts for group in part.groups),
    )


def folds(examples: Examples, count: int, seed: int) -> list[Corpus]:
    """Cross-validation that holds out whole groups: each group is in exactly one test part."""
    groups = np.array(sorted(set(examples.groups)))
    fold_of = dict(
        zip(groups[np.random.default_rng(seed).permutation(len(groups))], _cycle(len(groups), count), strict=True)
    )
    fold = np.array([fold_of[group] for group in examples.groups])
    result = []
    for number in range(count):
        rest = np.flatnonzero(fold != number)
        validation, train = cut(examples, rest, 0.10, np.random.default_rng(seed + number))
        result.append(
            Corpus(examples.take(train), examples.take(validation), examples.take(np.flatnonzero(fold == number)))
        )
    return result


def _cycle(length: int, count: int) -> list[int]:
    return [index % count for index in range(length)]


#: A target is sigmoid(slope × mean rating): people who agree less give a softer one.
RATING_SLOPE = 1.5


def hutto(seed: int, *, quiet: bool = False) -> Corpus:
    """Hutto & Gilbert's snippets as negative (rating < -0.5) and positive (> 0.5): 80/5/15, stratified by source.

    Snippets between belong to no class; they are in no validation or test part, but training sees their soft target.
    The auxiliary task is the rating, in five steps.
    """
    parts: list[Examples] = []
    for file in data.HUTTO.files:
        rows = [line.split("\t") for line in data.read(data.HUTTO, file.name, quiet=quiet).split("\n") if line.strip()]
        ratings = np.array([float(row[1]) for row in rows])
        labels = np.where(ratings > 0.5, 1, np.where(ratings < -0.5, 0, -1))
        positive = 1 / (1 + np.exp(-RATING_SLOPE * ratings))
        steps = np.digitize(ratings, [-1.5, -0.5, 0.5, 1.5])
        parts.append(
            Examples(
                # Tweets come with HTML entities; a person types the characters.
                tuple(clean(html.unescape(row[2])).text for row in rows),
                labels,
                np.stack([1 - positive, positive], axis=1).astype(np.float32),
                one_hot(steps, 5),
                (file.name.split("_")[0],) * len(rows),
            )
        )
    everything = join(*parts)
    rng = np.random.default_rng(seed)
    split: dict[str, list[NDArray[np.int64]]] = {"train": [], "validation": [], "test": []}
    for source in sorted(set(everything.groups)):
        here = np.array([group == source for group in everything.groups])
        test, rest = cut(everything, np.flatnonzero(here & (everything.labels >= 0)), 0.15, rng)
        validation, train = cut(everything, rest, 0.05 / 0.85, rng)
        for name, index in (("train", train), ("validation", validation), ("test", test)):
            split[name].append(index)
    known = {everything.texts[row] for name in ("validation", "test") for row in np.concatenate(split[name])}
    between = [r for r in np.flatnonzero(everything.labels < 0) if everything.texts[r] not in known]
    split["train"].append(np.array(between, dtype=np.int64))
    return Corpus(*(everything.take(np.concatenate(split[name])) for name in ("train", "validation", "test")))


def cut(
    examples: Examples, rows: NDArray[np.int64], share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A random share of the rows, and the rest of them. Equal texts go to the same side."""
    order = rng.permutation(rows)
    chosen = {examples.texts[row] for row in order[: round(share * len(rows))]}
    inside = np.array([examples.texts[row] in chosen for row in order], dtype=bool)
    return np.sort(order[inside]), np.sort(order[~inside])
