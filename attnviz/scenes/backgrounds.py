"""The backgrounds of scenes, drawn from shapes at any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

Colour = tuple[int, int, int]

#: Drawn so many times as large and made smaller, so that edges are smooth.
_FINER = 2

#: So many are kept, of whatever size: whoever asks for every size in turn fills no memory.
_KEPT = 16


@lru_cache(maxsize=_KEPT)
def drawn(name: str, size: int) -> Image.Image:
    """A background as an RGB image of `size` by `size` pixels; it is shared: do not draw on it."""
    from PIL import Image, ImageDraw

    large = size * _FINER
    first, last, shapes = _BACKGROUNDS[name]
    sky = Image.fromarray(_gradient(first, last, large))
    shapes(_Brush(ImageDraw.Draw(sky), large))
    return sky.resize((size, size), Image.Resampling.LANCZOS)


class _Brush:
    """Draws shapes whose places are shares of the picture's side."""

    def __init__(self, draw: ImageDraw.ImageDraw, size: int) -> None:
        self._draw, self._size = draw, size

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        self._draw.rectangle(self._scaled(x0, y0, x1, y1), fill=colour)

    def oval(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Around a centre."""
        self._draw.ellipse(self._scaled(x - width / 2, y - height / 2, x + width / 2, y + height / 2), fill=colour)

    def shape(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        self._draw.polygon([(x * self._size, y * self._size) for x, y in points], fill=colour)

    def dots(self, count: int, low: float, high: float, radius: float, colours: Sequence[Colour], seed: int) -> None:
        """Scattered between two heights; the same for the same seed."""
        for place, (x, y) in enumerate(np.random.default_rng(seed).random((count, 2))):
            self.oval(x, low + y * (high - low), radius, radius, colours[place % len(colours)])

    def _scaled(self, *places: float) -> list[float]:
        return [place * self._size for place in places]


def _meadow(brush: _Brush) -> None:
    brush.oval(0.2, 0.75, 1.1, 0.75, (141, 201, 104))
    brush.oval(0.85, 0.8, 1.2, 0.8, (121, 189, 90))
    brush.box(0, 0.72, 1, 1, (104, 176, 76))
    brush.dots(40, 0.74, 0.99, 0.012, [(255, 255, 255), (250, 220, 110), (238, 170, 200)], 3)


def _beach(brush: _Brush) -> None:
    brush.box(0, 0.38, 1, 0.62, (64, 156, 201))
    brush.box(0, 0.56, 1, 0.62, (120, 196, 216))
    brush.oval(0.5, 1.05, 1.7, 0.95, (240, 217, 163))
    brush.box(0, 0.75, 1, 1, (240, 217, 163))
    brush.dots(60, 0.72, 0.99, 0.008, [(222, 196, 138), (250, 236, 200)], 5)


def _snow(brush: _Brush) -> None:
    brush.oval(0.15, 0.85, 1.0, 0.7, (232, 240, 248))
    brush.oval(0.9, 0.9, 1.1, 0.8, (243, 247, 252))
    brush.box(0, 0.82, 1, 1, (250, 252, 255))
    brush.dots(70, 0.0, 0.8, 0.012, [(255, 255, 255)], 7)


def _desert(brush: _Brush) -> None:
    brush.shape([(0, 0.62), (0.3, 0.5), (0.65, 0.66), (1, 0.52), (1, 1), (0, 1)], (224, 164, 96))
    brush.shape([(0, 0.8), (0.35, 0.68), (0.7, 0.82), (1, 0.72), (1, 1), (0, 1)], (208, 143, 78))


def _night(brush: _Brush) -> None:
    brush.dots(70, 0.0, 0.75, 0.009, [(255, 255, 255), (190, 200, 240)], 11)
    brush.oval(0.3, 1.05, 1.3, 0.6, (22, 36, 48))
    brush.oval(0.9, 1.05, 1.0, 0.5, (16, 28, 40))


def _sea(brush: _Brush) -> None:
    for x in (0.1, 0.4, 0.7):
        brush.shape([(x, 0), (x + 0.1, 0), (x + 0.02, 0.8), (x - 0.14, 0.8)], (74, 176, 208))
    brush.oval(0.5, 1.08, 1.6, 0.42, (214, 196, 150))
    brush.dots(24, 0.1, 0.8, 0.02, [(150, 214, 232)], 13)


def _room(brush: _Brush) -> None:
    brush.box(0.6, 0.12, 0.9, 0.42, (255, 255, 255))
    brush.box(0.62, 0.14, 0.74, 0.4, (176, 220, 244))
    brush.box(0.76, 0.14, 0.88, 0.4, (176, 220, 244))
    brush.box(0, 0.68, 1, 0.71, (250, 250, 246))
    brush.box(0, 0.71, 1, 1, (186, 134, 92))
    for y in (0.79, 0.88, 0.97):
        brush.box(0, y, 1, y + 0.006, (158, 110, 72))


def _city(brush: _Brush) -> None:
    for place, (x, top) in enumerate([(0.0, 0.3), (0.2, 0.18), (0.42, 0.36), (0.6, 0.22), (0.82, 0.32)]):
        shade = 128 + 14 * (place % 3)
        brush.box(x, top, x + 0.17, 0.78, (shade, shade + 6, shade + 18))
        for row in range(6):
            for column in range(3):
                left, up = x + 0.025 + 0.048 * column, top + 0.04 + 0.07 * row
                brush.box(left, up, left + 0.026, up + 0.034, (244, 226, 150))
    brush.box(0, 0.78, 1, 1, (92, 94, 100))
    for x in (0.05, 0.3, 0.55, 0.8):
        brush.box(x, 0.88, x + 0.13, 0.9, (240, 240, 230))


#: Colours at the top and at the bottom of what lies behind, and what is drawn upon it.
_BACKGROUNDS: dict[str, tuple[Colour, Colour, Callable[[_Brush], None]]] = {
    "meadow": ((148, 208, 246), (222, 242, 252), _meadow),
    "beach": ((134, 206, 246), (224, 244, 252), _beach),
    "snow": ((160, 184, 208), (214, 226, 238), _snow),
    "desert": ((250, 196, 130), (252, 226, 178), _desert),
    "night": ((14, 20, 52), (46, 56, 110), _night),
    "sea": ((86, 188, 216), (16, 92, 146), _sea),
    "room": ((240, 226, 200), (232, 214, 184), _room),
    "city": ((170, 206, 236), (226, 236, 244), _city),
}


def _gradient(top: Colour, bottom: Colour, size: int) -> np.ndarray:
    share = np.linspace(0, 1, size)[:, None, None]
    rows = np.array(top) * (1 - share) + np.array(bottom) * share
    return np.broadcast_to(rows.round(), (size, size, 3)).astype(np.uint8)
