"""How every figure looks: colours, fonts, sizes. The only place that knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

FONT = (
    '"Source Sans", "Noto Sans", "Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", Meiryo, sans-serif'
)

#: Pixels; read from the last row of a hall once the page is projected.
FONT_SIZE = 16


@dataclass(frozen=True)
class Theme:
    """The colours of one appearance, as hexadecimal RGB.

    Attributes:
        background: Behind the figure.
        text: Words and numbers.
        grid: Lines that help the eye.
        ramp: Weight 0 to weight 1. Lightness changes steadily, so that it survives a grey print and a colour-blind eye.
        diverging: Negative through zero to positive, blue against orange.
        bar: Bars of weight.
        accent: What is chosen or predicted.
        second: A second series beside `bar`.
        muted: What stands back.
        series: Colours of things of a kind, such as heads; after Okabe & Ito 2008, made readable on the background.
    """

    background: str
    text: str
    grid: str
    ramp: tuple[str, ...]
    diverging: tuple[str, ...]
    bar: str
    accent: str
    second: str
    muted: str
    series: tuple[str, ...]


THEMES: dict[str, Theme] = {
    "light": Theme(
        background="#ffffff",
        text="#1a1d24",
        grid="#d9dde5",
        ramp=("#ffffff", "#deebf7", "#c0d9ee", "#93c0e0", "#5a9fce", "#2f7ebc", "#125ca4", "#083d7f", "#05244f"),
        diverging=("#1f4e9c", "#7ba7dc", "#f4f4f4", "#f0a35e", "#a34700"),
        bar="#125ca4",
        accent="#b34a00",
        second="#b34a00",
        muted="#8a93a3",
        series=("#0060a8", "#b34a00", "#00735c", "#a3195b", "#6b5a00", "#5a3fbf", "#1a1d24", "#7a4a2b"),
    ),
    "dark": Theme(
        background="#11141a",
        text="#f1f3f7",
        grid="#3a4150",
        ramp=("#11141a", "#16304d", "#1a4a75", "#1f6aa0", "#2b8cc4", "#5cb0dc", "#93d0ec", "#c8e8f7", "#f7fdff"),
        diverging=("#8ab8ff", "#41618f", "#262a33", "#93602f", "#ffb066"),
        bar="#6cbce8",
        accent="#ffb454",
        second="#ffb454",
        muted="#7b8494",
        series=("#6cbce8", "#ffb454", "#4dd0a8", "#ff8fb8", "#e0d060", "#c9a2ff", "#f1f3f7", "#d9a07a"),
    ),
    # For a projector in a bright room, which makes all that is pale or dim the background: the first steps are wide.
    "light-contrast": Theme(
        background="#ffffff",
        text="#000000",
        grid="#c4c9d2",
        ramp=("#ffffff", "#b3cff2", "#86b1e6", "#5a91d9", "#3571c4", "#1c55a8", "#0c3d88", "#05275f", "#000c2b"),
        diverging=("#0a2f8c", "#6f9fe6", "#ffffff", "#f2973f", "#8a3300"),
        bar="#0b3f91",
        accent="#993300",
        second="#993300",
        muted="#737a87",
        series=("#003f8f", "#993300", "#00583f", "#8a0046", "#524200", "#4420a8", "#000000", "#5f3312"),
    ),
    "dark-contrast": Theme(
        background="#000000",
        text="#ffffff",
        grid="#4d5463",
        ramp=("#000000", "#123f75", "#155fa6", "#1c80cf", "#3f9fe8", "#74bdf5", "#a5d8ff", "#d2edff", "#ffffff"),
        diverging=("#a3c9ff", "#3f6db3", "#000000", "#a8641a", "#ffc57a"),
        bar="#8ad4ff",
        accent="#ffc04d",
        second="#ffc04d",
        muted="#7b8494",
        series=("#8ad4ff", "#ffc04d", "#5cf0bd", "#ff9ecb", "#fff04d", "#d9b8ff", "#ffffff", "#ffb98a"),
    ),
}


def segments(look: Theme) -> tuple[str, str]:
    """The colours of the two sentences of a pair."""
    return look.series[2], look.series[3]


def theme(key: str | None) -> Theme:
    """The theme of that key; light if it is not one."""
    return THEMES.get(key or "", THEMES["light"])


def is_dark(key: str | None) -> bool:
    """Whether most of what that theme shows is dark."""
    return luminance(theme(key).background) < 0.5


def shade(position: float, ramp: Sequence[str]) -> str:
    """The colour at a place of a ramp, linear between its stops.

    Args:
        position: 0–1.
        ramp: Hexadecimal colours, evenly spaced.
    """
    place = min(max(position, 0.0), 1.0) * (len(ramp) - 1)
    index = min(int(place), len(ramp) - 2)
    low, high = _rgb(ramp[index]), _rgb(ramp[index + 1])
    mixed = (round(a + (b - a) * (place - index)) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


@cache
def palette(ramp: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The 256 steps of `analysis.compact.coded` on a ramp, each a colour with the ink that reads on it."""
    fills = [shade(code / 255, ramp) for code in range(256)]
    return tuple((fill, ink(fill)) for fill in fills)


def ink(background: str) -> str:
    """Black or white, whichever reads better on a colour (WCAG contrast of at least 4.5)."""
    return "#000000" if _contrast(background, "#000000") >= _contrast(background, "#ffffff") else "#ffffff"


def _contrast(first: str, second: str) -> float:
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance 0–1 of a hexadecimal colour (WCAG 2.2)."""
    channels = [c / 255 for c in _rgb(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def colour_scale(ramp: Sequence[str]) -> list[list[Any]]:
    """A ramp as Plotly wants it."""
    return [[index / (len(ramp) - 1), colour] for index, colour in enumerate(ramp)]


def layout(paint: Theme, *, height: int, title: str | None = None) -> dict[str, Any]:
    """What all figures share. Assigned to `figure.layout` it costs Plotly a quarter of `update_layout`.

    Args:
        paint: The theme.
        height: Pixels.
        title: Already escaped; None leaves the space to the picture.
    """
    font = {"family": FONT, "size": FONT_SIZE, "color": paint.text}
    return {
        "font": font,
        "paper_bgcolor": paint.background,
        "plot_bgcolor": paint.background,
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 48 if title else 12, "b": 8},
        "title": {"text": title or "", "font": {"size": FONT_SIZE + 2}, "x": 0, "xanchor": "left", "xref": "container"},
        "hoverlabel": {"font": {"family": FONT, "size": FONT_SIZE}, "align": "left"},
        "dragmode": False,
        "showlegend": False,
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": paint.muted, "activecolor": paint.accent},
    }


#: A row above the picture.
LEGEND: dict[str, Any] = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"}


def axis(paint: Theme, *, title: str | None = None, **more: Any) -> dict[str, Any]:
    """What all axes share; its title is escaped already."""
    named = {} if title is None else {"title": {"text": title}}
    return {
        "automargin": True,
        "gridcolor": paint.grid,
        "zerolinecolor": paint.muted,
        "linecolor": paint.grid,
        "tickfont": {"size": FONT_SIZE},
        "fixedrange": True,
        **named,
        **more,
    }
