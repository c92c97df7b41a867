"""Every model that can be trained here, by name."""

from __future__ import annotations

from attnviz.errors import ModelError
from attnviz.training.captions.captioner import Captioner
from attnviz.training.captions.recipes import CAPTIONS
from attnviz.training.captions.scene_topics import SceneTopics
from attnviz.training.captions.topic_recipes import SCENE_CLASSIFIERS
from attnviz.training.classifier import Classifier
from attnviz.training.encoder_recipes import POLITENESS_JA_ENCODER, SENTIMENT_EN_ENCODER, TOPICS_EN_ENCODER, untaught
from attnviz.training.kind import Kind
from attnviz.training.next_word.next_writer import NextWriter
from attnviz.training.next_word.recipes import NEXT_WORD_EN, NEXT_WORD_JA
from attnviz.training.pooling_recipes import POLITENESS_JA, SENTIMENT_EN, TOPICS_EN
from attnviz.training.recipe import ClassifierRecipe, Recipe
from attnviz.training.translation.recipes import TRANSLATE_EN_JA, TRANSLATE_JA_EN
from attnviz.training.translation.translator import Translator

POOLING = (TOPICS_EN, POLITENESS_JA, SENTIMENT_EN)
ENCODERS = (TOPICS_EN_ENCODER, SENTIMENT_EN_ENCODER, POLITENESS_JA_ENCODER)
CLASSIFIERS: dict[str, ClassifierRecipe] = {recipe.name: recipe for recipe in (*POOLING, *ENCODERS)}
TRANSLATIONS = {recipe.name: recipe for recipe in (TRANSLATE_EN_JA, TRANSLATE_JA_EN)}
NEXT_WORDS = {recipe.name: recipe for recipe in (NEXT_WORD_EN, NEXT_WORD_JA)}
#: Of models that are offered beside another only.
BESIDE: dict[str, ClassifierRecipe] = {recipe.name: recipe for recipe in map(untaught, ENCODERS)}
RECIPES: dict[str, Recipe] = {**CLASSIFIERS, **TRANSLATIONS, **CAPTIONS, **SCENE_CLASSIFIERS, **NEXT_WORDS}


def kind(name: str, *, quiet: bool = False) -> Kind:
    """A recipe by name, with what its kind of model knows to do with it.

    Raises:
        ModelError: There is no recipe of that name.
    """
    if name in CAPTIONS:
        return Captioner(CAPTIONS[name], quiet)
    if name in SCENE_CLASSIFIERS:
        return SceneTopics(SCENE_CLASSIFIERS[name], quiet)
    if name in NEXT_WORDS:
        return NextWriter(NEXT_WORDS[name], quiet)
    if name in TRANSLATIONS:
        return Translator(TRANSLATIONS[name], quiet)
    if name in CLASSIFIERS or name in BESIDE:
        return Classifier((CLASSIFIERS | BESIDE)[name], quiet)
    raise ModelError("no_recipe", received=name, expected=", ".join((*RECIPES, *BESIDE)))
