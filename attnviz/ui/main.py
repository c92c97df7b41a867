"""The page. `app.py` serves it; tests run this file."""

from __future__ import annotations

from attnviz.ui.page import render

render()
