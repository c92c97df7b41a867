"""A translation that is written token by token, each token's row of weights appearing with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attnviz.drawings import writing as drawing
from attnviz.drawings.pictured import Caption
from attnviz.ui import offers
from attnviz.ui.components import drawn
from attnviz.ui.context import Context

_mount = drawn("writing")


def writing(context: Context, caption: Caption, name: str, *, on_event: Callable[[], None], **how: Any) -> None:
    """Draw what is written.

    Args:
        context: The page.
        caption, name, how: As `attnviz.drawings.writing` has them.
        on_event: Called before the run that follows the choice of an alternative, a step or a token.
    """
    writes = "writes" in context.abilities
    own: dict[str, Any] = {
        "read": (*context.card.reads, "")[0],
        "spaced": offers.spaced(context.card) if writes else None,
        "fixed": not writes,
        "forced": bool(context.way.target),
    }
    _mount(key="writing", data=drawing.writing(context, caption, name, **how, **own), on_event_change=on_event)
