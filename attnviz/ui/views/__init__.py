"""All views, in the order they are offered. A view is one file, its settings included, and its entry here."""

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
    View("bars", "weights", frozenset({"trace"}), bars.FIELDS, bars.render, single=True),
    View("heatmap", "weights", frozenset({"trace"}), (), heatmap.render),
    View("overview", "heads", frozenset({"heads"}), (), overview.render, single=True),
    View("head", "heads", frozenset({"heads"}), (), head.render, single=True),
    View("lines", "heads", frozenset({"heads"}), (), lines.render, single=True),
    View("cell", "heads", frozenset({"heads", "explains"}), cell.FIELDS, cell.render, True, True, cell.settle),
    View("heads", "heads", frozenset({"one sequence"}), heads.FIELDS, heads.render, single=True),
    View("flow", "heads", frozenset({"heads"}), flow.FIELDS, flow.render, single=True, settle=flow.settle),
    View("prediction", "answer", frozenset({"classification"}), (), prediction.render, single=True),
    View("steps", "answer", frozenset({"steps"}), steps.FIELDS, steps.render, single=True, own=True),
    View(
        "attribution",
        "answer",
        frozenset({"attribution"}),
        attribution.FIELDS,
        attribution.render,
        single=True,
        own=True,
        settle=attribution.settle,
    ),
    View("compare", "change", frozenset({"trace"}), compare.FIELDS, compare.render, True, True, compare.settle),
    View("surgery", "change", frozenset({"surgery"}), (), surgery.render, single=True, own=True),
    View("cases", "learn", frozenset({"cases"}), cases.FIELDS, cases.render, own=True, settle=cases.settle),
    View(
        "learning", "learn", frozenset({"learning"}), learning.FIELDS, learning.render, own=True, settle=learning.settle
    ),
    View("lesson", "learn", frozenset(), (), lesson.render),
    View("card", "learn", frozenset(), (), card.render),
)

KEYS: tuple[str, ...] = tuple(view.key for view in VIEWS)
