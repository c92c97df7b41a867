"""The page's sentences, shaded by weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attnviz.analysis.scales import ScaleKey
from attnviz.drawings import stage as drawing
from attnviz.trace import AttentionTrace
from attnviz.ui.components import drawn
from attnviz.ui.context import Context, Row

_mount = drawn("stage")


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
    scale = context.state.scale
    return drawing.stage(
        context,
        rows,
        scale,
        _scale_title(context, scale, alone=len(rows) == 1),
        selected=context.selected.number if context.selected else None,
        numbers=context.state.numbers,
        text=context.state.text,
        text_language=context.card.languages[0] if context.card.languages else "",
        tokens_choosable=context.selected is not None and not context.pooling,
    )


def _scale_title(context: Context, scale: ScaleKey, alone: bool) -> str:
    """What the colours mean; with one sentence, what its full colour stands for."""
    title = context.t(f"scales.{scale}")
    if context.selected is not None and not context.pooling:
        title = drawing.of_query(context, context.trace, context.focus, scale)
    if scale != "row" or not alone or not context.traces:
        return title
    return title + drawing.largest(context, float(context.focus.row(context.trace).max()))


def _row(context: Context, row: Row, scale: ScaleKey) -> dict[str, Any]:
    if row.trace is None:
        error = row.error.message(context.language) if row.error else ""
        return {"index": row.number, "error": error, "name": row.text[:80], "selectable": False}
    focus = context.focus_of(row.trace)
    return drawing.row(context, row.trace, focus, scale, context.names, row.number)
