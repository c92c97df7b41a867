"""The choice of a model: by how it attends, each with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attnviz.families.card import ModelCard
from attnviz.i18n import translate
from attnviz.ui.components import component
from attnviz.ui.state import State

_mount = component("models")

#: How a model attends, in the order in which it is taught.
HOW = ("one_query", "self", "source_target", "pictures", "next_word", "other")


def choose_model(asked: State, cards: Mapping[str, ModelCard], on_chosen: Callable[[], None]) -> None:
    """Draw the choice.

    Args:
        asked: The model that is chosen, and the language.
        cards: Of all models, by name.
        on_chosen: Called before the run that follows the choice of a model.
    """
    groups = [(kind, [card for card in cards.values() if how(card) == kind]) for kind in HOW]
    _mount(
        key="models",
        data={
            "model": asked.model,
            "groups": [_group(kind, listed, asked.lang) for kind, listed in groups if listed],
            "words": {"label": translate(asked.lang, "page.model")},
        },
        on_chosen_change=on_chosen,
    )


def how(card: ModelCard) -> str:
    """Which of `HOW` a model belongs to."""
    if card.takes != "text" or card.writes == "caption":
        return "pictures"
    if card.writes:
        return "next_word" if card.writes == "continuation" else "source_target"
    kinds = frozenset(card.kinds)
    return "one_query" if "pooling" in kinds else "self" if kinds & {"self", "causal"} else "other"


def _group(kind: str, cards: list[ModelCard], language: str) -> dict[str, Any]:
    return {
        "key": kind,
        "name": translate(language, f"models.{kind}"),
        "told": translate(language, f"models.{kind}_text"),
        "models": [
            {
                "name": card.name,
                "title": card.in_language("title", language) or card.name,
                "summary": card.in_language("summary", language),
            }
            for card in cards
        ],
    }
