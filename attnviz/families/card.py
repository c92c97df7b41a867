"""What a model says of itself: the card in its folder, and the part of it that is public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ModelCard:
    """What a model is.

    Attributes:
        name: Unique; the name of its folder.
        task: `topics`, `politeness`, `sentiment`, … or empty for a model nothing is known about.
        languages: Languages of the text it was trained on, as codes; empty if unknown.
        kinds: Kinds of attention in it, see `attnviz.trace.KINDS`.
        licence: Licence of the weights.
        metrics: Measured figures, as `evaluate` prints them.
        family: Kind of model, the name of a module of `attnviz.families`.
        title: Short name by interface language.
        summary: What it does, by interface language.
        notes: What it gets wrong, by interface language.
        labels: Class codes, in the order of the output.
        label_names: Class names by interface language.
        examples: Sentences worth trying.
        max_length: Longest input in tokens, or None.
        trained_length: Positions that training saw often enough to be trusted, or None.
        details: The whole card.
    """

    name: str
    task: str = ""
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    licence: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    family: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    summary: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    label_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    max_length: int | None = None
    trained_length: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, card: Mapping[str, Any]) -> ModelCard:
        """The public part of a `card.json`."""
        config = card.get("config", {})
        return cls(
            name=card["name"],
            task=card.get("task", ""),
            languages=tuple(card.get("languages", ())),
            kinds=tuple(card.get("kinds", ())),
            licence=card.get("licence", ""),
            metrics=card.get("metrics", {}),
            family=card["family"],
            title=card.get("title", {}),
            summary=card.get("summary", {}),
            notes=card.get("notes", {}),
            labels=tuple(card.get("labels", ())),
            label_names={code: tuple(names) for code, names in card.get("label_names", {}).items()},
            examples=tuple(card.get("examples", ())),
            max_length=config.get("max_length", card.get("max_length")),
            trained_length=card.get("trained_length"),
            details=card,
        )

    def in_language(self, what: str, language: str) -> str:
        """`title`, `summary` or `notes` in a language, else in English, else empty."""
        words: Mapping[str, str] = getattr(self, what)
        return words.get(language) or words.get("en") or ""

    def names_of_labels(self, language: str, codes: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Class names in a language, else in English, else the codes; those of the output where the card has none."""
        return self.label_names.get(language) or self.label_names.get("en") or self.labels or codes

    def to_dict(self) -> dict[str, Any]:
        """The public contract: name, task, languages, kinds, licence, metrics, and what a page needs to offer it."""
        return {
            "name": self.name,
            "task": self.task,
            "languages": list(self.languages),
            "kinds": list(self.kinds),
            "licence": self.licence,
            "metrics": dict(self.metrics),
            "title": dict(self.title),
            "labels": list(self.labels),
            "examples": list(self.examples),
            "max_length": self.max_length,
        }
