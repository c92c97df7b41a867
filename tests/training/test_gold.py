"""Word correspondences set by hand, and sentences from daily life with a reader's verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from attnviz.tokenizers import SudachiTokenizer, WordTokenizer
from attnviz.training.data import MANYTHINGS, SMALL_PARALLEL, available
from attnviz.training.translation import everyday, model_card, pairs
from attnviz.training.translation.everyday import VERDICTS, Judged, Sentence
from attnviz.training.translation.gold import GOLD, alignment_figures, gold
from tests import pair

MODELS = Path(__file__).resolve().parents[2] / "models"


def test_at_least_a_hundred_pairs_in_order_of_dev():
    found = gold("en")
    assert len(found) >= 100 and [each.number for each in found] == list(range(len(found)))
    assert all(each.sure for each in found)  # refused on reading, were it not so
    head = [line for line in GOLD.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert any("CC BY 2.0 FR" in line for line in head)


@pytest.mark.skipif(not available(SMALL_PARALLEL) or not available(MANYTHINGS), reason="the data are not at hand")
def test_the_words_are_those_of_the_pairs():
    dev, english, japanese = pairs.pairs(quiet=True).dev, WordTokenizer(), SudachiTokenizer(mode="A")
    for each in gold("en"):
        for words, cut, text in zip((each.source, each.target), (english, japanese), dev[each.number], strict=True):
            assert list(words) == [token.text for token in cut.tokenize(text)]


def test_the_other_direction_is_the_same_turned(tmp_path):
    file = tmp_path / "links"
    file.write_text("0\tno tea\tいや 茶 は\t0-0 1-1 1p2\n", encoding="utf-8")
    (turned,) = gold("ja", file)
    assert (turned.source, turned.sure, turned.possible) == (
        ("いや", "茶", "は"), {(0, 0), (1, 1)}, {(0, 0), (1, 1), (2, 1)},
    )  # fmt: skip
    assert gold("en", tmp_path / "absent") is None


class Reader:
    """Reads `tests.pair`."""

    def __init__(self) -> None:
        details = {"config": {}, "alignment": {"layer": 1, "heads": [1]}}
        self.card = SimpleNamespace(languages=("en", "ja"), details=details)
        self.asked: list[tuple[str, str]] = []

    def encode(self, text):
        return text

    def run(self, text, target):
        self.asked.append((text, target))
        return pair.read(target)


def test_figures_by_hand(tmp_path):
    file, model = tmp_path / "links", Reader()
    file.write_text("1\tno tea\tいや 茶 は\t0-0 1-1 1p2\n", encoding="utf-8")
    dev = (("unread", "読まない"), ("no tea", "いや茶は"))
    found = alignment_figures(model, dev, gold("en", file), quiet=True)

    assert model.asked == [("no tea", "いや茶は")]
    assert (found["n_pairs"], found["n_sure"], found["n_possible"]) == (1, 2, 1)
    # Words of the chosen head: いや 0.3 no, 0.4 tea; 茶 0.1, 0.3; は 0.25, 0.35. All go to tea: 1p0 is no link.
    assert found["chosen"] == {"precision": 0.6667, "recall": 0.5, "aer": 0.4}
    assert found["heads"][3] == {"layer": 1, "head": 1, **found["chosen"]}
    # A level head gives tea, in two pieces, twice the weight.
    assert found["heads"][0] == {"layer": 0, "head": 0, **found["chosen"]}
    # Of two words for three: no, tea (the middle of three falls on the second), tea.
    assert found["diagonal"] == {"precision": 1.0, "recall": 1.0, "aer": 0.0}
    assert alignment_figures(model, dev, None, quiet=True) is None


def test_other_words_are_refused(tmp_path):
    file = tmp_path / "links"
    file.write_text("0\tno teas\tいや 茶 は\t0-0\n", encoding="utf-8")
    with pytest.raises(ValueError, match="teas"):
        alignment_figures(Reader(), (("no tea", "いや茶は"),), gold("en", file), quiet=True)


@pytest.mark.parametrize(("source", "target"), [("en", "ja"), ("ja", "en")])
def test_thirty_sentences_are_judged(source, target):
    found = everyday.sentences(source, target)
    assert len(found) >= 30 and len({each.text for each in found}) == len(found)
    assert all(each.translation and each.alignment and each.verdict in VERDICTS for each in found)
    assert everyday.sentences("ja", "xx") == ()


def test_a_verdict_is_of_the_translation_it_was_given_for():
    known = (Sentence("Tea?", "茶？", "good", "", "both right"), Sentence("No.", "いや。", "wrong", "too curt", ""))
    rows = everyday.judged(known, {"Tea?": "茶？", "No.": "いいえ。"}.__getitem__)
    assert rows == [Judged("Tea?", "茶？", known[0]), Judged("No.", "いいえ。", None)]
    text = everyday.markdown(rows)
    assert text.startswith("1 good, 1 not judged of 2.") and "too curt" not in text
    assert "| Tea? | 茶？ | good | both right |" in text and "| No. | いいえ。 | not judged |  |" in text


@pytest.mark.parametrize("name", sorted(path.parent.name for path in MODELS.glob("translate-*/card.json")))
def test_the_text_of_a_card_has_its_figures_and_its_record(name):
    content = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))
    text = (MODELS / name / "README.md").read_text(encoding="utf-8")
    found, training = content["metrics"]["alignment"], content["training"]
    assert found["n_pairs"] == len(gold("en"))
    assert found["chosen"]["aer"] < 0.5 * found["diagonal"]["aer"]
    for row in (found["chosen"], found["mean"], found["diagonal"], *found["heads"]):
        assert f"| {row['precision']:.1%} | {row['recall']:.1%} | {row['aer']:.1%} |" in text
    assert len(training["history"]) == training["epochs"] and f"{training['seconds'] / 60:.0f} minutes" in text
    assert f"| {training['epochs']} | {training['history'][-1]['loss']:.2f} |" in text
    assert all(each.text in text for each in everyday.sentences(*content["languages"]))
    sections = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(sections) == len(set(sections)) >= 5 and model_card.SHOWN == 25
