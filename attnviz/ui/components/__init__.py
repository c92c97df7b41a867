"""Small browser components for what no stock widget does. Each is three plain files beside a Python function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from attnviz.export.offline import Component, Drawing
from attnviz.ui import session
from attnviz.ui.components import joined


def component(name: str, *, drawing: bool = False) -> Callable[..., Any]:
    """Register the component whose files are `name.html`, `name.css` and `name.js` in this folder.

    Args:
        name: Of the files. What the script imports comes with it.
        drawing: It shows attention, and so goes into a file of what is on the page.

    Returns:
        What mounts it: takes `key`, `data` and the callbacks, as `st.components.v2.component` has it. The script draws
        only what is newer than what it drew before.
    """
    own = Component(name, joined.source(f"{name}.html"), joined.style(name), joined.script(name))
    mount = st.components.v2.component(f"attnviz_{name}", html=own.html, css=own.css, js=own.js)

    def newest(*, key: str, data: dict[str, Any], **options: Any) -> Any:
        if drawing:
            session.drew(key, Drawing(own, data))
        return mount(key=key, data={**data, "serial": session.serial(key, data)}, **options)

    return newest
