"""The address bar."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from attnviz.i18n import translate
from attnviz.ui import state
from attnviz.ui.components import component

_mount = component("address")


def address(on_navigated: Callable[[], None]) -> None:
    """Write what is shown into the address bar; listen for back and forward.

    Args:
        on_navigated: Called when the browser went to another address of this page.
    """
    session = st.session_state
    parameters = state.parameters()
    written = (parameters, session.step)
    if written != session.get("address_written"):
        session.address_written = written
        # Rises over a restart of the server, too: the page that reconnects knows the last one.
        session.address_version = max(session.get("address_version", 0) + 1, time.time_ns() // 1_000_000)
    _mount(
        key="address",
        data={
            "parameters": parameters,
            "version": session.address_version,
            "step": session.step,
            "live": session.text != session.applied,
            "entered": session.last_stamp > 0,
            "language": session.lang,
            "title": translate(session.lang, "page.title"),
        },
        on_navigated_change=on_navigated,
    )
