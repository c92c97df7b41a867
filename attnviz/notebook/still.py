"""The picture where no script runs: one head as SVG, in the colour of the text around it, and the answer in words."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.figures.numbers import brief, percent
from attnviz.i18n import translate
from attnviz.notebook.drawn import Picture
from attnviz.trace import MASK_NONE, AttentionTrace, Classification, Written

#: Most tokens of a side, and the characters of one that are written.
_TOKENS, _LONGEST = 40, 18

#: Weights below this have no line; the picture says so.
LEAST = 0.05

#: Steps of strength: lines of one are one path.
_STEPS = 8

#: Pixels: of a token's line, of its column, between the columns.
_ROW, _SIDE, _BETWEEN = 22, 170, 260

#: Read on white as on black.
_COLOUR = "#3d8bcd"


def still(trace: AttentionTrace, picture: Picture, language: str) -> str:
    """The weights that a picture opens with, as HTML without style or script; tokens are escaped."""
    block, values = picture.block, picture.values
    queries, keys = block.query.tokens, block.key.tokens
    if picture.view != "written":
        values = np.where(block.mask_of(picture.focus.layer, picture.focus.head) == MASK_NONE, values, 0)
    title = f"{translate(language, 'surgery.mark')} · " * trace.edited + _title(picture, language)
    if len(queries) == 1 or picture.view == "tokens":
        drawing = _bars(keys, values[picture.focus.query], title)
    else:
        drawing = _lines(queries, keys, values, title)
        title = f"{title} · {translate(language, 'writing.least', least=f'{LEAST:g}')}"
    cut = max(len(keys), len(queries)) > _TOKENS
    title += f" · {translate(language, 'notebook.first', shown=_TOKENS)}" * cut
    said = answer(trace)
    return f"{drawing}<p>{html.escape(title)}</p>" + (f"<p>{html.escape(said)}</p>" if said else "")


def _title(picture: Picture, language: str) -> str:
    if "shown" in picture.data["words"]:
        return str(picture.data["words"]["shown"])
    focus, block = picture.focus, picture.block
    words = translate(language, "figures.layer_head", layer=focus.layer + 1, head=focus.head + 1)
    query = f" · {block.query.tokens[focus.query]}" if picture.view == "tokens" and len(block.query) > 1 else ""
    return f"{block.name} · {words}{query}"


def answer(trace: AttentionTrace) -> str:
    """What the model answered: the class with its probability, or what it wrote; empty where that is neither."""
    output = trace.output
    if isinstance(output, Classification) and output.labels:
        return f"{output.labels[output.predicted]} {percent(float(output.probabilities[output.predicted]))}"
    return output.text if isinstance(output, Written) else ""


def _svg(height: int, title: str, inside: str) -> str:
    width = 2 * _SIDE + _BETWEEN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" fill="currentColor" font-family="sans-serif" font-size="14">'
        f"<title>{html.escape(title)}</title>{inside}</svg>"
    )


def _bars(keys: Sequence[str], row: NDArray[np.float64], title: str) -> str:
    """Each token with a bar as long as its weight."""
    shown = list(zip(keys, row.tolist(), strict=True))[:_TOKENS]
    room = _BETWEEN + _SIDE - 80
    parts = []
    for place, (token, weight) in enumerate(shown):
        top, width = place * _ROW, max(weight * room, 0.5)
        parts += [
            _text(_SIDE - 8, top, token, "end"),
            f'<rect x="{_SIDE}" y="{top + 4}" width="{width:.1f}" height="{_ROW - 8}" fill="{_COLOUR}"/>',
            _text(_SIDE + width + 8, top, brief(weight), "start"),
        ]
    return _svg(len(shown) * _ROW, title, "".join(parts))


def _lines(queries: Sequence[str], keys: Sequence[str], values: NDArray[np.float64], title: str) -> str:
    """Queries on the left, keys on the right, joined by lines as strong as their weight."""
    cells = values[:_TOKENS, :_TOKENS]
    strengths = np.ceil(np.clip(cells, 0, 1) * _STEPS).astype(int)
    parts = []
    for strength in range(1, _STEPS + 1):
        rows, columns = np.nonzero((strengths == strength) & (cells >= LEAST))
        if len(rows):
            ends = zip((rows * _ROW + _ROW // 2).tolist(), (columns * _ROW + _ROW // 2).tolist(), strict=True)
            path = "".join(f"M{_SIDE} {start}L{_SIDE + _BETWEEN} {end}" for start, end in ends)
            share = strength / _STEPS
            looks = f'stroke="{_COLOUR}" stroke-opacity="{0.1 + 0.9 * share:.2f}" stroke-width="{0.5 + 4 * share:.1f}"'
            parts.append(f'<path d="{path}" {looks}/>')
    for tokens, x, anchor in ((queries, _SIDE - 8, "end"), (keys, _SIDE + _BETWEEN + 8, "start")):
        parts += [_text(x, place * _ROW, token, anchor) for place, token in enumerate(tokens[:_TOKENS])]
    return _svg(max(cells.shape) * _ROW, title, "".join(parts))


def _text(x: float, top: int, words: str, anchor: str) -> str:
    cut = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    return f'<text x="{x:g}" y="{top + 16}" text-anchor="{anchor}">{html.escape(cut)}</text>'
