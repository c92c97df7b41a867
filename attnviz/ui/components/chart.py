"""A chart that needs no Plotly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attnviz.ui.components import drawn

_mount = drawn("chart")


def chart(key: str, data: dict[str, Any], on_chosen: Callable[[], None] | None = None) -> None:
    """Draw it.

    Args:
        key: Of the component's state.
        data: Of `drawings.chart.chart`.
        on_chosen: Called before the run that follows a click on a point, whose `customdata` is then `point` of `chosen`
            of the component's state. None: points cannot be chosen.
    """
    options = {} if on_chosen is None else {"on_chosen_change": on_chosen}
    wider = 16 * (data["width"] is not None)  # a bar to scroll with
    _mount(key=key, data={**data, "choosable": on_chosen is not None}, height=round(data["height"]) + wider, **options)
