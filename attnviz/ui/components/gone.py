"""A line that says that the server is gone, for as long as it is."""

from __future__ import annotations

from attnviz.i18n import translate
from attnviz.ui.components import component

_mount = component("gone")


def gone(language: str) -> None:
    """Draw it, out of sight until then."""
    _mount(key="gone", data={"words": translate(language, "page.gone")})
