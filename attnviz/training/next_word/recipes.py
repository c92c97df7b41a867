"""How the shipped models of the next word are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attnviz.training import data
from attnviz.training.next_word.settings import NextWordSettings
from attnviz.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class NextWordRecipe(Recipe):
    """All that tells one shipped model of the next word from another.

    Attributes:
        settings: How it is trained.
        tokenizer: What cuts words, and how pieces are looked up.
    """

    settings: NextWordSettings
    tokenizer: dict[str, Any]
    datasets: tuple[data.DataSet, ...] = (data.SMALL_PARALLEL, data.MANYTHINGS)
    licence: str = "CC BY 2.0 (as the data); code Apache-2.0"


NOTES = {
    "en": "It is small and learned from short sentences of textbooks and learners, set one after the other: it knows "
    "how such sentences go, not what is true. Among what it learned from are random pieces that stand twice, and "
    "documents in which a sentence comes back, so that heads that continue a repetition may form.",
    "ja": "教科書や学習者の短い文を並べて学習した小さなモデルです。そうした文の流れは知っていますが、"
    "書かれた内容が事実かどうかは知りません。学習データには、でたらめな語の並びを二度繰り返したものや、"
    "同じ文がもう一度現れる文書も混ぜてあります。繰り返しの続きを見つけるヘッドが育つようにするためです。",
}

NEXT_WORD_EN = NextWordRecipe(
    name="next-word-en",
    languages=("en",),
    title={"en": "The next word, English", "ja": "次の語（英語）"},
    summary={
        "en": "Continues an English text word by word: four layers of six heads, each token looks at those before it.",
        "ja": "英語の文章の続きを一語ずつ書きます。4層×6ヘッドで、各トークンはそれより前のトークンだけを見ます。",
    },
    notes=NOTES,
    examples=(
        "I would like a cup of",
        "My father is a doctor. My mother is a",
        "She went to the station to",
        "It is raining, so I will",
    ),
    settings=NextWordSettings(),
    tokenizer={"kind": "words", "spaced": True, "lower": False},
)

NEXT_WORD_JA = NextWordRecipe(
    name="next-word-ja",
    languages=("ja",),
    title={"en": "The next word, Japanese", "ja": "次の語（日本語）"},
    summary={
        "en": "Continues a Japanese text word by word: four layers of six heads, each token looks at those before it.",
        "ja": "日本語の文章の続きを一語ずつ書きます。4層×6ヘッドで、各トークンはそれより前のトークンだけを見ます。",
    },
    notes=NOTES,
    examples=(
        "私は毎朝",
        "父は医者です。母は",
        "彼女は駅へ",
        "雨が降っているので、",
    ),
    settings=NextWordSettings(epochs=10, repeated=0.25, again=0.2),
    tokenizer={"kind": "sudachi", "mode": "A", "spaced": False, "lower": False},
)
