"""Pictures over HTTP: scenes by their codes, the objects they are made of, and photographs of groceries."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from attnviz.api.answers import Endpoint, refusal
from attnviz.api.fields import index
from attnviz.errors import AttnvizError, InputError
from attnviz.scenes import KINDS, SIDE, STYLES, Scene
from attnviz.scenes.groceries import photographs
from attnviz.scenes.kinds import ART
from attnviz.version import __version__

#: Pixels of the side of a scene's picture, from and to.
SIZES = (SIDE, 4 * SIDE)

#: Pixels of the longer side of a photograph.
PHOTO = 240

#: A code always draws the same, of one version of this project: a browser asks again after a day, and is told so.
_A_DAY = "public, max-age=86400"

_FOR_GOOD = "public, max-age=31536000, immutable"


class ScenePicture(Endpoint):
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
            return refusal(error, request)


class Art(Endpoint):
    """`GET /api/art/<style>/<kind>.webp`: one object, with alpha. What is behind a `?` is not looked at."""

    async def get(self, request: Request) -> Response:
        style, kind = (str(request.path_params[name]) for name in ("style", "kind"))
        # Only what is listed becomes a path.
        if style not in STYLES or kind not in KINDS:
            expected = f"{', '.join(STYLES)}; {', '.join(KINDS)}"
            return refusal(InputError("no_such_art", received=f"{style}/{kind}"[:80], expected=expected), request)
        path = ART / style / f"{kind}.webp"
        return FileResponse(path, media_type="image/webp", headers={"Cache-Control": _FOR_GOOD})


class Photo(Endpoint):
    """`GET /api/photo/<kind>/<number>.webp`: a small photograph of the test part, if the data are on this machine."""

    async def get(self, request: Request) -> Response:
        kind, number = str(request.path_params["kind"]), int(request.path_params["number"])
        try:
            content = await run_in_threadpool(_photo, kind, number)
        except InputError as error:
            return refusal(error, request)
        return Response(content, media_type="image/webp", headers={"Cache-Control": _FOR_GOOD})


def _scene_asked(values: dict[str, Any]) -> tuple[Scene, int]:
    unknown = sorted(set(values) - {"code", "size"})
    if unknown:
        raise InputError("unknown_field", received=", ".join(unknown)[:200], expected="code, size")
    if "code" not in values:
        raise InputError("missing_field", field="code")
    size = SIDE if values.get("size") is None else index(values, "size")
    if size is None or not SIZES[0] <= size <= SIZES[1]:
        raise InputError("scene_size", received=str(size)[:40], first=SIZES[0], last=SIZES[1])
    return Scene(values["code"]), size


@lru_cache(maxsize=32)
def _webp(code: str, size: int) -> bytes:
    file = io.BytesIO()
    Scene(code).image(size).save(file, "WEBP", lossless=True, method=0)
    return file.getvalue()


@lru_cache(maxsize=512)
def _photo(kind: str, number: int) -> bytes:
    file = io.BytesIO()
    photo = photographs().image("test", kind, number)
    photo.thumbnail((PHOTO, PHOTO))
    photo.save(file, "WEBP", quality=85)
    return file.getvalue()
