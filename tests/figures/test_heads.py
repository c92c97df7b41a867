"""Plots over heads and maps over tokens: the right numbers, honest scales, literal tokens, in every language."""

from __future__ import annotations

import dataclasses
import html
from typing import Any

import numpy as np
import pytest

from attnviz import figures
from attnviz.analysis.heads import maps
from attnviz.analysis.heads.behaviour import FIGURES
from attnviz.analysis.heads.roles import heads, placement, similarity
from attnviz.analysis.scales import SCALES, normalise
from attnviz.errors import InputError
from attnviz.figures import describe
from attnviz.figures.numbers import percent
from attnviz.figures.style import THEMES, luminance, theme
from attnviz.i18n import languages, translate
from attnviz.trace import MASK_CAUSAL, AttentionBlock, AttentionTrace, Tensor, Text, TokenAxis

LAYERS, HEADS, TOKENS = 3, 5, 7
NASTY = ("<b>bold</b>", "%{x}", "$x$", "a & b", "t4", "t5", "日本")


@pytest.fixture
def block() -> AttentionBlock:
    scores = np.random.default_rng(41).normal(size=(LAYERS, HEADS, TOKENS, TOKENS)) * 2
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    axis = TokenAxis.of(NASTY, special=[True, *[False] * (TOKENS - 1)])
    return AttentionBlock("encoder", "self", axis, axis, weights.astype(np.float32))


@pytest.fixture
def norms() -> np.ndarray:
    return np.random.default_rng(43).random((LAYERS, HEADS, TOKENS)) * 4


def trace_of(block: AttentionBlock) -> AttentionTrace:
    return AttentionTrace("made", Text("text"), (block,), Tensor(np.zeros(1)))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("x", "y"), [("distance", "entropy"), ("special", "special"), ("first", "same")])
def test_every_head_is_a_point_at_its_figures(block, x, y, language):
    table = heads(block)
    figure = figures.heads(table, x, y, language=language)
    points = figure.data[0]

    assert list(points.x) == table[x].tolist() and list(points.y) == table[y].tolist()
    assert [tuple(place) for place in points.customdata] == list(np.ndindex(LAYERS, HEADS))
    assert list(points.marker.color) == [layer for layer in range(LAYERS) for _ in range(HEADS)]
    assert list(points.text) == [str(head + 1) for _ in range(LAYERS) for head in range(HEADS)]
    assert points.marker.colorbar.title.text == translate(language, "figures.layer")
    assert list(points.marker.colorbar.ticktext) == ["1", "2", "3"]
    assert figure.layout.xaxis.title.text == translate(language, f"columns.{x}")
    assert figure.layout.yaxis.title.text == translate(language, f"columns.{y}")
    for hover, (layer, head), value in zip(points.hovertext, np.ndindex(LAYERS, HEADS), table[y], strict=True):
        assert hover.startswith(translate(language, "figures.layer_head", layer=layer + 1, head=head + 1))
        assert float(hover.split()[-1]) == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize("key", THEMES)
@pytest.mark.parametrize("layers", [1, 2, 6, 24])
def test_layers_are_told_apart_by_lightness_and_from_the_background(layers, key):
    axis = TokenAxis.of(["a"])
    block = AttentionBlock("b", "self", axis, axis, np.ones((layers, 1, 1, 1), np.float32))
    stops = figures.heads(heads(block), theme=key).data[0].marker.colorscale
    shades = [luminance(colour) for _, colour in stops[::2]]

    assert len(stops) == 2 * layers
    assert all(stops[2 * n][1] == stops[2 * n + 1][1] for n in range(layers))
    steps = np.diff(shades)
    assert (steps > 0).all() or (steps < 0).all()
    background = luminance(theme(key).background)
    for shade in shades:
        bright, dark = max(shade, background), min(shade, background)
        assert (bright + 0.05) / (dark + 0.05) > 1.3


