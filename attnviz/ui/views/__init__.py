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

#: What must be there, see `attnviz.ui.offers`.
_TRACE, _HEADS, _NOTHING = frozenset({"trace"}), frozenset({"heads"}), frozenset[str]()

VIEWS: tuple[View, ...] = (
    View("bars", "weights", _TRACE, bars.FIELDS, bars.render, single=True),
    View("heatmap", "weights", _TRACE, (), heatmap.render),
    View("overview", "heads", _HEADS, (), overview.render, single=True),
    View("head", "heads", _HEADS, (), head.render, single=True),
    View("lines", "heads", _HEADS, (), lines.render, single=True),
    View(
        "cell", "heads", _HEADS | {"explains"}, cell.FIELDS, cell.render, single=True, unedited=True, settle=cell.settle
    ),
    View("heads", "heads", frozenset({"one sequence"}), heads.FIELDS, heads.render, single=True),
    View("flow", "heads", _HEADS, flow.FIELDS, flow.render, single=True, settle=flow.settle),
    View("prediction", "answer", frozenset({"classification"}), (), prediction.render, single=True),
    View("steps", "answer", frozenset({"steps"}), steps.FIELDS, steps.render, single=True, unedited=True),
    View(
        "attribution",
        "answer",
        frozenset({"attribution"}),
        attribution.FIELDS,
        attribution.render,
        single=True,
        unedited=True,
        settle=attribution.settle,
    ),
    View(
        "compare", "change", _TRACE, compare.FIELDS, compare.render, single=True, unedited=True, settle=compare.settle
    ),
    View("surgery", "change", frozenset({"surgery"}), (), surgery.render, single=True, unedited=True),
    View("cases", "learn", frozenset({"cases"}), cases.FIELDS, cases.render, unedited=True, settle=cases.settle),
    View(
        "learning",
        "learn",
        frozenset({"learning"}),
        learning.FIELDS,
        learning.render,
        unedited=True,
        settle=learning.settle,
    ),
    View("lesson", "learn", _NOTHING, (), lesson.render),
    View("card", "learn", _NOTHING, (), card.render),
)

KEYS: tuple[str, ...] = tuple(view.key for view in VIEWS)
