"""A model over a corpus, against each sentence by itself; in parts, in any order, and after a kill."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import attnviz
from attnviz import corpus
from attnviz.analysis.explain.measures import of_classifier
from attnviz.analysis.heads.roles import heads
from attnviz.analysis.surgery import operations
from attnviz.corpus import run, state
from attnviz.corpus.batches import Options, part_of
from attnviz.corpus.faithfulness import Faithfulness
from attnviz.errors import InputError, ModelError
from tests.corpus.made import HEADS, LAYERS, Made, sentences

NUMBER = 197


@pytest.fixture(scope="module")
def texts():
    return sentences(NUMBER)


@pytest.fixture(scope="module")
def found(texts):
    return corpus.measure(Made(), texts)


@pytest.fixture(scope="module")
def alone(texts):
    """Figures of the block `words`, sentence by sentence."""
    model = Made()
    return {text: heads(model.trace(text).block("words")) for text in texts}


def _column(alone, layer, head, figure):
    rows = {text: table[(table["layer"] == layer) & (table["head"] == head)] for text, table in alone.items()}
    return pd.Series({text: float(row[figure].iloc[0]) for text, row in rows.items()}).dropna()


FIGURES = ["entropy", "distance", "previous", "next", "special", "copy", "induction", "largest"]


def test_a_value_that_many_sentences_share_is_in_their_middle(found):
    heads = found.heads.copy()
    heads["least"], heads["most"] = 0.0, 0.0
    assert replace(found, heads=heads).place("words", 0, 0, "special", 0.0) == 0.5
    heads["most"] = 0.9
    heads["histogram"] = [[3, *[0] * 48, 1]] * len(heads)  # three sentences of four give it nothing
    assert replace(found, heads=heads).place("words", 0, 0, "special", 0.0) == 0.375
    assert replace(found, heads=heads).place("words", 0, 0, "special", 0.95) == pytest.approx(0.75)


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_are_those_of_each_sentence_by_itself(found, alone, figure):
    for layer, head in np.ndindex(LAYERS, HEADS):
        values = _column(alone, layer + 1, head + 1, figure)
        row = found.row("words", layer, head, figure)
        assert row["n"] == len(values) == sum(row["histogram"])
        expected = (values.mean(), values.std(ddof=0), values.min(), values.max())
        assert tuple(row[["mean", "deviation", "least", "most"]]) == pytest.approx(expected, abs=1e-9)
        assert abs(row["median"] - values.median()) <= row["width"]
        middle = float(values.median())
        share = (values < middle).mean()
        within = np.histogram(values, np.arange(51) * row["width"])[0].max() / len(values)
        assert abs(found.place("words", layer, head, figure, middle) - share) <= within
        low, high = found.range("words", layer, head, figure, 0.8)
        assert abs(low - values.quantile(0.1, "lower")) <= row["width"]
        assert abs(high - values.quantile(0.9, "higher")) <= row["width"]


def test_sentences_worth_opening_are_the_highest_the_lowest_and_some_between(found, alone):
    for layer, head in np.ndindex(LAYERS, HEADS):
        values = _column(alone, layer + 1, head + 1, "previous")
        chosen = found.chosen("words", layer, head, "previous").groupby("chosen", sort=False)["text"].agg(list)
        assert chosen["best"] == values.nlargest(10).index.tolist()
        assert chosen["worst"] == values.nsmallest(10).index.tolist()
        assert len(chosen["median"]) == 3
        assert abs(values[chosen["median"][0]] - values.median()) < 0.03
        edges = np.linspace(values.min(), values.max(), 6)
        for interval in range(5):
            some = values[chosen[str(interval + 1)]]
            assert len(some) and ((some >= edges[interval] - 1e-9) & (some <= edges[interval + 1] + 1e-9)).all()


def test_a_brief_result_has_the_first_three_of_each(found, texts):
    brief = corpus.measure(Made(), texts, brief=True)
    kinds = found.sentences[found.sentences["chosen"].isin(["best", "worst", "median"])]
    first = kinds.groupby(["block", "layer", "head", "figure", "chosen"], sort=False).head(3)
    assert_frame_equal(brief.sentences, first.reset_index(drop=True))
    assert_frame_equal(brief.heads, found.heads)


def test_tokens_are_told_by_what_falls_on_them(found, texts):
    model, words = Made(), []
    for text in texts:
        block = model.trace(text).block("words")
        n = len(block.key)
        for at, (token, unknown) in enumerate(zip(block.key.tokens, block.key.unknown, strict=True)):
            w = block.weights[1, 2].astype(np.float64)
            words.append(("" if unknown else token, sum(w[q, at] for q in range(n)) / n * n, w[at].max()))
    table = pd.DataFrame(words, columns=["token", "key", "query"]).groupby("token").agg(["mean", "size"])
    for side in ("key", "query"):
        often = table[side][table[side]["size"] >= 5].sort_values("mean", ascending=False)
        rows = found.tokens[(found.tokens["block"] == "words") & (found.tokens["side"] == side)]
        rows = rows[(rows["layer"] == 2) & (rows["head"] == 3)]
        assert rows["token"].tolist() == often.index[:10].tolist()
        assert rows["n"].tolist() == often["size"].tolist()[:10]
        assert rows["mean"].tolist() == pytest.approx(often["mean"].tolist()[:10], rel=1e-5)
    assert "" in set(found.tokens["token"]) or table["key"]["size"][""] > 0


def test_across_two_sequences_only_what_means_something(found):
    assert found.figures("memory") == ["entropy", "first", "special", "largest"]
    assert len(found.figures("words")) == 10
    assert found.summary["sentences"] == NUMBER


@pytest.mark.parametrize("part", [1, 7, 64])
def test_parts_add_up(found, texts, part):
    same = corpus.measure(Made(), texts, part=part)
    assert_frame_equal(same.sentences, found.sentences)
    assert_frame_equal(same.heads, found.heads, rtol=1e-12)
    assert_frame_equal(same.tokens, found.tokens, rtol=1e-5)


def test_what_is_kept_does_not_hang_on_the_order_nor_on_repeats(found, texts):
    turned = corpus.measure(Made(), [*reversed(texts), *texts[:50]], part=31)
    best = found.sentences[found.sentences["chosen"].isin(["best", "worst"])].reset_index(drop=True)
    again = turned.sentences[turned.sentences["chosen"].isin(["best", "worst"])].reset_index(drop=True)
    assert_frame_equal(again, best)


def test_a_killed_run_goes_on_where_it_was(texts, tmp_path):
    whole = corpus.measure(Made(), texts, folder=tmp_path / "whole", part=20)

    def kill(done):
        if done == 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.measure(Made(), texts, folder=tmp_path / "killed", part=20, progress=kill)
    with pytest.raises(InputError) as other:
        corpus.measure(Made(), ["other", *texts], folder=tmp_path / "killed", part=20)
    assert other.value.code == "corpus_other"
    model, told = Made(), []
    found = corpus.measure(model, texts, folder=tmp_path / "killed", part=20, progress=told.append)

    assert model.ran == NUMBER - 60 and told[0] == 80
    for name in ("heads", "sentences", "tokens"):
        assert_frame_equal(getattr(found, name), getattr(whole, name), check_exact=True)
        files = [(tmp_path / folder / f"{name}.parquet").read_bytes() for folder in ("whole", "killed")]
        assert files[0] == files[1]
    assert not (tmp_path / "killed" / state.FILE).exists()


def test_a_run_that_is_done_is_read_and_another_is_refused(texts, tmp_path):
    first, again = Made(), Made()
    found = corpus.measure(first, texts[:30], folder=tmp_path)
    read = corpus.measure(again, texts[:30], folder=tmp_path)
    assert (first.ran, again.ran) == (30, 0)
    assert_frame_equal(read.heads.drop(columns="histogram"), found.heads.drop(columns="histogram"))
    with pytest.raises(InputError) as other:
        corpus.measure(Made(), texts[:31], folder=tmp_path)
    assert other.value.code == "corpus_folder"


def test_half_a_file_of_a_killed_run_is_begun_anew(texts, tmp_path):
    (tmp_path / state.FILE).write_bytes(b"PK half")
    model = Made()
    corpus.measure(model, texts[:30], folder=tmp_path)
    assert model.ran == 30


def test_a_damaged_result_is_refused(texts, tmp_path):
    corpus.measure(Made(), texts[:30], folder=tmp_path)
    content = bytearray((tmp_path / "heads.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "heads.parquet").write_bytes(content)
    with pytest.raises(ModelError) as damaged:
        corpus.read(tmp_path)
    assert damaged.value.code == "file_unreadable"


def test_lines_that_cannot_be_used_are_counted_and_told(texts):
    lines = [*texts[:9], " ", corpus.Line("", "a.txt:3", "corpus_encoding"), *texts[9:20]]
    found = corpus.measure(Made(), lines)
    assert found.summary["sentences"] == 20
    assert found.summary["refused"] == {"corpus_encoding": 1, "empty_text": 1}
    assert {"error": "corpus_encoding", "where": "a.txt:3"} in found.summary["examples"]
    with pytest.raises(InputError) as empty:
        corpus.measure(Made(), [" ", ""])
    assert (empty.value.code, empty.value.parameters["refused"]) == ("corpus_empty", 2)


def test_the_effect_of_a_head_is_that_of_surgery():
    model = attnviz.load("sentiment-en-encoder")
    texts = ["a good film", "what a dull film it was", "no bad film at all"]
    found = corpus.measure(model, texts, effect=True)
    for layer, head in ((0, 0), (1, 3)):
        moved = []
        for text in texts:
            own = model.trace(text).output.probabilities
            off = operations.traced(model, text, [f"off-L{layer}H{head}"]).output.probabilities
            moved.append(np.abs(own - off).sum() / 2)
        row = found.row("encoder", layer, head, "effect")
        assert row["mean"] == pytest.approx(np.mean(moved), abs=1e-6)
        assert np.max(moved) > 1e-3


def test_faithfulness_is_that_of_attribution_with_an_interval_around_it():
    model = attnviz.load("sentiment-en")
    texts = [
        f"{first} {second} film {third}"
        for first in ("a good", "no bad")
        for second in ("dull", "long", "new")
        for third in ("", "that bores", "for a rainy day")
    ]
    told = corpus.measure(model, texts, faithfulness=True, part=7).summary["faithfulness"]
    kendall, lost, top = [], [], []
    for text in texts:
        encoded = model.encode(text)
        measures = of_classifier(model, encoded, model.run(encoded).output.predicted)
        kendall.append(measures.agreement("removed").kendall)
        lost.append(measures.curves["attention"].comprehensiveness)
        top.append(measures.values["removed"][measures.values["attention"].argmax()])
    for name, values in (("kendall", kendall), ("comprehensiveness", lost), ("drop_top", top)):
        assert told[name]["mean"] == pytest.approx(np.nanmean(values), abs=1e-5)
        assert told[name]["low"] < told[name]["mean"] < told[name]["high"]
        spread = np.nanstd(values) / np.sqrt(np.isfinite(values).sum())
        assert told[name]["high"] - told[name]["low"] == pytest.approx(2 * 1.96 * spread, rel=0.25)
    assert told["drop_ratio"]["mean"] == pytest.approx(told["drop_top"]["mean"] / told["drop_random"]["mean"])
    json.dumps(told, allow_nan=False)


def test_samples_of_two_parts_are_the_samples_of_both():
    rows = np.random.default_rng(3).normal(size=(41, 5))
    parts = [Faithfulness.of(rows[:17], 0), Faithfulness.of(rows[17:], 17)]
    np.testing.assert_array_equal(parts[0].with_(parts[1]).count, [41] * 5)
    np.testing.assert_allclose(parts[1].with_(parts[0]).total, rows.sum(axis=0))


def test_what_a_model_does_not_offer_is_said(texts):
    for option in ("effect", "faithfulness"):
        with pytest.raises(InputError) as refused:
            corpus.measure(Made(), texts, **{option: True})
        assert refused.value.code == f"corpus_no_{option}" and refused.value.message("ja")
    with pytest.raises(InputError, match="at least one sentence"):
        corpus.measure(Made(), texts, part=0)


def test_nothing_grows_with_the_sentences(texts):
    """What is kept after ten times as many is of the same size, but for the words there are."""
    known = []
    for number in (300, 3000):
        held = state.State({})
        lines = [corpus.Line(text) for text in sentences(number, seed=5)]
        for start in range(0, number, 100):
            held.add(lines[start : start + 100], part_of(Made(), lines[start : start + 100], Options()))
        tally = held.tallies["words"]
        known.append((len(held.texts), tally.histogram.nbytes, tally.chosen.few.nbytes))
        assert len(held.texts) <= tally.form.rows * 2 * 120
    assert known[0][1:] == known[1][1:]
    assert run.PART >= 1


def test_a_model_meets_few_shapes_of_batches(found, texts):
    """What TensorFlow compiles for a shape stays in memory."""

    class Batched(Made):
        def run_batch(self, batch, edits=()):
            sizes.append(len(batch))
            return [self.run(encoded) for encoded in batch]

    sizes: list[int] = []
    same = corpus.measure(Batched(), texts)
    assert {size.bit_count() for size in sizes} == {1}
    assert_frame_equal(same.heads, found.heads)
