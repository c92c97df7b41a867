"""Traces from the JSON that this library wrote."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from attnviz.errors import InputError
from attnviz.scenes import Scene
from attnviz.trace import AttentionTrace, Picture


def read_json(source: str | Path | bytes) -> list[AttentionTrace]:
    """The traces of a JSON file, as the page, the command line, `export.json` and `AttentionTrace.to_json` write it.

    A composed scene has its picture again; of any other picture, whose pixels JSON does not hold, a grey one of its
    size stands in the place.

    Args:
        source: Path of a file, or its bytes.

    Raises:
        InputError: `not_a_trace`: it is no such file, or what it says is not sound; the message says what.

    >>> import attnviz
    >>> trace = attnviz.load("topics-en").trace("book a table")
    >>> read_json(attnviz.export.json([trace]))[0].text
    'book a table'
    """
    try:
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        data = json.loads(content.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("not_a_trace", cause=str(error)[:200]) from error
    listed = data if isinstance(data, list) else [data]
    return [_seen(AttentionTrace.from_dict(_object(each))) for each in listed]


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
