"""The HTTP interface: the same JSON as the command line, and pictures of scenes.

Errors are 4xx with a code and words, never a traceback; a server that is busy says 503 and when to come back.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from attnviz.api.answers import Endpoint, language_of, refusal, reply, status_of
from attnviz.api.described import Described
from attnviz.api.fields import MAX_BODY
from attnviz.api.scenes import SIZES, Art, Photo, ScenePicture
from attnviz.api.traces import WORK, Models, Trace
from attnviz.api.work import Work
from attnviz.errors import InputError

__all__ = [
    "MAX_BODY",
    "ROUTES",
    "SIZES",
    "WORK",
    "Endpoint",
    "Work",
    "language_of",
    "refusal",
    "reply",
    "serves",
    "status_of",
]


class Nothing(Endpoint):
    """Every other address beneath `/api`, by whatever method."""

    async def dispatch(self) -> None:
        """Say which addresses there are."""
        request = Request(self.scope)
        addresses = ", ".join(route.path for route in ROUTES[:-2])
        refused = refusal(InputError("no_such_address", received=request.url.path[:200], expected=addresses), request)
        await refused(self.scope, self.receive, self.send)


def serves(path: str) -> bool:
    """Whether an address is answered in JSON."""
    return path == "/api" or path.startswith("/api/")


ROUTES = [
    Route("/api/openapi.json", Described),
    Route("/api/models", Models),
    Route("/api/trace", Trace),
    Route("/api/scene.webp", ScenePicture),
    Route("/api/art/{style}/{kind}.webp", Art),
    Route("/api/photo/{kind}/{number:int}.webp", Photo),
    Route("/api", Nothing),
    Route("/api/{rest:path}", Nothing),
]
