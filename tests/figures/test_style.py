"""Colours that survive a grey print, a weak projector and a colour-blind eye."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.figures.style import THEMES, colour_scale, ink, luminance, shade, theme

STEPS = np.linspace(0, 1, 257)


def contrast(first, second):
    """WCAG 2.2."""
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.fixture(params=THEMES)
def look(request):
    return theme(request.param)


def test_the_ramp_grows_steadily_darker_or_lighter(look):
    grey = np.array([luminance(shade(step, look.ramp)) for step in STEPS])
    steps = np.diff(grey)
    assert (steps < 0).all() or (steps > 0).all()


def test_the_ramp_begins_at_the_background_and_ends_far_from_it(look):
    assert look.ramp[0] == look.background
    assert contrast(look.ramp[0], look.ramp[-1]) > 12


def test_quarters_of_the_ramp_can_be_told_apart_in_grey(look):
    """CIE lightness: 10 is an obvious difference."""

    def lightness(colour):
        y = luminance(colour)
        return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y

    quarters = [lightness(shade(step, look.ramp)) for step in (0, 0.25, 0.5, 0.75, 1)]
    assert min(abs(np.diff(quarters))) > 10


def test_ink_reads_on_every_step(look):
    for ramp in (look.ramp, look.diverging):
        assert min(contrast(ink(shade(step, ramp)), shade(step, ramp)) for step in STEPS) >= 4.5


def test_words_and_bars_stand_out_from_the_background(look):
    assert contrast(look.text, look.background) >= 7
    for colour in (look.bar, look.accent, look.second):
        assert contrast(colour, look.background) >= 4.5
    assert contrast(look.muted, look.background) >= 3


def test_the_signs_of_the_diverging_ramp_are_blue_and_orange_around_the_palest_or_darkest(look):
    grey = [luminance(colour) for colour in look.diverging]
    middle = grey[len(grey) // 2]
    assert middle in (min(grey), max(grey))
    negative, positive = look.diverging[0], look.diverging[-1]
    assert int(negative[5:], 16) > int(negative[1:3], 16)  # more blue than red
    assert int(positive[5:], 16) < int(positive[1:3], 16)


def test_shades_meet_the_stops_and_stay_on_the_ramp(look):
    for index, colour in enumerate(look.ramp):
        assert shade(index / (len(look.ramp) - 1), look.ramp) == colour
    assert shade(-1, look.ramp) == look.ramp[0] and shade(2, look.ramp) == look.ramp[-1]
    scale = colour_scale(look.ramp)
    assert scale[0] == [0, look.ramp[0]] and scale[-1] == [1, look.ramp[-1]]


def test_an_unknown_theme_is_the_light_one():
    assert theme(None) is theme("light") is THEMES["light"]
