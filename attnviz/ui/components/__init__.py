"""Small browser components for what no stock widget does. Each is three plain files beside a Python function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from attnviz.ui import session
from attnviz.ui.components import joined


def component(name: str) -> Callable[..., Any]:
    """Register the component whose files are `name.html`, `name.css` and `name.js` in this folder.

    Args:
        name: Of the files. What the script imports comes with it.

    Returns:
        What mounts it: takes `key`, `data` and the callbacks, as `st.components.v2.component` has it. The script draws
        only what is newer than what it drew before.
    """
    mount = st.components.v2.component(
        f"attnviz_{name}", html=joined.source(f"{name}.html"), css=joined.style(name), js=joined.script(name)
    )

    def newest(*, key: str, data: dict[str, Any], **options: Any) -> Any:
        return mount(key=key, data={**data, "serial": session.serial(key, data)}, **options)

    return newest
