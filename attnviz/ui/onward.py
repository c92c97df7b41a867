"""Where to go on from a sentence with one click: why the model fails on it, and the same sentence in another model."""

from __future__ import annotations

import streamlit as st

from attnviz.ui import actions, examples
from attnviz.ui.context import Context, View
from attnviz.ui.views.compare_sides import models, title
from attnviz.ui.words import literal

#: Other models offered by name; all of them stand in the comparison.
MOST = 2


def onward(context: Context, view: View) -> None:
    """Draw the buttons there is reason for.

    Args:
        context: The page.
        view: The one that is drawn; what leads to it is not offered.
    """
    if context.selected is None:
        return
    failed = examples.failure(context.card, context.selected.text, context.models_own, context.language)
    if failed and view.key != actions.WHY and actions.WHY in context.abilities:
        st.button(
            context.t("onward.why"),
            key="onward-why",
            type="tertiary",
            icon=":material/help:",
            on_click=actions.open_why,
        )
    if view.key == actions.BESIDE:
        return
    for name in same_task(context)[:MOST]:
        st.button(
            literal(context.t("onward.same", model=title(context, context.desk.card(name)))),
            key=f"onward-{name}",
            type="tertiary",
            icon=":material/compare_arrows:",
            on_click=actions.open_beside,
            args=(name,),
        )


def same_task(context: Context) -> list[str]:
    """Other models that do the same."""
    task = context.card.task
    return [name for name in models(context) if task and context.desk.card(name).task == task]
