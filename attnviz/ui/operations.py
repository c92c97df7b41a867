"""The list of operations on the weights: what was done, undone and may be done again.

The list is a field of the state (`edits`); the steps back and forward belong to the session.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attnviz.analysis.surgery.codes import MAX_OPERATIONS, Operation, parse
from attnviz.errors import InputError
from attnviz.ui import session
from attnviz.ui.session import Codes


def listed() -> tuple[Operation, ...]:
    """The operations as they stand."""
    return tuple(parse(code) for code in _edits())


def steps() -> tuple[bool, bool]:
    """Whether there is a step back, and one forward again."""
    page = session.held()
    return bool(page.before), bool(page.after)


def add(operation: Operation) -> None:
    """One operation more; a weight set once more takes the place of the last setting."""
    edits = _edits()
    last = parse(edits[-1]) if edits else None
    if last is not None and last.name == operation.name == "set" and _place(last) == _place(operation):
        session.held().after = ()
        session.change(edits=(*edits[:-1], operation.code))
    elif len(edits) < MAX_OPERATIONS:
        _become((*edits, operation.code))


def remove(index: int) -> None:
    """Take one operation out."""
    edits = _edits()
    if 0 <= index < len(edits):
        _become((*edits[:index], *edits[index + 1 :]))


def reset() -> None:
    """Back to the model's own; undo brings everything back."""
    if _edits():
        _become(())


def undo() -> None:
    """One step back."""
    page = session.held()
    if page.before:
        *page_before, edits = page.before
        page.before, page.after = tuple(page_before), (*page.after, _edits())
        session.change(edits=edits)


def redo() -> None:
    """One step forward again."""
    page = session.held()
    if page.after:
        *page_after, edits = page.after
        page.before, page.after = (*page.before, _edits()), tuple(page_after)
        session.change(edits=edits)


def weight_set(event: Mapping[str, Any] | None, renormalise: bool) -> None:
    """A weight was dragged or typed.

    Args:
        event: `place` (of the row, as in a code), `key` and `value`, from the browser; what makes no code is passed
            over.
        renormalise: Whether the rest of the row is scaled.
    """
    operation = made(event, renormalise)
    if operation is not None:
        add(operation)


def made(event: Mapping[str, Any] | None, renormalise: bool) -> Operation | None:
    """The operation that sets a weight; None for what is none."""
    if not event:
        return None
    try:
        value = float(event["value"])
        if math.isnan(value):
            return None
        value = max(0.0, min(value, 1.0 if renormalise else 1000.0))
        word = "" if renormalise else "-alone"
        return parse(f"set-{event['place']}K{int(event['key'])}-{value:.4f}{word}")
    except (InputError, KeyError, TypeError, ValueError):
        return None


def _edits() -> Codes:
    edits: Codes = session.held().asked.edits
    return edits


def _become(edits: Codes) -> None:
    page = session.held()
    page.before, page.after = (*page.before, _edits()), ()
    session.change(edits=edits)


def _place(operation: Operation) -> tuple[Any, ...]:
    return operation.block, operation.layers, operation.heads, operation.queries, operation.keys, operation.word
