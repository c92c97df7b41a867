"""Examples with what a reader would answer, and whether a model answers the same; it is asked behind the page."""

from __future__ import annotations

import json
from dataclasses import asdict

from attnviz.analysis import clearness
from attnviz.families.card import ModelCard
from attnviz.trace import AttentionTrace, Classification
from attnviz.ui import cache, models
from attnviz.ui.openings import FILE, Opening

#: The class a reader gives to an example, by task; what readers would not agree on is left out.
EXPECTED: dict[str, dict[str, str]] = {
    "sentiment": {
        "A wonderful film with a brilliant cast": "positive",
        "The plot is dull and the jokes are terrible": "negative",
        "good": "positive",
        "not good": "negative",
        "not good at all": "negative",
        "not bad": "positive",
        "I expected to hate it and I was wrong": "positive",
    },
    "topics": {
        "Book a table for two at an Italian restaurant tonight": "kitchen_and_dining",
        "How much money is in my savings account?": "banking",
        "My credit card was stolen, what should I do?": "credit_cards",
        "What is the weather like in Kyoto tomorrow?": "utility",
        "Do I need a visa to travel to Japan?": "travel",
        "How many vacation days do I have left?": "work",
        "Tell me a joke about robots": "small_talk",
    },
    "politeness": {
        "明日、学校に行くよ。": "plain",
        "明日、学校に行きます。": "polite",
        "明日、学校にいらっしゃいますか。": "honorific",
        "資料を拝見いたしました。": "honorific",
        "少々お待ちくださいませ。": "honorific",
        "ちょっと待ってて。": "plain",
        "先生は何を召し上がりましたか。": "honorific",
    },
}

#: Of each model that has been asked, by example: the class it answers.
_answers: dict[str, dict[str, str]] = {}


def ask(card: ModelCard) -> None:
    """Ask a model for its answer to each of its examples that has an expected one; for the background."""
    _answers[card.name] = _asked(card)


def _asked(card: ModelCard) -> dict[str, str]:
    found = {}
    for text in EXPECTED.get(card.task, {}):
        output = cache.trace(card.name, text).output if text in card.examples else None
        if isinstance(output, Classification):
            found[text] = output.labels[output.predicted]
    return found


def failure(card: ModelCard, text: str, trace: AttentionTrace, language: str) -> tuple[str, str] | None:
    """What a model answers and what a reader would, where it fails on one of its examples; else None."""
    output, expected = trace.output, EXPECTED.get(card.task, {}).get(text)
    if not isinstance(output, Classification) or expected not in output.labels or trace.edited:
        return None
    names, at = card.names_of_labels(language, output.labels), output.labels.index(expected)
    return None if at == output.predicted else (names[output.predicted], names[at])


def clearest(card: ModelCard) -> Opening:
    """The clearest of a model's examples, among those it answers as expected if any are known, and of its heads."""
    answers, expected = _asked(card), EXPECTED.get(card.task, {})
    texts = [text for text, answer in answers.items() if answer == expected[text]] or list(card.examples)
    if not texts:
        return Opening()
    place, head = clearness.clearest([cache.trace(card.name, text) for text in texts], card.details.get("alignment"))
    layer, number = (-1, -1) if head is None else head
    return Opening(texts[place], layer, number)


def marks(card: ModelCard, language: str) -> dict[str, tuple[bool, str]]:
    """Of each example that is known: whether the model answers as expected, and what it answers in a language.

    Empty until the model has been asked.
    """
    names = dict(zip(card.labels, card.names_of_labels(language), strict=False))
    expected = EXPECTED.get(card.task, {})
    return {
        text: (answer == expected[text], names.get(answer, answer))
        for text, answer in _answers.get(card.name, {}).items()
    }


def main() -> None:
    """Find the openings of all models anew and write them down."""
    found = {name: asdict(clearest(models.card(name))) for name in models.names()}
    FILE.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
