"""The page's colours can be told apart: contrast AA in both appearances, charts for colour-blind eyes too."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

THEME = tomllib.loads((Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]

APPEARANCES = ("light", "dark")

# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def linear(colour: str) -> NDArray[np.float64]:
    """Linear RGB of a hexadecimal colour."""
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(first: str, second: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    dark, bright = sorted((luminance(first), luminance(second)))
    return (bright + 0.05) / (dark + 0.05)


def lab(colour: str, blindness: str) -> NDArray[np.float64]:
    """CIE L*a*b* of a colour as an eye sees it."""
    rgb = np.clip(BLINDNESS[blindness] @ linear(colour), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratios = to_xyz @ rgb / [0.9505, 1.0, 1.089]
    x, y, z = np.where(ratios > 216 / 24389, np.cbrt(ratios), (24389 / 27 * ratios + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("appearance", APPEARANCES)
def test_text_and_controls_have_contrast_aa(appearance: str):
    colours = THEME[appearance]
    surfaces = [colours["backgroundColor"], colours["secondaryBackgroundColor"]]

    for surface in surfaces:
        assert contrast(colours["textColor"], surface) >= 7
        assert contrast(colours["linkColor"], surface) >= 4.5
        assert contrast(colours["primaryColor"], surface) >= 4.5  # the words of a chosen option
        assert contrast(colours["borderColor"], surface) >= 2.7
    assert contrast(colours["backgroundColor"], colours["primaryColor"]) >= 4.5  # the words on the button


@pytest.mark.parametrize("appearance", APPEARANCES)
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_series_stand_out_and_differ(appearance: str, blindness: str):
    series = THEME[appearance]["chartCategoricalColors"]

    assert all(contrast(colour, THEME[appearance]["backgroundColor"]) >= 3 for colour in series)
    for first, second in itertools.combinations(series, 2):
        assert np.linalg.norm(lab(first, blindness) - lab(second, blindness)) > 10, (first, second)


@pytest.mark.parametrize("appearance", APPEARANCES)
def test_the_sequential_ramp_survives_a_grey_print(appearance: str):
    ramp = THEME[appearance]["chartSequentialColors"]
    lightness = [lab(colour, "none")[0] for colour in ramp]

    assert len(ramp) == len(THEME[appearance]["chartDivergingColors"]) == 10
    steps = np.diff(lightness)
    assert (np.sign(steps) == np.sign(steps[0])).all()


def test_the_projector_can_read_it():
    assert THEME["baseFontSize"] >= 16
    assert {"'Noto Sans JP'", "'Hiragino Sans'", "'Yu Gothic'", "Meiryo"} <= set(THEME["font"].split(", "))
    assert "://" not in THEME["font"] + THEME["codeFont"]
