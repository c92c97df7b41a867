"""The choice of a temperature, in the views that take a softmax apart."""

from __future__ import annotations

import streamlit as st

from attnviz.ui.context import Context
from attnviz.ui.fields import Field

#: Temperatures offered; 1 is the model's own.
TEMPERATURES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

TEMPERATURE = Field("temperature", TEMPERATURES, 1.0)


def choose_temperature(context: Context) -> float:
    """Draw the choice, and say so where it is not the model's own."""
    st.select_slider(
        context.t("steps.temperature"),
        TEMPERATURES,
        key="temperature",
        format_func=lambda value: f"{value:g}",
        help=context.t("steps.temperature_help"),
    )
    temperature = float(context.state.temperature)
    if temperature != 1:
        st.warning(context.t("steps.not_own", temperature=f"{temperature:g}"), icon=":material/warning:")
    return temperature
