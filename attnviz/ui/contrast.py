"""Colours of strong contrast, for a projector in a bright room, where what is pale or dim looks like nothing."""

from __future__ import annotations

from attnviz.drawings.look import variables
from attnviz.figures.style import theme

#: What Streamlit gives each part of the page that draws itself stands in here, and can be given anew.
_PARTS = ':root, [data-testid="stBidiComponentIsolated"]'

#: Streamlit's own of its theme: behind what can be pressed.
_KEPT = "--st-secondary-background-color"


def style(key: str) -> str:
    """The page's rules for a theme of strong contrast.

    Args:
        key: Of the theme.
    """
    paint = theme(key)
    named = {name: value for name, value in variables(paint, key).items() if name.endswith("-color") and name != _KEPT}
    given = " ".join(f"{name}: {value};" for name, value in named.items())
    return f"""
{_PARTS} {{ {given} }}
.stApp {{ background-color: {paint.background}; color: {paint.text}; }}
.stMain :is(h1, h2, h3, p, li, label, summary, td, th) {{ color: {paint.text}; }}
.stMain :is(button, a) :is(p, span) {{ color: inherit; }}
[data-testid="stCaptionContainer"] {{ opacity: 1; }}
"""
