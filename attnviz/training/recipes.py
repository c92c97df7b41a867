"""Every classifier that can be trained here, by name."""

from __future__ import annotations

from attnviz.errors import ModelError
from attnviz.training.encoder_recipes import POLITENESS_JA_ENCODER, SENTIMENT_EN_ENCODER, TOPICS_EN_ENCODER
from attnviz.training.pooling_recipes import POLITENESS_JA, SENTIMENT_EN, TOPICS_EN
from attnviz.training.recipe import Recipe
from attnviz.training.translation.recipes import RECIPES as TRANSLATIONS

POOLING = (TOPICS_EN, POLITENESS_JA, SENTIMENT_EN)
ENCODERS = (TOPICS_EN_ENCODER, SENTIMENT_EN_ENCODER, POLITENESS_JA_ENCODER)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (*POOLING, *ENCODERS)}


def names() -> list[str]:
    """Classifiers that can be trained here."""
    return list(RECIPES)


def recipe(name: str) -> Recipe:
    """The recipe of a model.

    Raises:
        ModelError: There is none of that name.
    """
    if name not in RECIPES:
        raise ModelError("no_recipe", received=name, expected=", ".join([*RECIPES, *TRANSLATIONS]))
    return RECIPES[name]
