"""Colours that survive a grey print, a weak projector and a colour-blind eye."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.figures.style import THEMES, colour_scale, ink, is_dark, luminance, shade, theme

STEPS = np.linspace(0, 1, 257)


def contrast(first, second):
    """WCAG 2.2."""
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.fixture(params=THEMES)
def paint(request):
    return theme(request.param)


def test_the_ramp_grows_steadily_darker_or_lighter(paint):
    grey = np.array([luminance(shade(step, paint.ramp)) for step in STEPS])
    steps = np.diff(grey)
    assert (steps < 0).all() or (steps > 0).all()


def test_the_ramp_begins_at_the_background_and_ends_far_from_it(paint):
    assert paint.ramp[0] == paint.background
    assert contrast(paint.ramp[0], paint.ramp[-1]) > 12


def test_quarters_of_the_ramp_can_be_told_apart_in_grey(paint):
    """CIE lightness: 10 is an obvious difference."""

    def lightness(colour):
        y = luminance(colour)
        return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y

    quarters = [lightness(shade(step, paint.ramp)) for step in (0, 0.25, 0.5, 0.75, 1)]
    assert min(abs(np.diff(quarters))) > 10


def test_ink_reads_on_every_step(paint):
    for ramp in (paint.ramp, paint.diverging):
        assert min(contrast(ink(shade(step, ramp)), shade(step, ramp)) for step in STEPS) >= 4.5


def test_words_and_bars_stand_out_from_the_background(paint):
    assert contrast(paint.text, paint.background) >= 7
    for colour in (paint.bar, paint.accent, paint.second):
        assert contrast(colour, paint.background) >= 4.5
    assert contrast(paint.muted, paint.background) >= 3


def test_the_signs_of_the_diverging_ramp_are_blue_and_orange_around_the_palest_or_darkest(paint):
    grey = [luminance(colour) for colour in paint.diverging]
    middle = grey[len(grey) // 2]
    assert middle in (min(grey), max(grey))
    negative, positive = paint.diverging[0], paint.diverging[-1]
    assert int(negative[5:], 16) > int(negative[1:3], 16)  # more blue than red
    assert int(positive[5:], 16) < int(positive[1:3], 16)


def test_shades_meet_the_stops_and_stay_on_the_ramp(paint):
    for index, colour in enumerate(paint.ramp):
        assert shade(index / (len(paint.ramp) - 1), paint.ramp) == colour
    assert shade(-1, paint.ramp) == paint.ramp[0] and shade(2, paint.ramp) == paint.ramp[-1]
    scale = colour_scale(paint.ramp)
    assert scale[0] == [0, paint.ramp[0]] and scale[-1] == [1, paint.ramp[-1]]


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_small_weights_are_seen_where_a_projector_swallows_what_is_pale_or_dim(appearance):
    """Lightness of the first eighths of the ramp, beside that of the background."""
    plain, strong = theme(appearance), theme(f"{appearance}-contrast")

    def seen(paint, weight):
        return contrast(shade(weight, paint.ramp), paint.background)

    for weight in (1 / 16, 1 / 8, 1 / 4):
        assert seen(strong, weight) > 1.08 * seen(plain, weight)
    for colour in (strong.bar, strong.accent, *strong.series):
        assert contrast(colour, strong.background) >= 7
    assert contrast(strong.text, strong.background) == pytest.approx(21)
    assert is_dark(f"{appearance}-contrast") == is_dark(appearance) == (appearance == "dark")


def test_an_unknown_theme_is_the_light_one():
    assert theme(None) is theme("light") is THEMES["light"]
