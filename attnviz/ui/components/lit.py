"""The first picture of a model that classifies pictures: its regions lit by their weights, with the prediction."""

from __future__ import annotations

import base64

from attnviz.figures import style
from attnviz.figures.describe import row as describe_row
from attnviz.ui.components import component, pictured
from attnviz.ui.components.pictured import Caption
from attnviz.ui.components.stage import classes
from attnviz.ui.context import Context

_mount = component("lit")


def shows(context: Context) -> bool:
    """Whether the row of weights that is looked at is one over a picture's regions."""
    return context.selected is not None and pictured.on_picture(context.whole, context.focus.keys(context.trace))


def lit(context: Context) -> None:
    """Draw the selected picture."""
    trace, focus, scale = context.trace, context.focus, context.state.scale
    look = Caption(trace, trace.block(focus.block), focus.row(trace)[None].astype("float64"), "")
    top, paint = pictured.brightest([look]), style.theme(context.theme)
    _mount(
        key="lit",
        data={
            "picture": pictured.picture(context, [look], scale),
            "alt": describe_row(trace, focus, context.language),
            "names": list(focus.keys(trace).tokens),
            "weights": base64.b64encode(look.values.astype("<f4").tobytes()).decode(),
            "text": context.state.text,
            **classes(context, trace),
            "colours": {"bar": paint.bar, "accent": paint.accent},
            "legend": pictured.legend(context, scale, top),
            "words": {
                "weight": context.t("figures.weight"),
                "outlined": context.t("picture.outlined"),
                "spread": context.t("picture.spread_of"),
            },
        },
    )
