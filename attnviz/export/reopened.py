"""Traces from the JSON that this library wrote."""

from __future__ import annotations

from pathlib import Path

from attnviz.errors import InputError
from attnviz.families.common.reopened import reopened
from attnviz.trace import AttentionTrace


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
    except (OSError, ValueError) as error:
        raise InputError("not_a_trace", cause=str(error)[:200]) from error
    return reopened(content)
