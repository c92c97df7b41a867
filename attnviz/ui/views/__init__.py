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
    corpus,
    filled,
    flow,
    head,
    heads,
    heatmap,
    learning,
    lesson,
    lines,
    next_token,
    overview,
    prediction,
    steps,
    surgery,
    written,
)

#: What must be there, see `attnviz.ui.offers`.
_TRACE, _HEADS, _NOTHING = frozenset({"trace"}), frozenset({"heads"}), frozenset[str]()

VIEWS: tuple[View, ...] = (
    View("bars", "see", _TRACE, bars.FIELDS, bars.render, single=True, large="picture", settle=bars.settle),
    View("written", "see", frozenset({"written"}), (), written.render, single=True, large="written"),
    View("next", "see", frozenset({"continues"}), (), next_token.render, single=True),
    View("filled", "see", frozenset({"filled"}), (), filled.render, single=True),
    View("overview", "see", _HEADS, overview.FIELDS, overview.render, single=True, part_of="map"),
    View("head", "see", _HEADS, (), head.render, single=True, part_of="map"),
    View("lines", "see", _HEADS, (), lines.render, single=True, part_of="map"),
    View("heatmap", "see", _TRACE, (), heatmap.render, part_of="map"),
    View("heads", "see", frozenset({"one sequence"}), heads.FIELDS, heads.render, single=True, aside=True),
    View("flow", "see", _HEADS, flow.FIELDS, flow.render, single=True, aside=True, settle=flow.settle),
    View("steps", "compute", frozenset({"steps"}), steps.FIELDS, steps.render, single=True, unedited=True),
    View(
        "cell",
        "compute",
        _HEADS | {"explains"},
        cell.FIELDS,
        cell.render,
        single=True,
        unedited=True,
        settle=cell.settle,
    ),
    View("prediction", "compute", frozenset({"classification"}), (), prediction.render, single=True),
    View("surgery", "change", frozenset({"surgery"}), (), surgery.render, single=True, unedited=True),
    View(
        "attribution",
        "test",
        frozenset({"attribution"}),
        attribution.FIELDS,
        attribution.render,
        single=True,
        unedited=True,
        settle=attribution.settle,
    ),
    View("compare", "test", _TRACE, compare.FIELDS, compare.render, single=True, unedited=True, settle=compare.settle),
    View("cases", "test", frozenset({"cases"}), cases.FIELDS, cases.render, unedited=True, settle=cases.settle),
    View(
        "corpus",
        "test",
        frozenset({"corpus", "trace"}),
        corpus.FIELDS,
        corpus.render,
        single=True,
        unedited=True,
        settle=corpus.settle,
    ),
    View(
        "learning",
        "learn",
        frozenset({"learning"}),
        learning.FIELDS,
        learning.render,
        unedited=True,
        settle=learning.settle,
    ),
    View("lesson", "learn", _NOTHING, lesson.FIELDS, lesson.render),
    View("card", "learn", _NOTHING, (), card.render),
)

KEYS: tuple[str, ...] = tuple(view.key for view in VIEWS)
