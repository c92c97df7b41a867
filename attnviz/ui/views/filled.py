"""What the model expects in the place of each mask."""

from __future__ import annotations

from functools import partial

import streamlit as st

from attnviz import figures
from attnviz.analysis import filling
from attnviz.figures.numbers import percent
from attnviz.trace import Filled
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.controls.told import told
from attnviz.ui.words import literal

#: Masks drawn; what the others have is in the files.
MOST = 6


def render(context: Context) -> None:
    """Draw the view."""
    output = context.trace.output
    assert isinstance(output, Filled)
    told(context, "filled", context.t("filled.text"))
    count = len(output.positions)
    for mask in range(min(count, MOST)):
        table = filling.table(output, mask)
        shares = [percent(float(share)) for share in table["probability"]]
        st.subheader(context.t("filled.mask", number=mask + 1, count=count), anchor=False)
        listed = context.t("alt.separator").join(
            f"{token} {share}" for token, share in zip(table["token"], shares, strict=True)
        )
        look = {"language": context.language, "theme": context.theme}
        chart(
            context,
            f"filled-{mask + 1}",
            figures.filled(context.trace, mask, **look),
            context.t("filled.alt", number=mask + 1, listed=listed),
            partial(filling.table, output, mask),
        )
        share = percent(float(table["probability"].sum()))
        st.caption(literal(context.t("filled.together", count=len(table), share=share)))
    if count > MOST:
        st.caption(context.t("filled.more", count=count - MOST))
