"""Models and traces over HTTP: the same JSON as the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from attnviz import zoo
from attnviz.api.answers import Endpoint, language_of, refusal, reply, told
from attnviz.api.described import trace_fields
from attnviz.api.fields import codes, from_body, from_query, index
from attnviz.api.work import Work
from attnviz.errors import AttnvizError, InputError, ModelError

_FIELDS = tuple(trace_fields([]))

#: Of all callers together.
WORK = Work()


class Models(Endpoint):
    """`GET /api/models`: what can be asked for, and which folders were refused and why."""

    async def get(self, request: Request) -> Response:
        cards, refused = await run_in_threadpool(lambda: (zoo.models(), zoo.problems()))
        language = language_of(request)
        return reply(
            {
                "models": [card.to_dict() for card in cards],
                "refused": [told(error, language) | {"folder": name} for name, error in refused.items()],
            }
        )


class Trace(Endpoint):
    """`GET` or `POST /api/trace`: the trace of one text."""

    async def get(self, request: Request) -> Response:
        return await _answer(request, from_query)

    async def post(self, request: Request) -> Response:
        return await _answer(request, from_body)


async def _answer(request: Request, read: Callable[[Request], Awaitable[dict[str, Any]]]) -> Response:
    try:
        values = await read(request)
        return await WORK.do(lambda: reply(_trace(values)))
    except AttnvizError as error:
        return refusal(error, request)


def _trace(values: dict[str, Any]) -> dict[str, Any]:
    from attnviz.analysis.surgery import operations  # pandas: not before the server answers

    unknown = sorted(set(values) - set(_FIELDS))
    if unknown:
        raise InputError("unknown_field", received=", ".join(map(str, unknown))[:200], expected=", ".join(_FIELDS))
    for name in ("model", "text"):
        if not isinstance(values.get(name), str):
            raise InputError("missing_field", field=name)
    for name in ("block", "target", "language"):
        if values.get(name) is not None and not isinstance(values[name], str):
            raise InputError("missing_field", field=name)
    layer, head = (index(values, name) for name in ("layer", "head"))
    if values["model"] not in zoo.model_folders():
        # A path is for people at the machine, not for the network.
        raise ModelError("no_such_model", received=values["model"][:200], expected=", ".join(zoo.model_folders()))
    model = zoo.load(values["model"])
    language = values.get("language") or ""
    trace = operations.traced(model, values["text"], codes(values), language, target=values.get("target"))
    return trace.to_dict(block=values.get("block"), layer=layer, head=head)
