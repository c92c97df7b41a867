"""How the server is: for whoever watches over it, and in numbers for its operator at the machine itself."""

from __future__ import annotations

import os
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from attnviz import api
from attnviz.errors import InputError, ServerError
from attnviz.ui.serving import full, guard, hosts
from attnviz.version import __version__

_STARTED = time.monotonic()


class Health(api.Endpoint):
    """`GET /api/health`: 200 for as long as requests are answered."""

    async def get(self, request: Request) -> Response:
        return api.reply({"status": "ok"})


class Ready(api.Endpoint):
    """`GET /api/ready`: 200 once every model is warm, 503 until then."""

    async def get(self, request: Request) -> Response:
        from attnviz.ui import warmup  # not before the server answers: it brings the whole page along

        if warmup.progress.finished.is_set():
            return api.reply({"status": "ready"})
        return api.refusal(ServerError("warming", seconds=5), request)


class Status(api.Endpoint):
    """`GET /api/status`: what the server holds and does, for its operator at the machine itself."""

    async def get(self, request: Request) -> Response:
        peer = request.client.host if request.client is not None else None
        if not hosts.from_this_machine(peer, request.headers.get("host"), request.headers.keys()):
            return api.refusal(InputError("only_here", received=request.url.path), request)
        return api.reply(status())


def status() -> dict[str, Any]:
    """Numbers: times in seconds, sizes in bytes."""
    from attnviz.ui import cache, warmup
    from attnviz.ui.kept import Kept

    kept = {name: each for name, each in vars(cache).items() if isinstance(each, Kept)}
    progress = warmup.progress
    return {
        "version": __version__,
        "up": round(time.monotonic() - _STARTED),
        "ready": progress.finished.is_set(),
        "warming": {"done": progress.done, "total": progress.total, "now": progress.current},
        "visitors": guard.visitors(),
        "most_visitors": full.most(),
        "requests": {"inside": api.WORK.inside, "refused": api.WORK.refused},
        "kept": {name: {"bytes": each.bytes, "most": each.budget} for name, each in sorted(kept.items())},
        "memory": _resident(),
    }


def _resident() -> int | None:
    """Bytes of this process in memory; None where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as pages:
            return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


ROUTES = [Route("/api/health", Health), Route("/api/ready", Ready), Route("/api/status", Status)]
