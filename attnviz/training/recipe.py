"""What a recipe is: the data, the settings and the words of one shipped model. One pipeline makes all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attnviz.training import data
from attnviz.training.corpora import Corpus, Examples
from attnviz.training.networks import Variant
from attnviz.training.pretrained_teacher import PretrainedTeacher
from attnviz.training.settings import Settings

Words = dict[str, str]

#: Sizes of a model of each family, beside its number of classes.
SIZES: dict[str, dict[str, int]] = {
    "pooling": {"vocabulary_size": 10_000, "features": 128, "max_length": 128, "hidden": 64},
    "encoder": {
        **{"vocabulary_size": 10_000, "features": 128, "max_length": 128},
        **{"layers": 2, "heads": 4, "hidden": 256, "late": True},
    },
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What every shipped model has, whatever its kind.

    Attributes:
        name: Of the model and its folder.
        languages: Of the text, as codes; of a translation, source and target.
        title, summary, notes: For the page, by interface language.
        examples: Sentences for the page.
        datasets: What it learns from.
        licence: Of the weights.
        tried: What was tried when the settings were chosen, for the model card.
        search_length: Of models that write: how strongly beam search prefers long texts, see `decoding.beam_search`;
            None: as elsewhere.
    """

    name: str
    languages: tuple[str, ...]
    title: Words
    summary: Words
    notes: Words
    examples: tuple[str, ...]
    datasets: tuple[data.DataSet, ...]
    licence: str
    tried: tuple[str, ...] = ()
    search_length: float | None = None

    def described(self) -> dict[str, Any]:
        """The card's entries in words, and how what it writes is searched for."""
        searched = {} if self.search_length is None else {"search_length": self.search_length}
        return {
            "title": self.title,
            "summary": self.summary,
            "notes": self.notes,
            "languages": list(self.languages),
            "licence": self.licence,
            "data": [dataset.card() for dataset in self.datasets],
            "examples": list(self.examples),
            **searched,
        }


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe(Recipe):
    """All that tells one shipped classifier from another.

    Attributes:
        task: `topics`, `politeness` or `sentiment`.
        labels: Class codes in the order of the output.
        label_names: Class names by interface language.
        probes: Sentences whose probabilities and weights the model card shows.
        tokenizer: Kind and options, as for `tokenizers.from_config`.
        corpus: Reads and splits the data.
        split: The split in words, for the model card.
        settings: For attention and for mean pooling alike.
        family: `pooling` or `encoder`.
        sibling: The pooling model of the same task, data and split, whose figures stand in an encoder's card.
        teacher: Encoder: a pretrained model that it learns from, in the place of its sibling.
        beside: Encoder: labelled sentences that are learned in every pass beside the training part; takes the corpus,
            `seed` and `quiet`, and leaves out what is in its other parts.
        negation: Whether it is measured by the minimal pairs of `training.negation`.
        original: The model that this one is the same as but for one thing; it is offered beside that one only.
        min_count: Rarer words are unknown.
        folds: Parts of the cross-validation by group; 0 for none.
    """

    task: str
    labels: tuple[str, ...]
    label_names: dict[str, tuple[str, ...]]
    probes: tuple[str, ...]
    tokenizer: dict[str, Any]
    corpus: Callable[..., Corpus]
    split: str
    settings: Settings
    min_count: int = 2
    folds: int = 0
    family: str = "pooling"
    sibling: str = ""
    teacher: PretrainedTeacher | None = None
    beside: Callable[..., Examples] | None = None
    negation: bool = False
    original: str = ""

    def config(self) -> dict[str, int]:
        """What the family's `build` takes."""
        return {**SIZES[self.family], "classes": len(self.labels)}

    @property
    def variant(self) -> Variant:
        """The network that is trained and shipped."""
        return "encoder" if self.family == "encoder" else "attention"
