"""Causal, padding and other masks are drawn apart from each other and from a weight that is zero."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from attnviz import figures
from attnviz.analysis.focus import Focus
from attnviz.analysis.reading import read
from attnviz.figures import describe
from attnviz.figures.masks import SIGNS
from attnviz.figures.numbers import percent
from attnviz.figures.style import THEMES
from attnviz.i18n import languages, translate
from attnviz.trace import (
    MASK_CAUSAL,
    MASK_HIDDEN,
    MASK_NONE,
    MASK_OTHER,
    MASK_PADDING,
    AttentionBlock,
    AttentionTrace,
    Tensor,
    TokenAxis,
)

LAYERS, HEADS = 2, 3
CODES = (MASK_PADDING, MASK_CAUSAL, MASK_OTHER, MASK_HIDDEN)


def masked(tokens=7, codes=CODES):
    """A causal block that looks three tokens back, its last key padding, one hidden by hand; one free cell weighs 0."""
    place = np.arange(tokens)
    mask = np.zeros((tokens, tokens), np.int8)
    reasons = {
        MASK_OTHER: place[:, None] - place > 3,
        MASK_CAUSAL: place[None] > place[:, None],
        MASK_PADDING: np.broadcast_to(place == tokens - 1, mask.shape) & (place[:, None] < tokens - 1),
        MASK_HIDDEN: np.broadcast_to((place > 1) & (place < 6), mask.shape) & (place[:, None] > 5),
    }
    for code, cells in reasons.items():
        if code in codes:
            mask[cells] = code
    weights = np.random.default_rng(5).random((LAYERS, HEADS, tokens, tokens)) * (mask == MASK_NONE)
    weights[..., 2, 1] = 0
    weights /= weights.sum(-1, keepdims=True)
    axis = TokenAxis.of([f"<t{index}>" for index in range(tokens)], special=[True] + [False] * (tokens - 1))
    block = AttentionBlock("b", "causal", axis, axis, weights, mask)
    return AttentionTrace("m", "", (block,), Tensor(np.zeros(1)))


def cells_of(figure):
    """Heatmaps of masked cells by their name, and the entries of the legend."""
    overlays = {each.name: each for each in figure.data[1:] if isinstance(each, go.Heatmap)}
    legend = [each.name for each in figure.data if isinstance(each, go.Scatter) and each.showlegend]
    return overlays, legend


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", languages())
def test_every_reason_has_its_own_cells_sign_and_entry(language, theme):
    trace = masked()
    figure = figures.head(trace, Focus("b", 1, 2, 3), language=language, theme=theme)
    mask, weights = trace.blocks[0].mask, trace.blocks[0].weights[1, 2]
    own = np.array(figure.data[0].z, float)
    np.testing.assert_array_equal(np.isnan(own), mask != MASK_NONE)
    assert own[2, 1] == weights[2, 1] == 0  # a weight of zero is drawn as a weight
    overlays, legend = cells_of(figure)
    for code in CODES:
        name = translate(language, f"masks.{code}")
        cells = overlays[name]
        np.testing.assert_array_equal(~np.isnan(np.array(cells.z, float)), mask == code)
        assert {sign for line in cells.text for sign in line} == {SIGNS[code][0], ""}
        assert all(name in cells.hovertext[q][k] for q, k in np.argwhere(mask == code))
        assert name in legend
    assert len(legend) == len(CODES) and figure.layout.showlegend
    assert {each.marker.symbol for each in figure.data if isinstance(each, go.Scatter)} == {
        symbol for _, symbol in SIGNS.values()
    }
    assert len({sign for sign, _ in SIGNS.values()}) == len({symbol for _, symbol in SIGNS.values()}) == len(CODES)


def test_where_cells_are_too_small_for_signs_their_patterns_differ():
    trace = masked(67)
    overlays, _ = cells_of(figures.head(trace))
    patterns = {}
    for name, cells in overlays.items():
        assert cells.text is None
        pattern = np.array(cells.z)[np.array(cells.z) > 0]
        patterns[name] = pattern.mean()
        assert set(np.unique(pattern)) == {1, 2}
    assert len({round(float(share), 2) for share in patterns.values()}) == len(CODES)


def test_without_a_mask_there_is_no_legend():
    figure = figures.head(masked(codes=()))
    assert len(figure.data) == 1 and not figure.layout.showlegend


def test_only_what_is_there_is_in_the_legend():
    _, legend = cells_of(figures.head(masked(codes=(MASK_CAUSAL,))))
    assert legend == [translate("en", f"masks.{MASK_CAUSAL}")]


@pytest.mark.parametrize("wrap", [3, 12])
def test_one_row_shows_its_masks_too(wrap):
    trace = masked()
    chosen = Focus("b", 1, 2, 5)
    figure = figures.heatmap(trace, [chosen], wrap=wrap)
    row = trace.blocks[0].mask[5]
    drawn = np.array(figure.data[0].z, float).reshape(-1)[: len(row)]
    np.testing.assert_array_equal(np.isnan(drawn), row != MASK_NONE)
    overlays, legend = cells_of(figure)
    assert len(legend) == len(set(row.tolist()) - {MASK_NONE}) == 2
    for code in (MASK_PADDING, MASK_OTHER):
        texts = [text for line in overlays[translate("en", f"masks.{code}")].text for text in line]
        assert [bool(text) for text in texts[: len(row)]] == (row == code).tolist()
        assert all(text.endswith(f"<br>{SIGNS[code][0]}") for text in texts if text)


def test_sentences_with_and_without_masks_stand_together():
    figure = figures.heatmap([masked(), masked(5, codes=())], [Focus("b", 0, 0, 0), Focus("b", 0, 0, 0)])
    drawn = np.array(figure.data[0].z, float)
    assert np.isnan(drawn[0, 1:]).all() and not np.isnan(drawn[1, :5]).any()
    json.loads(figure.to_json())


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("special", ["hide", "renormalise"])
def test_figures_and_their_words_state_what_is_hidden(language, special):
    trace = read(masked(codes=()), special)
    chosen = Focus("b", 1, 2, 3)
    hidden = trace.blocks[0].hidden[1, 2]
    told = describe.hidden(trace, chosen, language)
    for share in (float(hidden[3]), float(hidden.mean(dtype=np.float64))):
        assert percent(share).removeprefix("≈ ") in told
    assert told in figures.head(trace, chosen, language=language).layout.title.text
    assert told in describe.row(trace, chosen, language)
    assert told in describe.whose(trace, chosen, language)
    assert describe.hidden(masked(), chosen, language) == ""
