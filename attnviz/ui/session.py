"""What Streamlit holds of a visitor between runs: read once when a run begins, written back once."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from attnviz.drawings import Drawing
from attnviz.errors import AttnvizError
from attnviz.figures import Figure
from attnviz.trace import Notice
from attnviz.ui import lecture_state
from attnviz.ui.fields import Facts
from attnviz.ui.state import State

_KEY = "attnviz"

#: Widgets that are drawn before a sentence has been run: they hold what was asked for.
EARLY = ("lang", "model")

#: Another one of these is a step of the browser's history.
STEPS = ("model", "view", "sentence", "lecture", "slide")

Codes = tuple[str, ...]


@dataclass
class Held:
    """One visitor's page.

    Attributes:
        facts: What there was in the latest run.
        asked: What the visitor asks for, also where it cannot be met now: it is met again as soon as it can be.
        shown: What the widgets were given in the latest run.
        applied: The text that was applied last; what is typed since is no step of the history.
        step: Rises with each applied sentence, and with another model, view or slide.
        version: Rises where the page itself puts another text into the box.
        stamp: Of the last thing the box sent.
        problems: What is to be said about the address, until the next entry.
        before: What `edits` was, to step back to,
        after: and to step forward to again.
        address: What was last written into the address bar, and its serial number.
        sent: Serial number and data of each component.
        slot: The view and the model that were drawn to their end last, and the place on the stage, 0 or 1.
        shared: What all views share as it was drawn last: of which model, and whether large.
        came: The part of the stage that was last covered, and how many have been.
        upload: What became of a model that was sent: its name, or why it was refused.
        drawn: What is drawn in the latest run, by its key on the page, in this order.
        first: Whether this may be a first visit: the address asked for nothing.
        joining: Whether the link to a lecture and its code are shown.
    """

    facts: Facts
    asked: State
    shown: State
    applied: str
    step: int = 0
    version: int = 1
    stamp: float = 0.0
    problems: tuple[Notice, ...] = ()
    before: tuple[Codes, ...] = ()
    after: tuple[Codes, ...] = ()
    address: tuple[Any, int] = (None, 0)
    sent: dict[str, tuple[int, Any]] = field(default_factory=dict)
    slot: tuple[str, int] = ("", 0)
    shared: tuple[str, bool] = ("", False)
    came: tuple[str, int] = ("", 0)
    upload: str | AttnvizError | None = None
    drawn: dict[str, Drawing | Figure] = field(default_factory=dict)
    first: bool = False
    joining: bool = False


def held() -> Held:
    """The visitor's page; only after `begin`."""
    found: Held = st.session_state[_KEY]
    return found


def begin(facts: Facts) -> Held:
    """Read the session, once a run: the address when it starts, then what the widgets hold."""
    if _KEY not in st.session_state:
        asked, problems = lecture_state.parse(dict(st.query_params), facts)
        first = not dict(st.query_params)
        st.session_state[_KEY] = Held(facts, asked, asked, asked.text, problems=problems, first=first)
        remember_steps()
    page = held()
    page.facts, page.drawn = facts, {}
    if page.asked.model not in facts.cards:
        page.asked = page.asked.change(facts, model=facts.field("model").default_of(page.asked.values, facts))
    _adopt(_chosen(page), by_widget=True)
    for name in EARLY:
        st.session_state[name] = page.asked.values[name]
    return page


def write_back(shown: State) -> None:
    """Give the widgets what is shown, before they are drawn; also those that are not, which would be forgotten."""
    held().shown = shown
    for name, value in shown.values.items():
        if name not in EARLY:
            st.session_state[name] = value


def change(**changes: Any) -> None:
    """Change the state, in a callback or before its widgets are drawn: the one way to do so."""
    _adopt(changes)


def open_address(parameters: Mapping[str, Any]) -> None:
    """Take over another address of the page."""
    page = held()
    asked, page.problems = lecture_state.parse(parameters, page.facts)
    page.applied, page.version = asked.text, page.version + 1
    _hold(asked)
    remember_steps()


def typed(text: str, applied: bool) -> None:
    """The box holds another text; it knows it already."""
    page = held()
    known = page.applied, page.version
    _adopt({"text": text})
    page.applied, page.version = known
    if applied:
        page.applied, page.step = text, page.step + 1


def applied() -> bool:
    """Whether what is shown has been applied, and is not still being typed."""
    return bool(held().asked.text == held().applied)


def values(names: Sequence[str]) -> tuple[Any, ...]:
    """What widgets hold at this moment, in a part of the page that runs alone."""
    return tuple(st.session_state[name] for name in names)


def event(key: str, name: str) -> Any:
    """What a component or a chart last sent; None before the first."""
    found = st.session_state.get(key)
    return found.get(name) if found else None


def within(key: str, options: Collection[Any]) -> None:
    """Put a widget that is no field back to the first of its options, if it holds none of them."""
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state[key] = next(iter(options))


def serial(key: str, data: object) -> int:
    """A number that rises with what a component is sent: a page that reconnects after a restart knows the last."""
    number, before = held().sent.get(key, (0, None))
    if data != before:
        number = max(number + 1, time.time_ns() // 1_000_000)
        held().sent[key] = (number, data)
    return number


def drew(key: str, drawing: Drawing | Figure) -> None:
    """Remember what is drawn, for files of what is on the page."""
    held().drawn[key] = drawing


def _chosen(page: Held) -> dict[str, Any]:
    """What the visitor chose by widgets since the latest run; what is no code of its field is passed over."""
    chosen: dict[str, Any] = {}
    held = st.session_state.to_dict()  # once: each look at it is one through Streamlit's locks
    for each in page.facts.fields:
        now, shown = held.get(each.name), page.shown.values.get(each.name)
        if each.name not in held or now == shown:
            continue
        try:
            chosen[each.name] = each.accept(now, page.facts)
        except ValueError:
            continue
    return {name: value for name, value in chosen.items() if value != page.shown.values.get(name)}


def _adopt(changes: Mapping[str, Any], by_widget: bool = False) -> None:
    """Take over a choice with all that hangs on it."""
    page = held()
    together = {
        other: page.shown.values[other]
        for each in page.facts.fields
        if each.name in changes and by_widget
        for other in each.together
    }
    before = page.asked
    asked = lecture_state.turned(before, before.change(page.facts, **{**together, **changes}), page.facts)
    if asked.text != before.text:
        page.applied, page.version = asked.text, page.version + 1
    if asked.edits != before.edits and "edits" not in changes:
        page.before, page.after = (), ()
    if any(asked.values[name] != before.values[name] for name in STEPS):
        # What has been typed so far belongs to it.
        page.applied, page.step = asked.text, page.step + 1
    _hold(asked)


def _hold(asked: State) -> None:
    """Let the widgets hold what is asked for now wherever that is something else."""
    page = held()
    new = {name: value for name, value in asked.values.items() if value != page.asked.values.get(name)}
    page.asked = asked
    page.shown = page.shown.replace(**new)
    for name, value in new.items():
        st.session_state[name] = value


def remember_steps() -> None:
    """A list of operations that came as a whole can be undone one by one."""
    page, edits = held(), held().asked.edits
    page.before, page.after = tuple(edits[:count] for count in range(len(edits))), ()
