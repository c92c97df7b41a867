"""All views, in the order they are offered. A view is one file and its entry here."""

from __future__ import annotations

from attnviz.ui.context import View
from attnviz.ui.views import (
    attribution,
    bars,
    card,
    cases,
    cell,
    compare,
    flow,
    head,
    heads,
    heatmap,
    learning,
    lesson,
    lines,
    overview,
    prediction,
    steps,
    surgery,
)

VIEWS: tuple[View, ...] = (
    View("bars", frozenset({"trace"}), bars.render, single=True),
    View("heatmap", frozenset({"trace"}), heatmap.render),
    View("overview", frozenset({"heads"}), overview.render, single=True),
    View("head", frozenset({"heads"}), head.render, single=True),
    View("lines", frozenset({"heads"}), lines.render, single=True),
    View("cell", frozenset({"heads"}), cell.render, single=True, own=True),
    View("heads", frozenset({"one sequence"}), heads.render, single=True),
    View("flow", frozenset({"heads"}), flow.render, single=True, settle=flow.settle),
    View("prediction", frozenset({"classification"}), prediction.render, single=True),
    View("steps", frozenset({"steps"}), steps.render, single=True, own=True),
    View("attribution", frozenset({"attribution"}), attribution.render, single=True, own=True),
    View("compare", frozenset({"trace"}), compare.render, single=True, own=True, settle=compare.settle),
    View("surgery", frozenset({"surgery"}), surgery.render, single=True, own=True),
    View("cases", frozenset({"cases"}), cases.render, own=True, settle=cases.settle),
    View("learning", frozenset({"learning"}), learning.render, own=True, settle=learning.settle),
    View("lesson", frozenset(), lesson.render),
    View("card", frozenset(), card.render),
)

KEYS: tuple[str, ...] = tuple(view.key for view in VIEWS)
