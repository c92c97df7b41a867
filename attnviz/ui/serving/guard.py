"""What every request passes before the page or the JSON interface sees it, and every answer on its way back."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from attnviz import api
from attnviz.errors import AttnvizError, InputError, ServerError
from attnviz.i18n import choose
from attnviz.ui.serving import full, headers, hosts, rates, uploads

#: Streamlit's own pages about itself, for whoever watches over it.
_CLOSED = re.compile(r"/_stcore/(metrics|agent/.*|script-health-check)/?$")

_open: set[object] = set()

_log = logging.getLogger(__name__)


class Guard:
    """An ASGI app around another one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope)
        problem = _problem(scope["path"], given.get("host"), given.get("origin"))
        if scope["type"] == "websocket":
            if problem is not None:
                _log.warning("%s", problem)
                await WebSocketClose(1008)(scope, receive, send)
            elif visitors() >= full.most() or rates.seconds_to_wait(scope["path"], _address(scope), page=True):
                await WebSocketClose(1013, "full")(scope, receive, send)
            else:
                with _counted():
                    await self._app(scope, receive, send)
            return
        added = headers.security("" if problem is not None else given.get("host", ""))
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                named = {name for name, _ in added}
                kept = [each for each in message.get("headers", ()) if each[0].lower() not in named]
                message = {**message, "headers": [*kept, *added]}
            await send(message)

        if problem is not None:
            await _refusal(problem, Request(scope))(scope, receive, answer)
            return
        if seconds := rates.seconds_to_wait(scope["path"], _address(scope)):
            error = ServerError("too_often", seconds=seconds)
            await _refusal(error, Request(scope))(scope, receive, answer)
            return
        if visitors() >= full.most() and _opens(scope["path"], given):
            request = Request(scope)
            language = choose(request.query_params.get("lang") or api.language_of(request))
            await full.answer(language)(scope, receive, answer)
            return
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            return  # whoever asked has gone: nobody's mistake
        except Exception:
            _log.exception("An answer to %s failed", scope["path"][:200])
            if not started:
                await _refusal(ServerError("internal"), Request(scope))(scope, receive, answer)


def visitors() -> int:
    """Pages that are open now."""
    return len(_open)


def _address(scope: Scope) -> str | None:
    """Of whoever asks; behind a proxy that `FORWARDED_ALLOW_IPS` names, as that one says."""
    client = scope.get("client")
    return client[0] if client else None


def _opens(path: str, given: Headers) -> bool:
    """Whether a request is a browser's for a page that it is about to show."""
    file = "." in path.rpartition("/")[2]
    return not file and not api.serves(path) and "text/html" in given.get("accept", "")


@contextmanager
def _counted() -> Iterator[None]:
    page = object()
    _open.add(page)
    try:
        yield
    finally:
        _open.discard(page)


def _problem(path: str, host: str | None, origin: str | None) -> AttnvizError | None:
    """Why a request is not answered at all."""
    base = "/" + (st.get_option("server.baseUrlPath") or "").strip("/")
    inner = path.removeprefix(base.rstrip("/"))
    if inner not in hosts.HEALTH:
        if not hosts.host_answered(host):
            return InputError("host_not_answered", received=(host or "")[:200])
        if not hosts.origin_answered(origin, host):
            return InputError("origin_not_answered", received=(origin or "")[:200], host=(host or "")[:200])
    if _CLOSED.search(inner):
        return InputError("closed_address", received=path[:200])
    if uploads.refused(inner):
        return InputError("upload_refused")
    return None


def _refusal(error: AttnvizError, request: Request) -> Response:
    if api.serves(request.url.path):
        return api.refusal(error, request)
    return PlainTextResponse(error.message(api.language_of(request)), api.status_of(error))
