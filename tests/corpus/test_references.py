"""What is known of a sentence besides: links between words set by hand, and where things are in a picture."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from attnviz import corpus
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.families.model import Model
from attnviz.scenes import GRID, Scene
from attnviz.trace import AttentionBlock, AttentionTrace, Encoded, RegionAxis, Text, TokenAxis, Written
from tests import pair


class Reader(Model):
    """Reads `tests.pair`."""

    def __init__(self):
        super().__init__(ModelCard("reader", kinds=("cross",), max_length=31))

    def encode(self, source):
        return Encoded(Text(str(source)), {"tokens": np.zeros((1, 4), np.int32)}, {"tokens": pair.SOURCE})

    def attend(self, encoded, edits=()):
        raise AssertionError("nothing is written where a translation is given")

    def run(self, encoded, edits=(), target=None, **_):
        return pair.read(target)


ROWS = [
    {"en": "no tea", "ja": "いや茶は", "who": "0-0 1-1 1p2"},
    {"en": "no tea ", "ja": "いや茶は", "who": "1-0 1-2"},
    {"en": "no tea", "ja": "いや茶は", "who": "5-0"},
    {"en": "no tea", "ja": "いや茶は", "who": "?"},
    {"en": "no tea", "ja": "", "who": "0-0"},
]


def test_alignment_error_is_of_all_pairs_together_and_bad_links_are_told(tmp_path):
    file = tmp_path / "pairs.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    found = corpus.measure(Reader(), corpus.lines([file], "en", "ja", "who"), part=1)

    assert found.summary["refused"] == {"corpus_links": 2, "empty_text": 1}
    told = found.summary["alignment"]["source-target"]
    heads = {(each["layer"], each["head"]): each for each in told["heads"]}
    assert told["n"] == 2 and set(heads) == {(1, 1), (1, 2), (2, 1), (2, 2)}
    # All target words of the second head go to tea, of six links in all: 1-1 and 1p2, then 1-0 and 1-2.
    assert heads[2, 2]["precision"] == pytest.approx(4 / 6)
    assert heads[2, 2]["recall"] == pytest.approx(3 / 4)
    assert heads[2, 2]["aer"] == pytest.approx(1 - (3 + 4) / (6 + 4))
    # no, tea, tea: all three of the first pair, of the second only 1-2.
    assert heads[1, 2]["aer"] == pytest.approx(1 - (3 + 4) / (6 + 4))
    assert heads[1, 2]["recall"] == pytest.approx(3 / 4)
    assert dict(found.heads.groupby("figure")["n"].max())["entropy"] == 2


def test_a_killed_run_keeps_what_was_linked(tmp_path):
    lines = [corpus.Line(row["en"], target=row["ja"], links=row["who"]) for row in ROWS[:2]]

    def kill(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.measure(Reader(), lines, folder=tmp_path, part=1, progress=kill)
    with pytest.raises(InputError, match="did not end"):
        corpus.measure(Reader(), [replace(lines[0], links="0-0"), *lines[1:]], folder=tmp_path, part=1)
    found = corpus.measure(Reader(), lines, folder=tmp_path, part=1)
    assert found.summary == corpus.measure(Reader(), lines, part=1).summary


def test_links_lead_to_translations(tmp_path):
    with pytest.raises(InputError, match="--target"):
        list(corpus.lines([tmp_path / "x.csv"], "en", links="who"))


class Captioner(Model):
    """Says 'a dog and a cat' of every scene; the second head looks at one region of the first thing."""

    def __init__(self):
        super().__init__(ModelCard("captioner", kinds=("cross",), takes="scene"))

    def encode(self, source):
        axis = RegionAxis.grid_of(GRID, GRID)
        return Encoded(Scene(str(source)), {"regions": np.zeros((1, GRID**2, 3), np.float32)}, {"regions": axis})

    def attend(self, encoded, edits=()):
        words = ("a", "dog", "and", "a", "cat")
        weights = np.full((1, 2, len(words), GRID**2), 1 / GRID**2)
        weights[0, 1] = 0.4 / GRID**2
        weights[0, 1, :, encoded.source.lies_on()[0].argmax()] += 0.6
        block = AttentionBlock("sight", "cross", TokenAxis.of(words), encoded.axis, weights.astype(np.float32))
        output = Written("caption", " ".join(words), words, np.zeros(5, np.float32), ((),) * 5)
        return AttentionTrace("captioner", encoded.source, (block,), output)


def test_captions_are_asked_whether_they_look_at_what_they_name():
    codes = ["snow;dog@2,11*1.2;tree@10,3", "sea;dog@5,4;cat@10,9", "sea;fish@3,4"]
    found = corpus.measure(Captioner(), codes)
    dogs, cat = [Scene(code).lies_on()[0].mean() for code in codes[:2]], Scene(codes[1]).lies_on()[1].mean()
    for head, weight, hit in ((0, 0.0, None), (1, 0.6, [1, 0.5])):
        even = 1 - weight
        on = [weight + even * dogs[0], np.mean([weight + even * dogs[1], even * cat])]
        row = found.row("sight", 0, head, "on_thing")
        assert row["n"] == 2 and row["mean"] == pytest.approx(np.mean(on), abs=1e-6)
        if hit is not None:
            assert found.row("sight", 0, head, "pointing")["mean"] == pytest.approx(np.mean(hit))
