"""Names along an axis: tokens, classes, heads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attnviz.figures import style
from attnviz.figures.escape import MAX_LABEL, label
from attnviz.i18n import translate


def across(
    paint: style.Theme,
    names: Sequence[str],
    *,
    every: int = 1,
    limit: int = MAX_LABEL,
    inks: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """An axis of names from left to right.

    Args:
        look: The theme.
        names: Any text; the first at 0.
        every: One in so many stands on the axis; hovering over a cell tells the others.
        limit: Characters.
        inks: A colour for each name, as `figures.sentences.inks` has them; empty: that of all text.
        **more: Of Plotly's axis.
    """
    labels = tinted([label(name, limit) for name in names], inks)
    if every > 1:
        return plain_axis(paint, **{"tick0": 0, "dtick": every, **hinted(labels), **more})
    return plain_axis(paint, **{"tickvals": list(range(len(labels))), "ticktext": labels, **more})


def hinted(labels: Sequence[str]) -> dict[str, Any]:
    """What hovering calls the places of an axis on which not all are named; labels are already escaped."""
    return {"labelalias": {str(place): each for place, each in enumerate(labels)}}


def tinted(labels: Sequence[str], inks: Sequence[str]) -> list[str]:
    """Labels, already escaped, each in a colour; as they are where there are no colours."""
    if not inks:
        return list(labels)
    return [f'<span style="color:{ink}">{each}</span>' for each, ink in zip(labels, inks, strict=True)]


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
