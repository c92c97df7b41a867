"""Small browser components for what no stock widget does. Each is three plain files beside a Python function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from attnviz.ui import session

_FOLDER = Path(__file__).parent
_EXPORT = "export default function "


@cache
def _source(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


def _script(name: str, parts: Sequence[str]) -> str:
    """The component's script after its parts, behind the guard of `newest.js`, which needs its draw by name."""
    own = _source(f"{name}.js")
    if own.count(_EXPORT) != 1:
        raise ValueError(f"{name}.js must hold one {_EXPORT.strip()!r}")
    shared = (_source(f"shared/{part}.js") for part in parts)
    return "\n".join((*shared, own.replace(_EXPORT, "const draw = function "), _source("newest.js")))


def _style(name: str, parts: Sequence[str]) -> str:
    """The component's rules after those of its parts that have any."""
    files = [f"shared/{part}.css" for part in parts if (_FOLDER / "shared" / f"{part}.css").is_file()]
    return "\n".join(_source(file) for file in (*files, f"{name}.css"))


def component(name: str, *parts: str) -> Callable[..., Any]:
    """Register the component whose files are `name.html`, `name.css` and `name.js` in this folder.

    Args:
        name: Of the files.
        parts: Files in `shared` whose scripts and rules come before its own.

    Returns:
        What mounts it: takes `key`, `data` and the callbacks, as `st.components.v2.component` has it. The script draws
        only what is newer than what it drew before.
    """
    mount = st.components.v2.component(
        f"attnviz_{name}", html=_source(f"{name}.html"), css=_style(name, parts), js=_script(name, parts)
    )

    def newest(*, key: str, data: dict[str, Any], **options: Any) -> Any:
        return mount(key=key, data={**data, "serial": session.serial(key, data)}, **options)

    return newest
