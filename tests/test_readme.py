"""The README says what the cards say, and its commands are those that are tested."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import pytest

from attnviz.training import explained

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARDS = sorted((ROOT / "models").glob("*/card.json"))


def row(card: dict) -> str:
    """A model's line in the README's table, from its card."""
    figures = card["metrics"]
    name = f"[{card['name']}](models/{card['name']}/README.md)"
    if card["task"] == "caption":
        best = [max(each["hits"] for each in figures[f"pointing_{code}"]["heads"]) for code in ("en", "ja")]
        shown = [("test", "perfect"), ("pairs", "perfect")]
        if card.get("takes") == "photo":
            shown = [("test", "perfect"), ("test", "named_coarse"), ("test", "places")]
        found = [figures[f"{part}_{code}"][figure] for part, figure in shown for code in ("en", "ja")]
        cells = [f"{100 * share:.1f} %" for share in (*found, *best)]
        return f"| {' | '.join([name, card['title']['en'], *cells])} |"
    if card["task"] == "background":
        cells = [
            f"{100 * figures[f'{kind}accuracy_{part}']:.1f} %"
            for part in ("test", "style")
            for kind in ("", "mean_pooling_")
        ]
        return f"| {' | '.join([name, card['title']['en'], *cells])} |"
    if card["task"] == "translation":
        cells = [f"{figures[f'{part}_greedy_{score}']:.1f}" for part in ("test", "dev") for score in ("bleu", "chrf")]
        return f"| {' | '.join([name, card['title']['en'], *cells])} |"
    if card["task"] == "continuation":
        parts = [
            f"{figures[f'{part}_perplexity{kind}']:.1f}"
            for part in ("test", "dev")
            for kind in ("", "_ngram", "_unigram")
        ]
        head = max(figures["roles"]["heads"], key=lambda each: each["induction"])
        cells = [*parts, f"{100 * head['induction']:.1f} %"]
        return f"| {' | '.join([name, card['title']['en'], *cells])} |"
    compared = "sibling_accuracy" if "sibling" in figures else "mean_pooling_accuracy"
    shares = (figures[key] for key in ("accuracy", "uniform_accuracy", compared))
    cells = [
        name,
        card["title"]["en"],
        *(f"{100 * share:.1f} %" for share in shares),
        f"{figures['drop_ratio']:.0f} × ({figures['drop_ratio_low']:.0f}–{figures['drop_ratio_high']:.0f})",
    ]
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
def test_the_table_of_models_repeats_the_cards(path: Path):
    assert row(json.loads(path.read_text(encoding="utf-8"))) in README.splitlines()


def test_what_attention_explains_repeats_the_cards():
    said = explained.readme([json.loads(path.read_text(encoding="utf-8")) for path in CARDS])
    missing = [line for line in said.splitlines() if line.startswith("|") and line not in README.splitlines()]
    assert missing == []


def test_what_python_prints_is_what_it_says():
    examples = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    assert len(examples.examples) > 15
    told: list[str] = []
    doctest.DocTestRunner().run(examples, out=told.append)
    assert not told, "".join(told)


def test_the_screenshots_are_there():
    shown = re.findall(r"!\[[^\]]+\]\((\.readme/[^)]+)\)", README)
    assert {path.name for path in (ROOT / ".readme").iterdir()} == {Path(path).name for path in shown}
    assert all((ROOT / path).read_bytes().startswith(b"\x89PNG") for path in shown)
