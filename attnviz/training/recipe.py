"""What a recipe is: the data, the settings and the words of one shipped model. One loop trains all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from attnviz.training import data
from attnviz.training.corpora import Corpus
from attnviz.training.networks import Variant
from attnviz.training.pretrained_teacher import PretrainedTeacher
from attnviz.training.settings import Settings

Words = dict[str, str]

#: Sizes of a model of each family, beside its number of classes.
SIZES: dict[str, dict[str, int]] = {
    "pooling": {"vocabulary_size": 10_000, "features": 128, "max_length": 128, "hidden": 64},
    "encoder": {"vocabulary_size": 10_000, "features": 128, "max_length": 128, "layers": 2, "heads": 4, "hidden": 256},
}


@dataclass(frozen=True)
class Recipe:
    """All that tells one shipped model from another.

    Attributes:
        name: Of the model and its folder.
        task: `topics`, `politeness` or `sentiment`.
        languages: Of the text, as codes.
        title, summary, notes: For the page, by interface language.
        labels: Class codes in the order of the output.
        label_names: Class names by interface language.
        examples: Sentences for the page.
        probes: Sentences whose probabilities and weights the model card shows.
        tokenizer: Kind and options, as for `tokenizers.from_config`.
        datasets: What it learns from.
        corpus: Reads and splits it.
        split: The split in words, for the model card.
        settings: For attention and for mean pooling alike.
        family: `pooling` or `encoder`.
        sibling: The pooling model of the same task, data and split, whose figures stand in an encoder's card.
        teacher: Encoder: a pretrained model that it learns from, in the place of its sibling.
        min_count: Rarer words are unknown.
        folds: Parts of the cross-validation by group; 0 for none.
        tried: What was tried when the settings were chosen, for the model card.
    """

    name: str
    task: str
    languages: tuple[str, ...]
    title: Words
    summary: Words
    notes: Words
    labels: tuple[str, ...]
    label_names: dict[str, tuple[str, ...]]
    examples: tuple[str, ...]
    probes: tuple[str, ...]
    tokenizer: dict[str, Any]
    datasets: tuple[data.DataSet, ...]
    corpus: Callable[..., Corpus]
    split: str
    settings: Settings
    licence: str
    min_count: int = 2
    folds: int = 0
    tried: tuple[str, ...] = field(default=())
    family: str = "pooling"
    sibling: str = ""
    teacher: PretrainedTeacher | None = None

    def config(self) -> dict[str, int]:
        """What the family's `build` takes."""
        return {**SIZES[self.family], "classes": len(self.labels)}

    @property
    def variant(self) -> Variant:
        """The network that is trained and shipped."""
        return "encoder" if self.family == "encoder" else "attention"
