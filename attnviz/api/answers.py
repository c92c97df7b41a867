"""Answers of the HTTP interface: JSON, also for every mistake, with a code and words in the caller's language."""

from __future__ import annotations

import json
from typing import Any

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from attnviz.errors import AttnvizError, ExtraError, InputError, ModelError, ServerError
from attnviz.i18n import choose

#: HTTP status by error code.
_STATUS = {
    **{
        code: 404
        for code in (
            "no_such_model",
            "no_such_address",
            "no_such_art",
            "no_such_photograph",
            "no_photographs",
            "closed_address",
        )
    },
    **{code: 403 for code in ("host_not_answered", "origin_not_answered", "upload_refused", "only_here")},
    "method_not_allowed": 405,
    "slow_request": 408,
    "body_too_large": 413,
    "too_often": 429,
    "internal": 500,
}


class Endpoint(HTTPEndpoint):
    """Answers a method it does not know as it answers every other mistake: in JSON."""

    async def dispatch(self) -> None:
        """Hand the request to the method of its name, where it is one of HTTP's."""
        request = Request(self.scope, receive=self.receive)
        # A method may have any name, also that of something else here.
        if request.method in (*self._allowed_methods, "HEAD"):
            await super().dispatch()
        else:
            await (await self.method_not_allowed(request))(self.scope, self.receive, self.send)

    async def method_not_allowed(self, request: Request) -> Response:
        """Say which there are."""
        allowed = ", ".join(self._allowed_methods)
        refused = refusal(InputError("method_not_allowed", received=request.method[:40], expected=allowed), request)
        refused.headers["Allow"] = allowed
        return refused


def reply(data: Any, status: int = 200) -> Response:
    """JSON. Escaping everything beyond ASCII keeps lone surrogates, which no UTF-8 holds, out of the body."""
    return Response(json.dumps(data, allow_nan=False), status, media_type="application/json")


def refusal(error: AttnvizError, request: Request) -> Response:
    """An error with its status, in the language the caller reads."""
    refused = reply({"error": told(error, language_of(request))}, status_of(error))
    if isinstance(error, ServerError) and "seconds" in error.parameters:
        refused.headers["Retry-After"] = str(error.parameters["seconds"])
    return refused


def told(error: AttnvizError, language: str) -> dict[str, Any]:
    """An error in JSON."""
    return {"code": error.code, "message": error.message(language)}


def status_of(error: AttnvizError) -> int:
    """A damaged model, or an extra that is not installed, is the server's fault; all else is the caller's."""
    default = 503 if isinstance(error, ServerError) else 500 if isinstance(error, (ModelError, ExtraError)) else 400
    return _STATUS.get(error.code, default)


def language_of(request: Request) -> str:
    """The first language the caller asks for, if it is one of the catalogues'."""
    return choose(request.headers.get("accept-language", "").split(",")[0].split(";")[0])
