"""The first picture: sentences shaded by weight, with the prediction. Drawn in the browser because that is fastest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attnviz.analysis import filling
from attnviz.analysis.compact import coded
from attnviz.analysis.focus import Focus
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.drawings.look import Look
from attnviz.figures import style
from attnviz.figures.describe import row as describe_row
from attnviz.figures.masks import SIGNS
from attnviz.figures.numbers import approx, brief, exact, percent
from attnviz.trace import MASK_NONE, AttentionTrace, Classification, Filled

#: Classes drawn beside a sentence, where a view stands beneath, and beside a picture; the prediction has them all.
FEW_CLASSES, MAX_CLASSES = 2, 5

#: Of the 256 steps of colour, every so many is drawn in the scale: both ends are.
_LEGEND_STEP = 5


def stage(
    look: Look, rows: list[dict[str, Any]], scale: ScaleKey, title: str, *, selected: int | None = 1, **more: Any
) -> dict[str, Any]:
    """What the component shows.

    Args:
        look: Language and appearance.
        rows: As `row` makes them.
        scale: How weights become colours.
        title: What they mean, see `title`.
        selected: Number of the sentence that is looked at.
        more: `numbers` under the tokens, the `text` that has been applied, its `text_language`, `tokens_choosable`.
    """
    paint = style.theme(look.theme)
    return {
        "rows": rows,
        "selected": selected,
        "numbers": False,
        "text": None,
        "text_language": "",
        "colours": {"bar": paint.bar, "accent": paint.accent},
        "legend": {
            "title": title,
            "ramp": [fill for fill, _ in style.palette(paint.ramp)[::_LEGEND_STEP]],
            "ticks": [{"position": tick.position, "label": tick.label} for tick in ticks(scale)],
        },
        "tokens_choosable": False,
        "words": {"label": look.t("page.stage")},
        "segments": _segments(look, rows),
        **more,
    }


def _segments(look: Look, rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Name and colour of each of two sentences, where there are two."""
    there = any(token["segment"] is not None for row in rows for token in row.get("tokens", ()))
    colours = style.segments(style.theme(look.theme)) if there else ()
    return [
        {"name": look.t("page.segment", number=number), "colour": colour} for number, colour in enumerate(colours, 1)
    ]


def of_query(look: Look, trace: AttentionTrace, focus: Focus, scale: ScaleKey) -> str:
    """What the colours of a row mean that is one of several."""
    query = trace.block(focus.block).query.tokens[focus.query]
    title = look.t("scales.query" if scale == "row" else f"scales.{scale}")
    return look.t("scales.of", scale=title, layer=focus.layer + 1, head=focus.head + 1, query=query)


def largest(look: Look, weight: float) -> str:
    """What the full colour of the only row stands for."""
    return look.t("scales.row_largest", weight=approx(weight))


def row(
    look: Look, trace: AttentionTrace, focus: Focus, scale: ScaleKey, names: Sequence[str] = (), number: int = 1
) -> dict[str, Any]:
    """One sentence: its tokens shaded by a row of weights, with the prediction.

    Args:
        look: Language and appearance.
        trace, focus: Of what, and which row.
        scale: How weights become colours.
        names: Of the classes; the output's own where there are none.
        number: From 1; 0 is no sentence of the page's own.
    """
    palette = style.palette(style.theme(look.theme).ramp)
    keys = focus.keys(trace)
    weights = focus.row(trace)
    block = trace.block(focus.block)
    asking = focus.own(trace).query if block.kind in ("self", "causal") else None
    places = [group[0] for group in block.parts[1]] if block.parts is not None else list(range(len(keys)))
    mask = focus.mask(trace)
    masks = [MASK_NONE] * len(keys) if mask is None else mask.tolist()
    word, separator = look.t("figures.weight"), look.t("alt.separator")
    tokens: list[dict[str, Any]] = []
    reached, placed = 0, True
    in_order = all(a[0] < b[0] for a, b in zip(keys.spans, keys.spans[1:], strict=False) if a and b)
    codes = coded(normalise(weights, scale)).tolist()
    for token, span, unknown, weight, code in zip(
        keys.tokens, keys.spans, keys.unknown, weights.tolist(), codes, strict=True
    ):
        gap = " " if tokens else ""  # a token that stands for no text keeps a distance
        if in_order and span is not None:
            gap, reached = trace.text[reached : span[0]] or ("" if placed else gap), span[1]
        placed = span is not None
        fill, ink = palette[code]
        here, written = len(tokens), exact(weight)
        sentence = None if keys.segments is None else keys.segments[here]
        more = [look.t("page.unknown_word")] if unknown else []
        more += [] if sentence is None else [look.t("page.segment", number=sentence + 1)]
        more += [look.t(f"masks.{masks[here]}")] if masks[here] else []
        tokens.append(
            {
                "text": token,
                "gap": gap,
                "fill": fill,
                "ink": ink,
                "unknown": unknown,
                "segment": sentence,
                "place": places[here],
                "query": asking == places[here],
                "weight": written,
                "number": SIGNS[masks[here]][0] if masks[here] else brief(weight),
                "tip": "\n".join([f"{word} {written}", *more]),
                "said": separator.join([f"{word} {approx(weight)}", *more]),
            }
        )
    return {
        "index": number,
        "tokens": tokens,
        **classes(look, trace, names, FEW_CLASSES),
        "alt": describe_row(trace, focus, look.language),
        "selectable": True,
    }


def classes(look: Look, trace: AttentionTrace, names: Sequence[str] = (), most: int = MAX_CLASSES) -> dict[str, Any]:
    """The classes there is room for, the most probable first where not all fit, and the sum of the others.

    Of a sentence with masks, what is most probable in their places.
    """
    output = trace.output
    if isinstance(output, Filled):
        one = len(output.positions) == 1
        filled = [
            {"name": token, "share": share, "percent": percent(share), "top": not one or place == 0}
            for place, (token, share) in enumerate(filling.best(output, most))
        ]
        return {"classes": filled, "others": None}
    if not isinstance(output, Classification):
        return {"classes": [], "others": None}
    order = list(range(len(output.labels)))
    if len(order) > most:
        order.sort(key=lambda index: -float(output.probabilities[index]))
    shown, rest = order[:most], order[most:]
    entries = [
        {
            "name": (names or output.labels)[index],
            "share": float(output.probabilities[index]),
            "percent": percent(float(output.probabilities[index])),
            "top": index == output.predicted,
        }
        for index in shown
    ]
    others = {
        "name": look.t("page.other_classes", count=len(rest)),
        "percent": percent(float(output.probabilities[rest].sum())),
    }
    return {"classes": entries, "others": others if rest else None}
