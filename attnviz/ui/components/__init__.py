"""Small browser components for what no stock widget does. Each is three plain files beside a Python function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from attnviz.drawings import Drawing, joined
from attnviz.ui import session

#: Of the components that are the page's alone; drawings of attention stand in `attnviz.drawings`.
FOLDER = Path(__file__).parent


def component(name: str, *, drawing: bool = False, folder: Path = FOLDER) -> Callable[..., Any]:
    """Register the component whose files are `name.html`, `name.css` and `name.js`.

    Args:
        name: Of the files. What the script imports comes with it.
        drawing: It shows attention, and so goes into a file of what is on the page.
        folder: Where the files are.

    Returns:
        What mounts it: takes `key`, `data` and the callbacks, as `st.components.v2.component` has it. The script draws
        only what is newer than what it drew before.
    """
    own = joined.component(name, folder)
    mount = st.components.v2.component(f"attnviz_{name}", html=own.html, css=own.css, js=own.js)

    def newest(*, key: str, data: dict[str, Any], **options: Any) -> Any:
        if drawing:
            session.drew(key, Drawing(own, data))
        return mount(key=key, data={**data, "serial": session.serial(key, data)}, **options)

    return newest


def drawn(name: str) -> Callable[..., Any]:
    """Register a drawing of `attnviz.drawings`; else as `component`."""
    return component(name, drawing=True, folder=joined.FOLDER)
