"""The first picture: sentences shaded by weight, with the prediction. Drawn in the browser because that is fastest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attnviz.analysis import filling
from attnviz.analysis.compact import coded
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.figures import style
from attnviz.figures.describe import row as describe_row
from attnviz.figures.masks import SIGNS
from attnviz.figures.numbers import approx, exact, percent
from attnviz.trace import MASK_NONE, AttentionTrace, Classification, Filled
from attnviz.ui.components import component
from attnviz.ui.context import Context, Row

_mount = component("stage", drawing=True)

#: Classes drawn beside a sentence, where a view stands beneath, and beside a picture; the prediction has them all.
FEW_CLASSES, MAX_CLASSES = 2, 5

#: Of the 256 steps of colour, every so many is drawn in the scale: both ends are.
_LEGEND_STEP = 5


def stage(
    context: Context,
    shuffled: AttentionTrace | None,
    on_selected: Callable[[], None],
    on_token: Callable[[], None],
) -> None:
    """Draw the sentences.

    Args:
        context: The page.
        shuffled: The selected sentence with its tokens in another order, drawn below it.
        on_selected: Called before the run that follows the choice of a sentence.
        on_token: Called before the run that follows the choice of a token as the query.
    """
    scale = context.state.scale
    rows = []
    for row in context.rows:
        rows.append(_row(context, row, scale))
        if row.trace is not None and row.trace.edited:
            rows[-1]["name"] = context.t("surgery.mark")
        if shuffled is not None and row is context.selected:
            rows[-1]["name"] = context.t("shuffle.own") if len(context.rows) == 1 else ""
            extra = _row(context, Row(0, "", shuffled), scale)
            rows.append({**extra, "name": context.t("shuffle.name"), "selectable": False})
    _mount(
        key="words",
        data=_data(context, rows),
        on_selected_change=on_selected,
        on_token_change=on_token,
    )


def beside(context: Context, name: str) -> None:
    """Draw another model's sentence as the page draws its own, to stand beneath it.

    Args:
        context: The page as it would be with the other model.
        name: What is written above the sentence.
    """
    rows = [{**_row(context, row, context.state.scale), "name": name, "selectable": False} for row in context.rows]
    data = {"text": None, "tokens_choosable": False, "words": {"label": name}}
    _mount(key="beside", data={**_data(context, rows), **data})


def _data(context: Context, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the browser draws."""
    look, scale = style.theme(context.theme), context.state.scale
    return {
        "rows": rows,
        "selected": context.selected.number if context.selected else None,
        "numbers": context.state.numbers,
        "text": context.state.text,
        "text_language": context.card.languages[0] if context.card.languages else "",
        "colours": {"bar": look.bar, "accent": look.accent},
        "legend": {
            "title": _scale_title(context, scale, alone=len(rows) == 1),
            "ramp": [fill for fill, _ in style.palette(look.ramp)[::_LEGEND_STEP]],
            "ticks": [{"position": tick.position, "label": tick.label} for tick in ticks(scale)],
        },
        "tokens_choosable": context.selected is not None and not context.pooling,
        "words": {"label": context.t("page.stage")},
        "segments": _segments(context),
    }


def _segments(context: Context) -> list[dict[str, str]]:
    """Name and colour of each of two sentences, where there are two."""
    there = any(block.key.segments is not None for trace in context.traces for block in trace.blocks)
    colours = style.segments(style.theme(context.theme)) if there else ()
    return [
        {"name": context.t("page.segment", number=number), "colour": colour} for number, colour in enumerate(colours, 1)
    ]


def _scale_title(context: Context, scale: ScaleKey, alone: bool) -> str:
    """What the colours mean; with one sentence, what its full colour stands for."""
    title = context.t(f"scales.{scale}")
    if context.selected is not None and not context.pooling:
        focus = context.focus
        query = context.trace.block(focus.block).query.tokens[focus.query]
        title = context.t("scales.query") if scale == "row" else title
        title = context.t("scales.of", scale=title, layer=focus.layer + 1, head=focus.head + 1, query=query)
    if scale != "row" or not alone or not context.traces:
        return title
    largest = float(context.focus.row(context.trace).max())
    return title + context.t("scales.row_largest", weight=approx(largest))


def _row(context: Context, row: Row, scale: ScaleKey) -> dict[str, Any]:
    if row.trace is None:
        error = row.error.message(context.language) if row.error else ""
        return {"index": row.number, "error": error, "name": row.text[:80], "selectable": False}
    trace = row.trace
    palette = style.palette(style.theme(context.theme).ramp)
    focus = context.focus_of(trace)
    keys = focus.keys(trace)
    weights = focus.row(trace)
    block = trace.block(focus.block)
    asking = focus.own(trace).query if block.kind in ("self", "causal") else None
    places = [group[0] for group in block.parts[1]] if block.parts is not None else list(range(len(keys)))
    mask = focus.mask(trace)
    masks = [MASK_NONE] * len(keys) if mask is None else mask.tolist()
    word, separator = context.t("figures.weight"), context.t("alt.separator")
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
        here, number = len(tokens), exact(weight)
        sentence = None if keys.segments is None else keys.segments[here]
        more = [context.t("page.unknown_word")] if unknown else []
        more += [] if sentence is None else [context.t("page.segment", number=sentence + 1)]
        more += [context.t(f"masks.{masks[here]}")] if masks[here] else []
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
                "weight": number,
                "number": SIGNS[masks[here]][0] if masks[here] else approx(weight),
                "tip": "\n".join([f"{word} {number}", *more]),
                "said": separator.join([f"{word} {approx(weight)}", *more]),
            }
        )
    return {
        "index": row.number,
        "tokens": tokens,
        **classes(context, trace, FEW_CLASSES),
        "alt": describe_row(trace, focus, context.language),
        "selectable": True,
    }


def classes(context: Context, trace: AttentionTrace, most: int = MAX_CLASSES) -> dict[str, Any]:
    """The classes there is room for, the most probable first where not all fit, and the sum of the others.

    Of a sentence with masks, what is most probable in their places.
    """
    output = trace.output
    if isinstance(output, Filled):
        shown = filling.best(output, most)
        one = len(output.positions) == 1
        names = [
            {"name": token, "share": share, "percent": percent(share), "top": not one or place == 0}
            for place, (token, share) in enumerate(shown)
        ]
        return {"classes": names, "others": None}
    if not isinstance(output, Classification):
        return {"classes": [], "others": None}
    order = list(range(len(output.labels)))
    if len(order) > most:
        order.sort(key=lambda index: -float(output.probabilities[index]))
    first, rest = order[:most], order[most:]
    entries = [
        {
            "name": context.names[index],
            "share": float(output.probabilities[index]),
            "percent": percent(float(output.probabilities[index])),
            "top": index == output.predicted,
        }
        for index in first
    ]
    others = {
        "name": context.t("page.other_classes", count=len(rest)),
        "percent": percent(float(output.probabilities[rest].sum())),
    }
    return {"classes": entries, "others": others if rest else None}