@pytest.mark.parametrize("language", languages())
def test_similarity_is_drawn_as_a_map_that_says_what_it_keeps(block, language):
    found = similarity(block)
    points, kept = placement(found.distance)
    figure = figures.head_map(found, points, kept, language=language)

    assert percent(kept).removeprefix("≈ ") in figure.layout.title.text
    np.testing.assert_array_equal(np.stack([figure.data[0].x, figure.data[0].y], 1), points)
    nearest = [int(np.argmin(np.where(np.arange(15) == n, 9, line))) for n, line in enumerate(found.distance)]
    for hover, other in zip(figure.data[0].hovertext, nearest, strict=True):
        layer, head = divmod(other, HEADS)
        assert translate(language, "figures.layer_head", layer=layer + 1, head=head + 1) in hover


@pytest.mark.parametrize("language", languages())
def test_similarity_is_drawn_as_a_matrix_with_a_labelled_end(block, language):
    found = similarity(block)
    figure = figures.head_distances(found, language=language)
    cells, marks = figure.data
    z = np.array(cells.z, float)

    off = ~np.eye(LAYERS * HEADS, dtype=bool)
    np.testing.assert_array_equal(z[off], found.distance[off])
    assert np.isnan(np.diag(z)).all()
    assert (cells.zmin, cells.zmax) == (0, found.distance.max())
    assert cells.colorbar.tickvals[0] == 0 and cells.colorbar.tickvals[-1] == cells.zmax
    for place, mark in zip(cells.colorbar.tickvals, cells.colorbar.ticktext, strict=True):
        assert float(mark.removeprefix("≈ ")) == pytest.approx(place, rel=5e-3)
    assert [figure.layout.xaxis.labelalias[str(at)] for at in (2, 7)] == ["1·3", "2·3"]
    np.testing.assert_array_equal(np.array(cells.customdata, float), found.distance)
    assert list(marks.x) == list(marks.y) == list(range(LAYERS * HEADS))
    assert [tuple(place) for place in marks.customdata] == list(found.heads)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", maps.MAPS)
@pytest.mark.parametrize("language", languages())
def test_every_map_is_drawn_on_a_labelled_scale(block, norms, kind, scale, language):
    values = maps.values(block, kind, 1, 3, norms)
    figure = figures.attention_map(block, values, kind, layer=1, head=3, scale=scale, language=language, theme="dark")
    cells = figure.data[0]
    top = values.max() if kind == "norms" else 1

    np.testing.assert_allclose(np.array(cells.z, float), normalise(values / top, scale), atol=1e-6)
    np.testing.assert_array_equal(np.array(cells.customdata, float), values)
    assert (cells.zmin, cells.zmax) == (0, 1)
    if not (kind == "norms" and scale != "unit"):
        assert translate(language, f"maps.{kind}_value") in cells.colorbar.title.text
    assert figure.layout.title.text.startswith(describe.map_title(block, kind, 1, 3, language))
    if kind == "norms" and scale == "unit":
        assert float(cells.colorbar.ticktext[-1].removeprefix("≈ ")) == pytest.approx(top, rel=5e-3)
    shown = [html.unescape(text.replace("\u2060", "")) for text in figure.layout.xaxis.ticktext]
    assert shown == list(NASTY)
    assert not any("<b>" in text or "%{" in text for text in figure.layout.xaxis.ticktext)


@pytest.mark.parametrize("language", languages())
def test_an_average_is_called_one(block, language):
    average = {"en": "Average", "ja": "平均"}[language]
    called = {kind for kind in maps.MAPS if describe.map_title(block, kind, 0, 0, language).startswith(average)}

    assert called == {"mean", "all"}
    assert str(LAYERS * HEADS) in describe.map_title(block, "all", 0, 0, language)


