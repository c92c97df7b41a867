"""Room for so many pages and no more: who comes then is told so in words, and asks again without doing anything."""

from __future__ import annotations

import os
from functools import cache
from html import escape

from starlette.responses import HTMLResponse

from attnviz.i18n import languages, translate

#: Most pages that are open at a time, where `ATTNVIZ_VISITORS` says nothing else.
VISITORS, MOST = "ATTNVIZ_VISITORS", 1000

#: Seconds until a page that found no room asks again.
SECONDS = 10

_PAGE = (
    '<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta http-equiv="refresh" content="{seconds}"><title>attnviz</title>'
    "<style>body {{ margin: 20vh auto; max-width: 40rem; padding: 1rem; font: 1.25rem/1.6 sans-serif }}</style>"
    '<main role="alert"><h1>attnviz</h1>{said}</main></html>'
)


def most() -> int:
    """Most pages that are open at a time: what the setting says, if that is a number above 0."""
    said = os.environ.get(VISITORS, "").strip()
    return int(said) if said.isdecimal() and int(said) else MOST


def answer(language: str) -> HTMLResponse:
    """What a page beyond that gets: 503, when to come back, and words."""
    return HTMLResponse(page(language), 503, {"Retry-After": str(SECONDS), "Cache-Control": "no-store"})


@cache
def page(*codes: str) -> str:
    """The words in one language, or in several where it is not known who reads them."""
    said = "".join(f'<p lang="{each}">{escape(translate(each, "page.full", seconds=SECONDS))}</p>' for each in codes)
    return _PAGE.format(lang=codes[0], seconds=SECONDS, said=said)


def at_once() -> bytes:
    """The same for a connection that nothing was read of, whole, in every language."""
    body = page(*languages()).encode()
    head = (
        f"HTTP/1.1 503 Service Unavailable\r\nRetry-After: {SECONDS}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
