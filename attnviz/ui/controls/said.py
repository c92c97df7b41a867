"""The language of what is written about a picture, where the model has a choice."""

from __future__ import annotations

import streamlit as st

from attnviz.i18n import languages
from attnviz.ui import offers
from attnviz.ui.context import Context


def choose_language(context: Context) -> None:
    """Draw the choice, if there is one; a language is called by its own name."""
    known = offered(context)
    if len(known) < 2:
        return
    with st.container(key="said-in", horizontal=True, vertical_alignment="center", gap="medium"):
        st.segmented_control(
            context.t("scene.said"),
            known,
            format_func=lambda code: context.t("scene.said_in", language=languages()[code]),
            key="said",
            required=True,
            label_visibility="collapsed",
            width="content",
        )
        st.toggle(context.t("scene.both"), key="both", width="content", help=context.t("scene.both_help"))


def offered(context: Context) -> list[str]:
    """The languages there are to choose from; empty where the model has no choice."""
    if "said" not in offers.of_model(context.card.name):
        return []
    return [code for code in context.card.languages if code in languages()]
