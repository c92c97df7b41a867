"""Names along an axis: tokens, classes, heads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attnviz.figures import style
from attnviz.figures.escape import MAX_LABEL, label
from attnviz.i18n import translate


def across(
    paint: style.Theme, names: Sequence[str], *, every: int = 1, limit: int = MAX_LABEL, **more: Any
) -> dict[str, Any]:
    """An axis of names from left to right.

    Args:
        look: The theme.
        names: Any text; the first at 0.
        every: One in so many stands on the axis; hovering over a cell tells the others.
        limit: Characters.
        **more: Of Plotly's axis.
    """
    labels = [label(name, limit) for name in names]
    if every > 1:
        aliases = {str(place): each for place, each in enumerate(labels)}
        return plain_axis(paint, **{"tick0": 0, "dtick": every, "labelalias": aliases, **more})
    return plain_axis(paint, **{"tickvals": list(range(len(labels))), "ticktext": labels, **more})


def down(paint: style.Theme, names: Sequence[str], **more: Any) -> dict[str, Any]:
    """An axis of names from the top down; of the same arguments."""
    return across(paint, names, autorange="reversed", **more)


def plain_axis(paint: style.Theme, **more: Any) -> dict[str, Any]:
    """An axis without lines, for cells lie close to each other and bars speak for themselves."""
    return style.axis(paint, showgrid=False, zeroline=False, **more)


def unknown(tokens: Iterable[str], strange: Iterable[bool], language: str, limit: int = MAX_LABEL) -> list[str]:
    """Labels, already escaped, that say which tokens a model does not know."""
    mark = translate(language, "figures.unknown")
    return [f"{label(t, limit)}{' ' + mark if each else ''}" for t, each in zip(tokens, strange, strict=True)]
