"""Every figure: literal text, labelled scales, numbers that are right, in every language."""

from __future__ import annotations

import dataclasses
import html
import json
import re

import numpy as np
import pytest

from attnviz import figures, zoo
from attnviz.analysis.scales import SCALES, normalise, ticks
from attnviz.errors import InputError
from attnviz.figures import describe
from attnviz.figures.escape import MAX_LABEL, label, plain
from attnviz.figures.style import THEMES, luminance, shade, theme
from attnviz.i18n import catalogue, languages, translate
from attnviz.trace import Embedding
from tests.shipped import POOLING, card, pooled

NASTY = ["<b>bold</b>", "&lt;", "a & b", "%{x}", "%{customdata[0]}", "$x$", "two\nlines", "שלום", "<a href='x'>y</a>"]
LONG = "x" * 500
FAMILY = "👩‍👩‍👧‍👦"


def written(figure):
    """All strings of a figure as they reach the browser."""

    def strings(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for each in value.values():
                yield from strings(each)
        elif isinstance(value, list):
            for each in value:
                yield from strings(each)

    return list(strings(json.loads(figure.to_json())))


def read(text):
    """A label as Plotly shows it: our own breaks and colours taken out, entities resolved, joiners unseen."""
    text = re.sub(r'<br>|</?span(?: style="color:#[0-9a-f]{6}")?>', "\n", text)
    assert not re.search(r"<[^>]*>", text), text
    return html.unescape(text.replace("\u2060", ""))


# ── text of the user's ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("token", NASTY)
def test_plain_takes_away_every_meaning_but_keeps_the_letters(token):
    shown = plain(token)
    assert not re.search(r"<|>|%\{|\n|\$[^\u2060]", shown)
    assert html.unescape(shown.replace("\u2060", "")) == token.replace("\n", "↵")


def test_labels_are_cut_between_characters():
    assert label("short") == "short"
    assert label("x" * MAX_LABEL) == "x" * MAX_LABEL
    assert label(LONG) == "x" * (MAX_LABEL - 1) + "…"
    assert label(FAMILY * 10, 10) == FAMILY * 10
    assert label(FAMILY * 11, 10) == FAMILY * 9 + "…"
    assert label("e\u0301" * 30, 10) == "e\u0301" * 9 + "…"
    assert len(label("a" + "\u0301" * 500, 10)) < 100  # marks without end
    assert label("&" * 30, 5) == "&amp;" * 4 + "…"


def every_figure(trace, **paint):
    steps = None
    if trace.model in POOLING:
        model = zoo.load(trace.model)
        steps = model.explain(model.encode(trace.text))
    made = {
        "heatmap": figures.heatmap(trace, **paint),
        "several": figures.heatmap([trace, pooled(["one"]), trace], **paint),
        "bars": figures.bars(trace, **paint),
        "sorted": figures.bars(trace, order="weight", **paint),
        "prediction": figures.prediction(trace, **paint),
        "compared": figures.prediction(trace, compare=[("<i>other</i>", trace)], **paint),
        "matrix": figures.matrix(
            np.eye(len(trace.blocks[0].key)), trace.blocks[0].key.tokens, column_title="x", **paint
        ),
        "bias": figures.bias(np.arange(9.0), 4, 3, **paint),
    }
    if steps is not None:
        made["scores"] = figures.scores(steps, trace.blocks[0].key.tokens, **paint)
    return made


def test_tokens_are_shown_literally_in_every_figure():
    trace = pooled([*NASTY, LONG])
    shown = [token.replace("\n", "↵") for token in NASTY]
    for name, figure in every_figure(trace).items():
        texts = [read(text) for text in written(figure) if text != "%{text}"]
        if name not in ("prediction", "compared", "bias"):
            everything = "\n".join(texts)
            assert all(token in everything for token in shown), name
        assert not any("<extra>" in text for text in texts)


def test_labels_are_cut_and_hovering_tells_the_whole():
    figure = figures.bars(pooled([LONG, "b"]))
    assert figure.layout.yaxis.ticktext[0] == "x" * (MAX_LABEL - 1) + "…"
    assert LONG in figure.data[0].hovertext[0]
    cell = figures.heatmap(pooled([LONG, "b"])).data[0]
    assert "x" * 9 + "…" in cell.text[0][0] and LONG not in cell.text[0][0]
    assert LONG in cell.hovertext[0][0]


def test_class_names_are_text_too():
    figure = figures.prediction(pooled(["a"]), ["<b>no</b>", "%{x}"])
    assert [read(name) for name in figure.layout.yaxis.ticktext] == ["<b>no</b>", "%{x}"]


# ── scales and colours ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("language", languages())
def test_the_scale_is_drawn_labelled_and_named(scale, language):
    trace = pooled(list("abc"), [0.5, 0.3, 0.2])
    figure = figures.heatmap(trace, scale=scale, language=language)
    cells, bar = figure.data[0], figure.data[0].colorbar
    assert (cells.zmin, cells.zmax) == (0, 1)
    assert cells.showscale is not False
    assert list(bar.tickvals) == [mark.position for mark in ticks(scale)]
    assert list(bar.ticktext) == [mark.label for mark in ticks(scale)]
    assert bar.title.text == translate(language, f"figures.colour_{scale}")
    assert figure.layout.title.text == translate(language, f"scales.{scale}")
    np.testing.assert_allclose(np.array(cells.z, float)[0], normalise(trace.blocks[0].weights[0, 0, 0], scale))


@pytest.mark.parametrize("key", THEMES)
def test_ink_reads_on_every_cell(key):
    weights = np.linspace(0, 1, 101)
    trace = pooled([f"t{i}" for i in range(101)], weights / weights.sum())
    cells = figures.heatmap(trace, scale="row", theme=key).data[0]
    for line, places in zip(cells.text, cells.z, strict=True):
        for text, place in zip(line, places, strict=True):
            if not text:
                continue
            colours = re.search(r"color:(#[0-9a-f]{6})", text), shade(float(place), theme(key).ramp)
            assert colours[0]
            bright, dark = sorted((luminance(colours[0][1]), luminance(colours[1])), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_a_matrix_is_scaled_around_zero():
    figure = figures.matrix(np.array([[-3.0, 1.0], [0.0, 2.0]]), ["a", "b"], column_title="x")
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-3, 3)
    assert list(figure.data[0].colorbar.tickvals) == [-3, 0, 3]
    assert figures.matrix(np.zeros((1, 2)), ["a"], column_title="x").data[0].zmax == 1


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_in_labels_are_those_of_the_trace():
    weights = np.array([0.5, 1 / 3, 1 / 6])
    trace = pooled(list("abc"), weights)
    own = trace.blocks[0].weights[0, 0, 0]
    assert figures.bars(trace).data[0].text == ("0.500", "≈ 0.333", "≈ 0.167")
    assert [float(value) for value in figures.bars(trace).data[0].x] == own.tolist()
    for text, hover, value in zip(
        figures.heatmap(trace).data[0].text[0], figures.heatmap(trace).data[0].hovertext[0], own, strict=True
    ):
        assert float(read(text).split()[-1]) == pytest.approx(float(value), abs=5e-4)
        assert np.float32(hover.split()[-1]) == value


def test_bars_sorted_by_weight():
    figure = figures.bars(pooled(list("abc"), [0.2, 0.5, 0.3]), order="weight")
    assert list(figure.layout.yaxis.ticktext) == ["b", "c", "a"]


def test_unknown_words_are_marked():
    trace = pooled(["a", "b"])
    block = trace.blocks[0]
    key = dataclasses.replace(block.key, unknown=(False, True))
    marked = dataclasses.replace(trace, blocks=(dataclasses.replace(block, key=key),))
    assert list(figures.bars(marked).layout.yaxis.ticktext) == ["a", "b (unknown)"]


# ── shapes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_long_sentence_is_broken_into_lines():
    tokens = [f"w{i}" for i in range(128)]
    figure = figures.heatmap(pooled(tokens))
    z = np.array(figure.data[0].z, float)
    assert z.shape == (11, 12)
    assert np.isnan(z).sum() == 11 * 12 - 128 and np.isnan(z[-1, 8:]).all()
    assert figure.layout.yaxis.ticktext[0] == "1–12" and figure.layout.yaxis.ticktext[-1] == "121–128"
    shown = [read(text).split()[0] for line in figure.data[0].text for text in line if text]
    assert shown == tokens
    assert figure.layout.width is None  # as wide as the page


def test_sentences_of_different_lengths_are_one_a_row():
    figure = figures.heatmap([pooled(list("abc")), pooled(["d"]), pooled([f"w{i}" for i in range(20)])])
    z = np.array(figure.data[0].z, float)
    assert z.shape == (3, 20)
    assert (~np.isnan(z)).sum(1).tolist() == [3, 1, 20]
    assert figure.data[0].text[1][1] == "" and figure.data[0].hovertext[1][1] == ""
    assert list(figure.layout.yaxis.ticktext) == ["1", "2", "3"]
    assert figure.layout.width > 20 * 60  # scrolls rather than squeezes


def test_pictures_of_nothing():
    with pytest.raises(InputError) as caught:
        figures.heatmap([])
    assert caught.value.code == "no_traces"
    with pytest.raises(InputError) as caught:
        figures.prediction(dataclasses.replace(pooled(["a"]), output=Embedding(np.ones(2))))
    assert caught.value.code == "no_classification"


# ── languages and models ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", POOLING)
def test_every_figure_of_every_model_in_every_language(name, language):
    model = zoo.load(name)
    trace = model.trace(card(name)["examples"][0])
    made = every_figure(trace, language=language, theme="dark")
    assert "scores" in made
    for figure in made.values():
        assert figure.layout.paper_bgcolor == theme("dark").background
    word = catalogue(language)["figures.weight"]
    assert all(word in text for text in made["bars"].data[0].hovertext)
    names = model.card.names_of_labels(language)
    assert list(figures.prediction(trace, names).layout.yaxis.ticktext) == [label(each) for each in names]
    own, edited = figures.prediction(trace, names, compare=[("edited", trace)]).data
    paint = figures.style.theme("light")
    assert (own.marker.color, edited.marker.color) == (paint.bar, paint.accent), "as in the rows of weights"


@pytest.mark.parametrize("language", languages())
def test_every_picture_has_words(language):
    trace = pooled(list("abc"), [0.2, 0.5, 0.3])
    assert "b 0.500" in describe.row(trace, None, language)
    assert "yes 75.0\u00a0%" in describe.prediction(trace, ["no", "yes"], language)
    assert describe.many([trace, trace], language).count("0.500") == 2


def test_b_shows_how_far_training_and_the_sentence_reach():
    made = figures.bias(np.arange(9.0), 4, 3, language="en")
    said = [note.text for note in made.layout.annotations]
    assert said == [translate("en", "figures.trained", length=4), translate("en", "figures.sentence_end", length=3)]
    assert [(shape.x0, shape.x1) for shape in made.layout.shapes] == [(0.5, 4.5), (3.5, 3.5)]
    assert len(figures.bias(np.arange(9.0), None, 3).layout.shapes) == 1
