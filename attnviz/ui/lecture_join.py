"""The link to what is on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode, urlsplit

#: Names that mean the machine they are typed on.
NEAR = ("localhost", "127.0.0.1", "::1", "0.0.0.0")

#: What is the speaker's own, and goes to nobody else.
OWN = ("notes", "stage", "contrast", "hide", "only", "tour", "guess", "revealed")


def link(base: str, parameters: Mapping[str, str]) -> str:
    """The address that shows others the same.

    >>> link("http://hall:8501", {"lang": "ja", "lecture": "attention", "slide": "3", "tour": "1"})
    'http://hall:8501/?lang=ja&lecture=attention&slide=3'
    """
    place = base if base.endswith("/") else f"{base}/"
    return f"{place}?{urlencode({name: value for name, value in parameters.items() if name not in OWN})}"


def frame(base: str, parameters: Mapping[str, str]) -> str:
    """HTML that puts the stage alone, alive, into slides or a course page.

    >>> frame("http://hall:8501", {"text": 'a "b"'})
    '<iframe src="http://hall:8501/?text=a+%22b%22&amp;only=stage&amp;embed=true" width="960" height="540"></iframe>'
    """
    address = escape(f"{link(base, parameters)}&only=stage&embed=true")
    return f'<iframe src="{address}" width="960" height="540"></iframe>'


def near(base: str) -> bool:
    """Whether the address leads nowhere from another machine."""
    return (urlsplit(base).hostname or "localhost") in NEAR
