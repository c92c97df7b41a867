"""Two sentences read together are told apart in every picture of weights: by colour, by a line, and in words."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from attnviz import figures
from attnviz.analysis.explain.attribution import Integrated
from attnviz.analysis.explain.measures import Measures
from attnviz.analysis.focus import Focus
from attnviz.drawings.lines import lines as drawn_lines
from attnviz.drawings.look import Plain
from attnviz.drawings.maps import maps as drawn_maps
from attnviz.drawings.matrix import matrix
from attnviz.export import handout
from attnviz.families.card import ModelCard
from attnviz.figures import cell, describe
from attnviz.figures.large import large
from attnviz.figures.sentences import named, told
from attnviz.figures.style import segments, theme
from attnviz.i18n import translate
from attnviz.trace import AttentionBlock, AttentionTrace, Embedding, Text, TokenAxis
from tests.learned import Looks

WORDS = ("[CLS]", "the", "cat", "[SEP]", "it", "sat", "[SEP]")
SENTENCES = (0, 0, 0, 0, 1, 1, 1)
FOCUS = Focus("self", 1, 2, 5)


def pair(*, alone: bool = False) -> AttentionTrace:
    axis = TokenAxis.of(WORDS)
    axis = axis if alone else replace(axis, segments=SENTENCES)
    weights = np.random.default_rng(3).dirichlet(np.ones(7), size=(2, 3, 7)).astype(np.float32)
    block = AttentionBlock("self", "self", axis, axis, weights)
    return AttentionTrace("made", Text("the cat [SEP] it sat"), (block,), Embedding(np.ones(3, np.float32)))


def mapped(trace, **more):
    block = trace.blocks[0]
    values = block.weights[1, 2].astype(np.float64)
    return figures.attention_map(block, values, "mean", layer=1, head=2, **more)


def row_of(trace):
    return trace.blocks[0].weights[1, 2, 5].astype(np.float64)


def attribution(trace, **more):
    values = row_of(trace)
    found = Measures(WORDS, 0, {"attention": values}, Integrated(values, 0.0, 0.0, 1), {}, (), trace.blocks[0].key)
    return figures.attribution(found, ["attention"], **more)


def changed_map(trace, **more):
    block = trace.blocks[0]
    first, second = block.weights[:, 2].astype(np.float64)
    return figures.changed_map(WORDS, WORDS, first, second, axes=(block.query, block.key), **more)


def learning(trace, **more):
    steps, curve = np.array([0, 9]), np.ones(2, np.float32)
    learned = Looks(steps, curve, curve, curve, ("",), ((trace, trace),))
    return figures.learning(learned, np.array([row_of(trace)] * 2), trace.blocks[0].key, 1, **more)


FIGURES = {
    "attribution": attribution,
    "surgery": lambda t, **more: figures.changed_row(WORDS, row_of(t), row_of(t)[::-1], axis=t.blocks[0].key, **more),
    "surgery, a map": changed_map,
    "cell": lambda t, **more: cell.weights([("own", row_of(t))], WORDS, axis=t.blocks[0].key, **more),
    "training": learning,
    "heatmap": lambda trace, **more: figures.heatmap(trace, [FOCUS], **more),
    "bars": lambda trace, **more: figures.bars(trace, FOCUS, order="weight", **more),
    "head": lambda trace, **more: figures.head(trace, FOCUS, **more),
    "large": lambda trace, **more: large(trace, FOCUS, "unit", more.get("language", "en"), more.get("theme", "light")),
    "lines": lambda trace, **more: figures.lines(trace, layer=1, head=2, **more),
    "overview": figures.overview,
    "map": mapped,
}


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_both_colours_and_none_of_one_sentence(name, look):
    both = segments(theme(look))
    assert len(set(both)) == 2
    shown, alone = (FIGURES[name](trace, theme=look).to_json() for trace in (pair(), pair(alone=True)))
    for colour in both:
        assert shown.count(colour) > alone.count(colour)
        assert colour not in alone or name == "training"  # one of its curves has it, too


@pytest.mark.parametrize("name", ["head", "large", "map"])
def test_tokens_on_both_axes_stand_in_the_colour_of_their_sentence(name):
    figure, colours = FIGURES[name](pair()), segments(theme("light"))
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        labels = list(axis.ticktext or axis.labelalias.values())
        assert len(labels) == len(WORDS)
        for label, sentence in zip(labels, SENTENCES, strict=True):
            assert f'<span style="color:{colours[sentence]}">' in label
    between = [shape for shape in figure.layout.shapes if shape.type == "line"]
    assert {(line.x0, line.x1) for line in between if line.x0 == line.x1} == {(3.5, 3.5)}
    assert {(line.y0, line.y1) for line in between if line.y0 == line.y1} == {(3.5, 3.5)}


def test_bars_by_weight_keep_the_colour_of_each_token():
    figure, colours = FIGURES["bars"](pair()), segments(theme("light"))
    weights = pair().blocks[0].weights[1, 2, 5]
    for label, place in zip(figure.layout.yaxis.ticktext, np.argsort(-weights, kind="stable"), strict=True):
        assert colours[SENTENCES[place]] in label and WORDS[place].strip("[]") in label


def test_a_handout_names_the_tokens_of_both():
    both = segments(theme("light"))
    for trace, count in ((pair(), 4), (pair(alone=True), 0)):
        page = handout.page(trace, ModelCard("made", family="made"), handout.Own(trace, FOCUS, None), FOCUS).decode()
        for colour, tokens in zip(both, (4, 3), strict=True):
            assert page.count(colour) == (count and 4 * tokens)  # the sentence, the bars, both sides of the map


def test_each_map_of_the_overview_has_an_edge_of_both():
    first, second = figures.overview(pair()).data[1:]
    gap = max(1, 7 // 12)
    for number, edge in enumerate((first, second)):
        x, y = (np.array(values, float).reshape(-1, 3)[:, :2] for values in (edge.x, edge.y))
        assert len(x) == 2 * 3 * 2  # layers, heads, two sides
        low = np.array([[0, 4], [4, 7]][number]) - 0.5
        head_2, layer_1 = 2 * (7 + gap), 7 + gap
        below = (x == head_2 + low).all(-1) & (y == layer_1 + 6.5).all(-1)
        left = (x == head_2 - 0.5).all(-1) & (y == layer_1 + low).all(-1)
        assert below.any() and left.any()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_words_say_which_sentence_a_token_is_of(language):
    trace = pair()
    axis = trace.blocks[0].key
    one, two = (translate(language, "alt.token", token=token, number=n) for token, n in (("cat", 1), ("it", 2)))
    assert (named(axis, 2, language), named(axis, 4, language)) == (one, two)
    sentences = told(axis, language)
    assert "1–4" in sentences.replace("～", "–") and "5–7" in sentences.replace("～", "–")
    assert "[CLS] the cat [SEP]" in sentences and "it sat [SEP]" in sentences
    values = trace.blocks[0].weights[1, 2].astype(np.float64)
    for words in (
        describe.row(trace, FOCUS, language),
        describe.grid(trace, FOCUS, language),
        describe.attention_map(trace, trace.blocks[0], values, "mean", 1, 2, language),
    ):
        assert sentences in words
    asked = translate(language, "alt.token", token="sat", number=2)
    assert asked in describe.row(trace, FOCUS, language)
    assert asked.replace("<", "&lt;") in json.dumps(
        figures.head(trace, FOCUS, language=language).to_dict(), ensure_ascii=False, default=str
    )
    assert told(pair(alone=True).blocks[0].key, language) == ""


def test_drawings_of_the_page_know_the_sentences():
    look, trace = Plain("en", "light", False), pair()
    block, colours = trace.blocks[0], segments(theme("light"))
    inks = [colours[sentence] for sentence in SENTENCES]
    shown = matrix(look, trace, FOCUS, "unit", "")
    assert shown["inks"] == {"query": inks, "key": inks} and shown["borders"] == {"query": 4, "key": 4}
    assert drawn_lines(look, block, 1, 2, "")["inks"]["query"] == inks
    small = drawn_maps(look, block, 1, 2, "unit")
    assert small["segments"] == {"colours": list(colours), "down": 4 / 7, "across": 4 / 7}
    assert told(block.key, "en") in small["words"]["label"]
    alone = drawn_maps(look, pair(alone=True).blocks[0], 1, 2, "unit")
    assert alone["segments"]["down"] is None and not alone["words"]["label"].endswith(".")
