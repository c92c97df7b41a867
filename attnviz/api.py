"""The HTTP interface: the same JSON as the command line, and pictures of scenes.

Errors are 4xx with a code and words, never a traceback.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from attnviz import zoo
from attnviz.analysis.surgery import operations
from attnviz.errors import AttnvizError, ExtraError, InputError, ModelError
from attnviz.i18n import choose
from attnviz.scenes import KINDS, SIDE, STYLES, Scene
from attnviz.scenes.kinds import ART
from attnviz.version import __version__

#: Largest request body, in bytes: far more than any model reads, and cut into words in about a second.
MAX_BODY = 200_000

#: Pixels of the side of a scene's picture, from and to.
SIZES = (SIDE, 4 * SIDE)

#: HTTP status by error code.
_STATUS = {
    **{code: 404 for code in ("no_such_model", "no_such_address", "no_such_art")},
    "method_not_allowed": 405,
    "body_too_large": 413,
}

_FIELDS = ("model", "text", "language", "block", "layer", "head", "target", "edits")

#: A code always draws the same, of one version of this project: a browser asks again after a day, and is told so.
_A_DAY = "public, max-age=86400"

_FOR_GOOD = "public, max-age=31536000, immutable"


class _Endpoint(HTTPEndpoint):
    """Answers a method it does not know as it answers every other mistake: in JSON."""

    async def method_not_allowed(self, request: Request) -> Response:
        allowed = ", ".join(self._allowed_methods)
        refused = _refusal(InputError("method_not_allowed", received=request.method, expected=allowed), request)
        refused.headers["Allow"] = allowed
        return refused


class Models(_Endpoint):
    """`GET /api/models`: what can be asked for, and which folders were refused and why."""

    async def get(self, request: Request) -> Response:
        cards, refused = await run_in_threadpool(lambda: (zoo.models(), zoo.problems()))
        language = _language(request)
        return _reply(
            {
                "models": [card.to_dict() for card in cards],
                "refused": [_error(error, language) | {"folder": name} for name, error in refused.items()],
            }
        )


class Trace(_Endpoint):
    """`GET` or `POST /api/trace`: the trace of one text."""

    async def get(self, request: Request) -> Response:
        return await _answer(request, _from_query)

    async def post(self, request: Request) -> Response:
        return await _answer(request, _from_body)


class ScenePicture(_Endpoint):
    """`GET /api/scene.webp`: a scene as a picture, lossless; `Content-Location` has its code in the usual form."""

    async def get(self, request: Request) -> Response:
        try:
            scene, size = _scene_asked(dict(request.query_params))
            address = f"/api/scene.webp?{urlencode({'code': scene.code, 'size': size})}"
            tag = hashlib.sha256(f"{__version__} {address}".encode()).hexdigest()[:32]
            headers = {"ETag": f'"{tag}"', "Cache-Control": _A_DAY, "Content-Location": address}
            if tag in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
            content = await run_in_threadpool(_webp, scene.code, size)
            return Response(content, media_type="image/webp", headers=headers)
        except AttnvizError as error:
            return _refusal(error, request)


class Art(_Endpoint):
    """`GET /api/art/<style>/<kind>.webp`: one object, with alpha. What is behind a `?` is not looked at."""

    async def get(self, request: Request) -> Response:
        style, kind = (str(request.path_params[name]) for name in ("style", "kind"))
        # Only what is listed becomes a path.
        if style not in STYLES or kind not in KINDS:
            expected = f"{', '.join(STYLES)}; {', '.join(KINDS)}"
            return _refusal(InputError("no_such_art", received=f"{style}/{kind}"[:80], expected=expected), request)
        path = ART / style / f"{kind}.webp"
        return FileResponse(path, media_type="image/webp", headers={"Cache-Control": _FOR_GOOD})


async def _answer(request: Request, read: Callable[[Request], Awaitable[dict[str, Any]]]) -> Response:
    try:
        values = await read(request)
        return _reply(await run_in_threadpool(_trace, values))
    except AttnvizError as error:
        return _refusal(error, request)


async def _nothing_here(request: Request) -> Response:
    addresses = ", ".join(route.path for route in ROUTES[:-1])
    return _refusal(InputError("no_such_address", received=request.url.path[:200], expected=addresses), request)


async def _from_query(request: Request) -> dict[str, Any]:
    return dict(request.query_params)


async def _from_body(request: Request) -> dict[str, Any]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise InputError("body_too_large", limit=MAX_BODY)
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("bad_json") from None
    if not isinstance(values, dict):
        raise InputError("bad_json")
    return values


def _trace(values: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(values) - set(_FIELDS))
    if unknown:
        raise InputError("unknown_field", received=", ".join(map(str, unknown))[:200], expected=", ".join(_FIELDS))
    for name in ("model", "text"):
        if not isinstance(values.get(name), str):
            raise InputError("missing_field", field=name)
    for name in ("block", "target", "language"):
        if values.get(name) is not None and not isinstance(values[name], str):
            raise InputError("missing_field", field=name)
    layer, head = (_index(values, name) for name in ("layer", "head"))
    if values["model"] not in zoo.model_folders():
        # A path is for people at the machine, not for the network.
        raise ModelError("no_such_model", received=values["model"][:200], expected=", ".join(zoo.model_folders()))
    model = zoo.load(values["model"])
    language = values.get("language") or ""
    trace = operations.traced(model, values["text"], _codes(values), language, target=values.get("target"))
    return trace.to_dict(block=values.get("block"), layer=layer, head=head)


def _scene_asked(values: dict[str, Any]) -> tuple[Scene, int]:
    unknown = sorted(set(values) - {"code", "size"})
    if unknown:
        raise InputError("unknown_field", received=", ".join(unknown)[:200], expected="code, size")
    if "code" not in values:
        raise InputError("missing_field", field="code")
    size = SIDE if values.get("size") is None else _index(values, "size")
    if size is None or not SIZES[0] <= size <= SIZES[1]:
        raise InputError("scene_size", received=str(size)[:40], first=SIZES[0], last=SIZES[1])
    return Scene(values["code"]), size


@lru_cache(maxsize=32)
def _webp(code: str, size: int) -> bytes:
    file = io.BytesIO()
    Scene(code).image(size).save(file, "WEBP", lossless=True, method=0)
    return file.getvalue()


def _codes(values: dict[str, Any]) -> list[str]:
    """Codes of operations: in one string with blanks between them, or a list."""
    given = values.get("edits") or []
    codes = given.split() if isinstance(given, str) else given
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise InputError("missing_field", field="edits")
    return codes


def _index(values: dict[str, Any], name: str) -> int | None:
    value = values.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, (bool, float)):
            raise ValueError
        return int(value)
    except (TypeError, ValueError):
        raise InputError("not_a_number", field=name, received=str(value)[:80]) from None


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", "").split(",")[0].split(";")[0])


def _error(error: AttnvizError, language: str) -> dict[str, Any]:
    return {"code": error.code, "message": error.message(language)}


def _refusal(error: AttnvizError, request: Request) -> Response:
    # A damaged model, or an extra that is not installed, is the server's fault; all else is the caller's.
    status = _STATUS.get(error.code, 500 if isinstance(error, (ModelError, ExtraError)) else 400)
    return _reply({"error": _error(error, _language(request))}, status)


def _reply(data: Any, status: int = 200) -> Response:
    # Escaping everything beyond ASCII keeps lone surrogates, which no UTF-8 holds, out of the body.
    return Response(json.dumps(data, allow_nan=False), status, media_type="application/json")


ROUTES = [
    Route("/api/models", Models),
    Route("/api/trace", Trace),
    Route("/api/scene.webp", ScenePicture),
    Route("/api/art/{style}/{kind}.webp", Art),
    Route("/api/{rest:path}", _nothing_here, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
]
