"""The figures of a handout as SVG: what is printed stays sharp. Lengths are millimetres; tokens are escaped.

Texts carry the room they have (`data-room`): the page's script draws closer together what is longer.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.compact import shrunk
from attnviz.analysis.scales import round_ticks
from attnviz.export.code import code
from attnviz.figures import style
from attnviz.figures.escape import MAX_LABEL, shortened
from attnviz.figures.regions import DARKEST, webp
from attnviz.trace import Picture, RegionAxis

#: Steps of a colour scale: cells of one step are one path.
STEPS = 64

#: Most rows and columns of a map whose tokens are named, and of a small one among all heads.
NAMED, SMALL = 80, 32

#: Of weights, as on a light screen: ink on paper.
PAINT = style.theme("light")

#: Most millimetres of a letter, and of the line of a bar.
LETTER, LARGEST = 3.4, 8.0


def drawing(width: float, height: float, inside: str, alt: str) -> str:
    """An SVG of this size, which says what it shows."""
    size = f'viewBox="0 0 {width:g} {height:g}" style="width:{width:g}mm;height:{height:g}mm"'
    said = f'role="img" aria-label="{html.escape(alt, quote=True)}"'
    return f'<svg {size} {said} shape-rendering="crispEdges">{inside}</svg>'


def text(x: float, y: float, words: str, size: float, room: float, how: str = "") -> str:
    """Words that take no more than `room`; what is much longer is cut, with an ellipsis."""
    shown = html.escape(shortened(words, min(max(int(room / (0.42 * size)), 4), MAX_LABEL)))
    return f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size:.2f}" data-room="{room:.2f}" {how}>{shown}</text>'


def colour(place: float) -> str:
    """Of a place 0–1 on the scale, in one of its steps."""
    return style.shade(round(place * STEPS) / STEPS, PAINT.ramp)


def scale(top: float, title: str, width: float = 70) -> str:
    """The labelled scale from 0 to `top`."""
    step = width / STEPS
    cells = "".join(
        f'<rect x="{at * step:.2f}" y="3.6" width="{step + 0.05:.2f}" height="3" fill="{colour((at + 0.5) / STEPS)}"/>'
        for at in range(STEPS)
    )
    return _scale(top, title, width, cells)


def light(top: float, title: str, width: float = 70) -> str:
    """The labelled scale of a picture whose regions are dimmed."""
    dark = "".join(
        f'<stop offset="{end}" stop-color="#060a16" stop-opacity="{DARKEST * (1 - end)}"/>' for end in (0, 1)
    )
    cells = (
        f'<linearGradient id="dim">{dark}</linearGradient><rect y="3.6" width="{width}" height="3" fill="url(#dim)"/>'
    )
    return _scale(top, title, width, cells)


def _scale(top: float, title: str, width: float, cells: str) -> str:
    marks = "".join(
        f'<path d="M{tick.position * width:.2f} 6.6v1" stroke="{PAINT.text}" stroke-width="0.2"/>'
        + text(tick.position * width, 10.2, tick.label, 2.5, width / 5, f'text-anchor="{_anchor(tick.position)}"')
        for tick in round_ticks(top)
        if tick.position < 0.8 or tick.position == 1
    )
    frame = f'<rect y="3.6" width="{width}" height="3" fill="none" stroke="{PAINT.muted}" stroke-width="0.2"/>'
    name = f'<text y="2.6" font-size="2.6" data-room="{width:.1f}">{html.escape(title)}</text>'
    return drawing(width, 11, name + cells + frame + marks, title)


def _anchor(place: float) -> str:
    return "start" if place == 0 else "end" if place == 1 else "middle"


def bars(
    names: Sequence[str],
    values: Sequence[float],
    written: Sequence[str],
    box: tuple[float, float],
    top: float,
    alt: str,
    marked: int = -1,
    inks: Sequence[str] = (),
) -> str:
    """Names with a bar each, in columns from the top down, on one scale from 0 to `top`.

    Args:
        names: Any text.
        values: Not negative.
        written: What stands behind each bar.
        box: Width and height there is.
        top: The value of the longest bar.
        alt: The figure in words.
        marked: Which one stands out.
        inks: A colour for each name; empty: that of all text.
    """
    width, height = box
    columns = next(count for count in (1, 2, 3, 4) if len(names) <= 16 * count or count == 4)
    rows = math.ceil(len(names) / columns)
    row, column = min(LARGEST, height / rows), width / columns
    letter, label_room, number_room = min(LETTER, 0.6 * row), 0.38 * min(column, 90), 14.0
    length = column - label_room - number_room - 4
    parts = []
    for place, (name, value, number) in enumerate(zip(names, values, written, strict=True)):
        x, y = place // rows * column, place % rows * row
        base, start, long = y + 0.7 * row, x + label_room + 1.5, max(length * value / top if top else 0, 0.15)
        fill = f'fill="{PAINT.accent if place == marked else PAINT.bar}"'
        parts += [
            text(x + label_room, base, name, letter, label_room - 1, f'text-anchor="end"{_ink(inks, place)}'),
            f'<rect x="{start:.2f}" y="{y + 0.18 * row:.2f}" width="{long:.2f}" height="{0.64 * row:.2f}" {fill}/>',
            text(start + long + 0.8, base, number, letter, number_room),
        ]
    return drawing(width, rows * row, "".join(parts), alt)


def _ink(inks: Sequence[str], place: int) -> str:
    return f' fill="{inks[place]}"' if inks else ""


def square(
    weights: NDArray[np.floating],
    mask: NDArray[np.int8],
    names: tuple[Sequence[str], Sequence[str]],
    box: tuple[float, float],
    top: float,
    framed: int,
    alt: str,
    inks: tuple[Sequence[str], Sequence[str]] = ((), ()),
) -> str:
    """One head: queries down, keys across, the chosen query framed; masked cells are hatched.

    Args:
        weights: `[query, key]`; of more than `NAMED` a cell stands for several, and positions are written, not tokens.
        mask: Of the same shape, 0 where nothing is masked.
        names: Of the queries and of the keys.
        box: Width and height there is.
        top: Full colour.
        framed: The query.
        alt: The figure in words.
        inks: A colour for each query and each key; empty: that of all text. Not where positions are written.
    """
    shape = weights.shape
    cells, hidden = shrunk(weights, NAMED), -shrunk(-(mask != 0).astype(np.float64), NAMED) > 0
    rows, columns = cells.shape
    named = [_named(each, count) for each, count in zip(names, (rows, columns), strict=True)]
    whole = (rows, columns) == shape
    left = above = 20.0 if whole else 8.0
    down, across = inks if whole else ((), ())
    cell = min((box[0] - left) / columns, (box[1] - above) / rows, 9.0)
    wide = min((box[0] - left) / columns, 2.2 * cell)
    letter = min(LETTER, 0.82 * cell)
    parts = [
        f'<g transform="translate({left} {above}) scale({wide:.4f} {cell:.4f})">{_cells(cells / (top or 1), hidden)}'
    ]
    at = framed * rows // shape[0]
    parts.append(
        f'<rect x="0" y="{at}" width="{columns}" height="1" fill="none" stroke="{PAINT.accent}" stroke-width="0.7" '
        'vector-effect="non-scaling-stroke" class="frame"/></g>'
    )
    for place, name in enumerate(named[0]):
        how = f'text-anchor="end"{_ink(down, place)}'
        parts.append(text(left - 1, above + (place + 0.5) * cell + 0.35 * letter, name, letter, left - 2, how))
    for place, name in enumerate(named[1]):
        x = left + (place + 0.5) * wide + 0.35 * letter
        how = f'transform="rotate(-90 {x:.2f} {above - 1:.2f})"{_ink(across, place)}'
        parts.append(text(x, above - 1, name, letter, above - 2, how))
    return drawing(left + columns * wide + 1, above + rows * cell + 1, "".join(parts), alt)


def _named(names: Sequence[str], count: int) -> list[str]:
    if len(names) == count:
        return list(names)
    starts = (np.arange(count) * len(names)) // count
    return [str(start + 1) if place % 4 == 0 else "" for place, start in enumerate(starts.tolist())]


def _cells(places: NDArray[np.floating], hidden: NDArray[np.bool_] | None = None) -> str:
    """Cells of side 1 by step of the scale, neighbours in a row as one; white ones are left out."""
    steps = np.round(np.clip(places, 0, 1) * STEPS).astype(int)
    if hidden is not None:
        steps[hidden] = -1
    paths: dict[int, list[str]] = {}
    for row, line in enumerate(steps.tolist()):
        start = 0
        for at in range(1, len(line) + 1):
            if at == len(line) or line[at] != line[start]:
                if line[start] != 0:
                    paths.setdefault(line[start], []).append(f"M{start} {row}h{at - start}v1H{start}z")
                start = at
    rows, columns = steps.shape
    drawn = (
        f'<rect width="{columns}" height="{rows}" fill="{PAINT.ramp[0]}" stroke="{PAINT.muted}" stroke-width="0.02"/>'
    )
    for step, each in sorted(paths.items()):
        fill = "url(#masked)" if step < 0 else colour(step / STEPS)
        drawn += f'<path d="{"".join(each)}" fill="{fill}"/>'
    return drawn


def tiles(
    weights: NDArray[np.floating],
    box: tuple[float, float],
    top: float,
    chosen: tuple[int, int],
    words: tuple[str, str],
    alt: str,
) -> str:
    """All heads as small maps, layers down and heads across, numbered from 1; the chosen one is framed.

    Args:
        weights: `[layer, head, query, key]`.
        box: Width and height there is.
        top: Full colour.
        chosen: Layer and head, from 0.
        words: For “layer” and “head”.
        alt: The figure in words.
    """
    layers, heads = weights.shape[:2]
    small = shrunk(weights, SMALL)
    rows, columns = small.shape[2:]
    left, above = 9.0, 6.5
    side = min((box[0] - left) / heads, (box[1] - above) / layers)
    gap = 0.08 * side
    letter = min(LETTER - 0.3, 0.6 * side)
    parts = [
        text(left, 2.4, words[1], 2.5, heads * side),
        text(2.4, above, words[0], 2.5, layers * side, f'transform="rotate(-90 2.4 {above})" text-anchor="end"'),
    ]
    for layer in range(layers):
        y = above + layer * side
        parts.append(text(left - 1, y + 0.5 * side + 0.35 * letter, str(layer + 1), letter, 4, 'text-anchor="end"'))
        for head in range(heads):
            x, inner = left + head * side, side - gap
            sides = f"scale({inner / columns:.4f} {inner / rows:.4f})"
            parts.append(
                f'<g transform="translate({x:.2f} {y:.2f}) {sides}">{_cells(small[layer, head] / (top or 1))}</g>'
            )
            if layer == 0:
                parts.append(text(x + inner / 2, above - 1, str(head + 1), letter, side, 'text-anchor="middle"'))
            strong = (layer, head) == chosen
            line = f'stroke="{PAINT.accent if strong else PAINT.muted}" stroke-width="{0.7 if strong else 0.1}"'
            parts.append(f'<rect x="{x:.2f}" y="{y:.2f}" width="{inner:.2f}" height="{inner:.2f}" fill="none" {line}/>')
    return drawing(left + heads * side + 1, above + layers * side + 1, "".join(parts), alt)


def held(source: Picture | None) -> str:
    """What drawings point at: the hatching of masked cells, and the picture once for all that are drawn of it."""
    hatching = (
        '<pattern id="masked" width="0.34" height="0.34" patternUnits="userSpaceOnUse">'
        f'<rect width="0.34" height="0.34" fill="{PAINT.ramp[0]}"/>'
        f'<path d="M0 0.34L0.34 0" stroke="{PAINT.muted}" stroke-width="0.05"/></pattern>'
    )
    image = "" if source is None else f'<image id="picture" {_UNIT} href="{webp(source.pixels())}"/>'
    return f'<svg class="held"><defs>{hatching}{image}</defs></svg>'


#: A picture fills whatever it is drawn into.
_UNIT = 'width="1" height="1" preserveAspectRatio="none"'


def pictured(source: Picture, axis: RegionAxis, row: NDArray[np.floating], side: float, top: float, alt: str) -> str:
    """The picture of `held`, its regions dimmed, the less the more weight they have; `top` is fully lit."""
    width, height = (side * each / max(source.size) for each in source.size)
    dimmed = "".join(
        f'<rect x="{x0:.4f}" y="{y0:.4f}" width="{x1 - x0:.4f}" height="{y1 - y0:.4f}" '
        f'fill-opacity="{DARKEST * (1 - min(weight / (top or 1), 1)):.3f}"/>'
        for (x0, y0, x1, y1), weight, special in zip(axis.boxes.tolist(), row.tolist(), axis.special, strict=True)
        if not special
    )
    inside = f'<g transform="scale({width:.3f} {height:.3f})" fill="#060a16"><use href="#picture"/>{dimmed}</g>'
    return drawing(width, height, inside, alt)


def qr(address: str, side: float) -> str:
    """The QR code of an address; empty for one that is too long."""
    made = code(address)
    size = made["size"]
    if not made["code"]:
        return ""
    path = f'<g transform="scale({side / size:.4f})"><path d="{made["code"]}"/></g>'
    return drawing(side, side, path, address)
