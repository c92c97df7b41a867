"""Small browser components for what no stock widget does. Each is three plain files beside a Python function."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


@cache
def _source(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


def component(name: str) -> Any:
    """Register the component whose files are `name.html`, `name.css` and `name.js` in this folder.

    Returns:
        What mounts it, see `st.components.v2.component`.
    """
    return st.components.v2.component(
        f"attnviz_{name}", html=_source(f"{name}.html"), css=_source(f"{name}.css"), js=_source(f"{name}.js")
    )