def test_masked_cells_are_empty_in_every_map(norms):
    axis = TokenAxis.of([f"t{n}" for n in range(TOKENS)])
    weights = np.tril(np.random.default_rng(47).random((LAYERS, HEADS, TOKENS, TOKENS)) + 0.1)
    weights /= weights.sum(-1, keepdims=True)
    mask = np.where(np.triu(np.ones((TOKENS, TOKENS)), 1), MASK_CAUSAL, 0).astype(np.int8)
    block = AttentionBlock("causal", "causal", axis, axis, weights.astype(np.float32), mask)
    for kind in maps.MAPS:
        values = maps.values(block, kind, 2, 4, norms)
        figure = figures.attention_map(block, values, kind, layer=2, head=4)
        assert (values[mask == MASK_CAUSAL] == 0).all()
        np.testing.assert_array_equal(np.isnan(np.array(figure.data[0].z, float)), mask == MASK_CAUSAL)
        assert figure.layout.showlegend


def test_masks_that_differ_between_heads_mask_no_average(block):
    mask = np.zeros(block.shape, np.int8)
    mask[0, 0, 1, 2] = mask[:, :, 3, 4] = MASK_CAUSAL
    masked = dataclasses.replace(block, mask=mask)

    assert maps.masked(masked, "weights", 0, 0)[1, 2] == MASK_CAUSAL
    assert maps.masked(masked, "mean", 0, 0).sum() == maps.masked(masked, "rollout", 1, 0)[3, 4] == MASK_CAUSAL


def test_a_map_with_numbers_leaves_room_for_the_names_below_it():
    axis = TokenAxis.of([f"t{place}" for place in range(13)])
    weights = np.full((1, 1, 13, 13), 1 / 13, np.float32)
    for rows, height in ((2, 242), (13, 540)):
        block = AttentionBlock("cross", "cross", TokenAxis.of(axis.tokens[:rows]), axis, weights[:, :, :rows])
        assert figures.head(trace_of(block)).layout.height == height, "cells shrink, up to 400 pixels of them"


def test_a_long_map_is_sent_in_eight_bits_without_numbers():
    n = 263
    axis = TokenAxis.of([f"t{index}" for index in range(n)])
    block = AttentionBlock("b", "self", axis, axis, np.full((1, 1, n, n), 1 / n, np.float32))
    values = np.random.default_rng(53).random((n, n))
    figure = figures.attention_map(block, values, "weights", layer=0, head=0)
    cells = figure.data[0]

    assert cells.customdata is None and cells.zmax == 255
    np.testing.assert_allclose(np.array(cells.z, float) / 255, values, atol=0.5 / 255 + 1e-9)
    assert list(cells.colorbar.tickvals) == [0, 63.75, 127.5, 191.25, 255]
    assert len(figure.to_json()) < 200_000
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert axis.dtick > 1 and [axis.labelalias[str(place)] for place in range(n)] == list(block.key.tokens)
    assert max(figure.layout.width, figure.layout.height) < 2000


@pytest.mark.parametrize("language", languages())
def test_every_picture_has_words(block, language):
    table, found = heads(block), similarity(block)
    for x in table[list(FIGURES)].dropna(axis=1, how="all"):  # no token stands twice here
        assert translate(language, f"columns.{x}") in describe.heads(table, x, "entropy", language)
    pairs = found.table()
    words = describe.alike(found, language)
    for end in (pairs.iloc[0], pairs.iloc[-1]):
        name = translate(language, "figures.layer_head", layer=int(end["layer"]), head=int(end["head"]))
        assert name in words
    values = maps.values(block, "rollout", 2, 0)
    query, key = np.unravel_index(values.argmax(), values.shape)
    words = describe.attention_map(trace_of(block), block, values, "rollout", 2, 0, language)
    assert f"{NASTY[query]} → {NASTY[key]}" in words and "text" in words


def test_what_is_no_table_and_no_focus_is_told_what_was_expected(block):
    trace = AttentionTrace("made", Text("a text"), (block,), Tensor(np.zeros(1, np.float32)))
    given: Any
    for draw, given, code in ((figures.heads, (trace,), "not_a_table"), (figures.head, (trace, (0, 1)), "not_a_focus")):
        with pytest.raises(InputError) as caught:
            draw(*given)
        assert (caught.value.code == code and "heads_table" in str(caught.value)) or "layer=0" in str(caught.value)
