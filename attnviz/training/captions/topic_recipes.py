"""How the shipped pooling classifiers of scenes are made."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.training.captions.albums import SceneRecipe


@dataclass(frozen=True)
class TopicSettings:
    """How a pooling classifier of scenes is trained.

    Attributes:
        scenes: To learn from.
        features: Length of a region's vector.
        hidden: Units of the hidden layer.
        epochs: Passes.
        learning_rate: Of Adam at its highest.
        seed: Of initial weights and order.
    """

    scenes: int = 30_000
    features: int = 64
    hidden: int = 32
    epochs: int = 2
    learning_rate: float = 2e-3
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class TopicRecipe(SceneRecipe):
    """All that tells one such model from another.

    Attributes:
        settings: How it is trained.
    """

    settings: TopicSettings


SCENE_TOPICS = TopicRecipe(
    name="scene-topics",
    title={"en": "Where a scene is", "ja": "絵の場所"},
    summary={
        "en": "Says on which of eight backgrounds a composed picture is. One learned query weighs 196 regions as that "
        "of a text model weighs words: features, scores, softmax, weighted sum.",
        "ja": "ものを並べた絵が八つの背景のどれかを答えます。学習した一つのクエリが、テキストのモデルが語に重みを付ける"
        "のと同じように、196の領域に重みを付けます。特徴、スコア、ソフトマックス、重み付き和です。",
    },
    notes={
        "en": "It knows eight drawn backgrounds and gives every picture one of them. The task is easy: the mean of all "
        "regions does it as well, so its weights say where it looks, not that it must look there.",
        "ja": "知っているのは絵の背景八つだけで、どの絵にもそのどれかを答えます。やさしい問題で、全領域の平均でも"
        "同じように解けます。重みは、どこを見ているかを示しますが、そこを見なければならないことは示しません。",
    },
    examples=(
        "meadow;dog@3,5;tree@9,6*1.5",
        "snow;penguin@4,9*1.2;car@10,9*1.4",
        "night;owl@10,3;house@4,9*1.6",
        "sea;fish@3,4;octopus@10,7*1.4",
    ),
    settings=TopicSettings(),
)

SCENE_CLASSIFIERS = {recipe.name: recipe for recipe in (SCENE_TOPICS,)}
