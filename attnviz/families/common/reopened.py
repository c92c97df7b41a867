"""Traces from the JSON that this library wrote."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

from attnviz.errors import InputError
from attnviz.scenes import Scene
from attnviz.trace import AttentionTrace, Picture


def reopened(content: bytes) -> list[AttentionTrace]:
    """The traces of a file; `export.read_json` says which.

    Raises:
        InputError: `not_a_trace`: it is no such file, or what it says is not sound; the message says what.
    """
    try:
        data = json.loads(content.decode("utf-8-sig"), object_hook=_whole)
    except (ValueError, RecursionError) as error:
        raise InputError("not_a_trace", cause=str(error)[:200]) from error
    listed = data if isinstance(data, list) else [data]
    return [_seen(AttentionTrace.from_dict(_object(each))) for each in listed]


def _whole(data: dict[str, Any]) -> dict[str, Any]:
    """The same without halves of characters, which JSON can hold and nothing can show."""
    return {key: _text(value) if isinstance(value, str) else _texts(value) for key, value in data.items()}


def _texts(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [_text(each) if isinstance(each, str) else each for each in value]
    return value


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise InputError("not_a_trace", cause=type(data).__name__)
    return data


def _seen(trace: AttentionTrace) -> AttentionTrace:
    """The same with its scene drawn, if it is of one."""
    if isinstance(trace.source, Picture):
        with suppress(InputError):
            return replace(trace, source=Scene(trace.source.code))
    return trace
