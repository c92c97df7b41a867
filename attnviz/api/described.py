"""What the interface takes and answers, in OpenAPI 3.1, for programs that are written or tested by it."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from attnviz import zoo
from attnviz.api.answers import Endpoint, reply
from attnviz.api.scenes import SIZES
from attnviz.scenes import KINDS, SIDE, STYLES
from attnviz.version import __version__

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}


class Described(Endpoint):
    """`GET /api/openapi.json`."""

    async def get(self, request: Request) -> Response:
        return reply(document(await run_in_threadpool(lambda: list(zoo.model_folders()))))


def document(models: list[str]) -> Schema:
    """The description.

    Args:
        models: Names of those that can be asked for.
    """
    fields = trace_fields(models)
    body = {"type": "object", "properties": fields, "required": ["model", "text"], "additionalProperties": False}
    code = {"name": "code", "in": "query", "required": True, "schema": _TEXT, "example": "meadow;dog@3,2"}
    size = {"type": "integer", "minimum": SIZES[0], "maximum": SIZES[1], "default": SIDE}
    return {
        "openapi": "3.1.0",
        "info": {"title": "attnviz", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": {
            "/api/models": {"get": _operation("What can be asked for, and what was refused", _LISTED)},
            "/api/trace": {
                "get": _operation("The attention of one text", _TRACE, [_asked(*each) for each in fields.items()]),
                "post": _operation("The same", _TRACE, body=body),
            },
            "/api/scene.webp": {
                "get": _operation("A scene as a picture", None, [code, _asked("size", size)]),
            },
            "/api/art/{style}/{kind}.webp": {
                "get": _operation(
                    "One thing, with alpha", None, [_in_path("style", list(STYLES)), _in_path("kind", list(KINDS))]
                ),
            },
            "/api/health": {"get": _operation("Whether requests are answered", _STATUS)},
            "/api/ready": {"get": _operation("Whether every model is warm; 503 until then", _STATUS)},
        },
        "components": {"schemas": {"Error": _ERROR}},
    }


def trace_fields(models: list[str]) -> dict[str, Schema]:
    """What may be asked of `/api/trace`, by name."""
    edits = {"type": "array", "items": _TEXT, "description": "Operations on weights, e.g. set-1-2-3-4-0.5"}
    return {
        "model": {"type": "string", "enum": models},
        "text": {"type": "string", "description": "A sentence, or the code of a scene"},
        "language": {"type": "string", "description": "Of a caption: en or ja"},
        "block": {"type": "string", "description": "Only this attention layer"},
        "layer": _COUNT,
        "head": _COUNT,
        "target": {"type": "string", "description": "A translation or caption to be read instead of written"},
        "edits": edits,
    }


_ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": _TEXT, "message": _TEXT},
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}
_LISTED: Schema = {
    "type": "object",
    "properties": {"models": {"type": "array"}, "refused": {"type": "array"}},
    "required": ["models", "refused"],
}
_BLOCK: Schema = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "kind": _TEXT,
        "shape": {"type": "array", "items": _COUNT},
        "query": {"type": "object"},
        "key": {"type": "object"},
        "weights": {"type": "array", "description": "Layers of heads of queries of keys; in each row the sum is 1"},
    },
    "required": ["name", "kind", "shape", "query", "key", "weights"],
}
_TRACE: Schema = {
    "type": "object",
    "properties": {
        "model": _TEXT,
        "text": _TEXT,
        "source": {"type": "object"},
        "output": {"type": ["object", "null"]},
        "notices": {"type": "array"},
        "blocks": {"type": "array", "items": _BLOCK},
    },
    "required": ["model", "text", "source", "notices", "blocks"],
}
_STATUS: Schema = {"type": "object", "properties": {"status": _TEXT}, "required": ["status"]}


def _operation(summary: str, answer: Schema | None, asked: Any = (), *, body: Schema | None = None) -> Schema:
    """One method of one address.

    Args:
        summary: What it gives.
        answer: The JSON of 200; None for a WebP picture.
        asked: Parameters.
        body: The JSON that is sent.
    """
    given = {"application/json": {"schema": answer}} if answer else {"image/webp": {}}
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    operation: Schema = {
        "summary": summary,
        "parameters": list(asked),
        "responses": {
            "200": {"description": summary, "content": given},
            "4XX": {"description": "What was asked for cannot be had: why", "content": refused},
            "503": {"description": "Busy or still warming: see Retry-After", "content": refused},
        },
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _asked(name: str, schema: Schema) -> Schema:
    listed = schema.get("type") == "array"
    how = {"schema": _TEXT, "description": "With blanks between them"} if listed else {"schema": schema}
    return {"name": name, "in": "query", "required": name in ("model", "text"), **how}


def _in_path(name: str, values: list[str]) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": values}}
