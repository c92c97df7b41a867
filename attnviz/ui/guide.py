"""What the stage shows, in one line: what colours mean, what the model does, what to try."""

from __future__ import annotations

from attnviz.figures.style import is_dark
from attnviz.ui import offers
from attnviz.ui.components import lit
from attnviz.ui.context import Context
from attnviz.ui.controls.told import first


def guide(context: Context) -> str:
    """The line."""
    parts = [context.t(f"guide.{_light(context)}")]
    if context.selected is not None and (not context.card.closed or _kind(context) == "heads"):
        parts.append(context.t(f"guide.try_{_kind(context)}"))
    parts.append(first(context.card.in_language("summary", context.language))[0])
    if "pairs" in context.abilities:
        parts.append(context.t("guide.pair", separator=offers.separator(context.card)))
    return " ".join(part for part in parts if part)


def _light(context: Context) -> str:
    """Where there is most: over a picture, and on a dark page, it is brightest."""
    pictured = context.selected is not None and lit.shows(context.trace, context.focus)
    return "brighter" if pictured or is_dark(context.theme) else "darker"


def _kind(context: Context) -> str:
    if context.card.takes != "text":
        return context.card.takes
    if "written" in context.abilities:
        return "written"
    return "pooling" if context.pooling else "heads"
