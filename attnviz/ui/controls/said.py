"""The language of what is written about a picture, where the model has a choice."""

from __future__ import annotations

import streamlit as st

from attnviz.i18n import languages
from attnviz.ui import offers
from attnviz.ui.context import Context


def choose_language(context: Context) -> None:
    """Draw the choice, if there is one; a language is called by its own name."""
    known = [code for code in context.card.languages if code in languages()]
    if len(known) < 2 or "said" not in offers.of_model(context.card.name):
        return
    st.segmented_control(
        context.t("scene.said"),
        known,
        format_func=lambda code: context.t("scene.said_in", language=languages()[code]),
        key="said",
        required=True,
        label_visibility="collapsed",
        width="content",
    )
