"""The link to what is on the screen, and its code for a telephone's camera."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

import segno

#: Longest link a code is made of, in characters: a longer one cannot be read from the last row.
MAX_LINK = 1000

#: Names that mean the machine they are typed on.
NEAR = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


#: What is the speaker's own, and goes to nobody else.
OWN = ("notes", "stage", "hide", "only", "tour", "guess", "revealed")


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


@lru_cache(maxsize=64)
def code(text: str) -> dict[str, Any]:
    """A QR code, `size` modules wide without its margin, as the outline of its dark modules in an SVG path.

    Args:
        text: Of at most `MAX_LINK` characters; of a longer one the code is empty.

    >>> code("http://hall:8501/")["size"]
    25
    """
    if len(text) > MAX_LINK:
        return {"size": 1, "code": ""}
    rows = segno.make_qr(text, error="m", boost_error=False).matrix
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, module in enumerate(row) if module)
    return {"size": len(rows), "code": "".join(dark)}
