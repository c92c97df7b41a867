"""The list of operations on the weights in a session: what was done, undone and may be done again.

The address carries the list (`edits`); the steps back and forward belong to the session.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from attnviz.analysis.surgery.codes import MAX_OPERATIONS, Operation, joined, parse, parse_all
from attnviz.errors import InputError
from attnviz.trace import Notice

Codes = tuple[str, ...]


def adopt(given: str) -> list[Notice]:
    """Take over a list from an address; what is no operation is left out, and one notice tells all of it."""
    session = st.session_state
    operations, errors = parse_all(given)
    session.edits = tuple(operation.code for operation in operations)
    session.edits_before = [session.edits[:count] for count in range(len(session.edits))]
    session.edits_after = []
    if not errors:
        return [] if operations or not given else [Notice("address", {"name": "edits", "received": given[:80]})]
    received = ", ".join(dict.fromkeys(f"{error.parameters['received']}" for error in errors))
    expected = "; ".join(dict.fromkeys(str(error.parameters.get("expected", MAX_OPERATIONS)) for error in errors))
    return [Notice("bad_edits", {"name": "edits", "received": received[:200], "expected": expected[:400]})]


def listed() -> tuple[Operation, ...]:
    """The operations as they stand."""
    return tuple(parse(code) for code in st.session_state.edits)


def add(operation: Operation) -> None:
    """One operation more; a weight set once more takes the place of the last setting."""
    session = st.session_state
    last = parse(session.edits[-1]) if session.edits else None
    if last is not None and last.name == operation.name == "set" and _place(last) == _place(operation):
        session.edits = (*session.edits[:-1], operation.code)
        session.edits_after = []
    elif len(session.edits) < MAX_OPERATIONS:
        _become((*session.edits, operation.code))


def remove(index: int) -> None:
    """Take one operation out."""
    edits = st.session_state.edits
    if 0 <= index < len(edits):
        _become((*edits[:index], *edits[index + 1 :]))


def reset() -> None:
    """Back to the model's own; undo brings everything back."""
    if st.session_state.edits:
        _become(())


def undo() -> None:
    """One step back."""
    _step("edits_before", "edits_after")


def redo() -> None:
    """One step forward again."""
    _step("edits_after", "edits_before")


def weight_set(event: Mapping[str, Any] | None, renormalise: bool) -> None:
    """A weight was dragged or typed.

    Args:
        event: `place` (of the row, as in a code), `key` and `value`, from the browser; what makes no code is passed
            over.
        renormalise: Whether the rest of the row is scaled.
    """
    if not event:
        return
    try:
        value = float(event["value"])
        if math.isnan(value):
            return
        value = max(0.0, min(value, 1.0 if renormalise else 1000.0))
        word = "" if renormalise else "-alone"
        add(parse(f"set-{event['place']}K{int(event['key'])}-{value:.4f}{word}"))
    except (InputError, KeyError, TypeError, ValueError):
        return


def text() -> str:
    """The codes in one string."""
    return joined(listed())


def _become(edits: Codes) -> None:
    session = st.session_state
    session.edits_before = [*session.edits_before, session.edits]
    session.edits_after = []
    session.edits = edits


def _step(source: str, target: str) -> None:
    session = st.session_state
    if session[source]:
        session[target] = [*session[target], session.edits]
        session.edits = session[source][-1]
        session[source] = session[source][:-1]


def _place(operation: Operation) -> tuple[Any, ...]:
    return operation.block, operation.layers, operation.heads, operation.queries, operation.keys, operation.word
