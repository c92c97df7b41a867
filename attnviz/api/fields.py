"""What is asked for: fields of an address or of a body, checked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.requests import Request

from attnviz.errors import InputError

#: Largest request body, in bytes: far more than any model reads, and cut into words in about a second.
MAX_BODY = 200_000

#: Seconds a body may take to come.
BODY_SECONDS = 20.0


async def from_query(request: Request) -> dict[str, Any]:
    """Those of the address."""
    return dict(request.query_params)


async def from_body(request: Request) -> dict[str, Any]:
    """Those of a JSON object.

    Raises:
        InputError: `body_too_large`, `slow_request`, `bad_json`.
    """
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise InputError("body_too_large", limit=MAX_BODY)
    except TimeoutError:
        raise InputError("slow_request", seconds=round(BODY_SECONDS)) from None
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("bad_json") from None
    if not isinstance(values, dict):
        raise InputError("bad_json")
    return values


def codes(values: dict[str, Any]) -> list[str]:
    """Codes of operations: in one string with blanks between them, or a list."""
    given = values.get("edits") or []
    codes = given.split() if isinstance(given, str) else given
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise InputError("missing_field", field="edits")
    return codes


def index(values: dict[str, Any], name: str) -> int | None:
    """A whole number, or None where it is not given; raises `not_a_number`."""
    value = values.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, (bool, float)):
            raise ValueError
        return int(value)
    except (TypeError, ValueError):
        raise InputError("not_a_number", field=name, received=str(value)[:80]) from None
