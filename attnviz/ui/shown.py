"""From what is asked for to what is shown: sentences are run, what has no meaning is dropped, a view is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from attnviz.errors import AttnvizError, InputError, ServerError
from attnviz.tokenizers import clean
from attnviz.trace import AttentionTrace, Notice
from attnviz.ui import offers
from attnviz.ui.context import Context, Row, View
from attnviz.ui.controls.sampling import sampling_of
from attnviz.ui.desk import Desk
from attnviz.ui.fields import Facts
from attnviz.ui.settings import MAX_SENTENCES, path_text, sentences
from attnviz.ui.state import State
from attnviz.ui.way import Way


@dataclass(frozen=True)
class Shown:
    """One moment of the page, ready to be drawn.

    Attributes:
        own: The page with the model's own computation.
        context: The same after the operations on the weights, where they are wanted in all views.
        view: The view that is drawn.
        fitting: All views that could be.
        address: The state as the address has it: what was left to the page is left to it, and a view that cannot be
            drawn now is still asked for.
        path_led_nowhere: Set where the chosen tokens are none of this sentence and model.
        failed: Why the view cannot be settled now; it is not drawn, and all else is.
    """

    own: Context
    context: Context
    view: View
    fitting: Sequence[View]
    address: State
    path_led_nowhere: Notice | None = None
    failed: ServerError | None = None

    @property
    def drawn(self) -> Context:
        """What the view draws."""
        return self.own if self.view.unedited else self.context


def show(asked: State, facts: Facts, views: Sequence[View], theme: str) -> Shown:
    """Run what is asked for, and settle everything else by it.

    Args:
        asked: Of a model that there is.
        facts: What there is.
        views: In the order in which one that does not fit gives way.
        theme: A key of `figures.style.THEMES`.
    """
    card, offered = facts.cards[asked.model], offers.of_model(asked.model)
    state = asked.settle(facts, offered)
    desk = Desk(asked.model, state.said if "said" in offered else "")
    if state.sentence > len(_sentences(state)):
        state = state.replace(sentence=1)
    goes_on = "continues" in offers.of_model(asked.model)
    rows, problem = _rows(state, desk, goes_on)
    if problem is not None:
        asked = asked.replace(path=(), at=-1)
        state = state.replace(path=(), at=-1)
    usable = [row for row in rows if row.trace is not None]
    selected = next((row for row in usable if row.number == state.sentence), usable[0] if usable else None)
    way = _way(state, selected.number if selected else state.sentence, goes_on)
    block = state.block or None
    own = Context(state.lang, theme, card, state, desk, rows, selected, block=block, way=way)
    own = own.at(state.layer, state.head, state.query)
    if selected is not None:
        abilities = offers.of_trace(asked.model, own.trace, own.whole, own.focus)
        fitting = [view for view in views if view.fits(abilities)]
        state = asked.settle(facts, abilities, [view.key for view in fitting])
        own = replace(own, state=state, abilities=abilities)
    else:
        fitting = [view for view in views if view.fits(())]
    view = next((each for each in fitting if each.key == asked.view), fitting[0])
    context = _operated(own)
    failed = None
    try:
        changes = _settled(own if view.unedited else context, view)
    except ServerError as error:  # of the view alone: all else is there
        changes, failed = _settled(context, replace(view, settle=None)), error
    defaults = state.defaults(facts)
    met = {name: value for name, value in changes.items() if state.values[name] != defaults[name]}
    address = state.replace(**{**met, "view": asked.view})
    own, context = (each.having(**changes) for each in (own, context))
    return Shown(own, context, view, fitting, address, problem, failed)


def _settled(context: Context, view: View) -> dict[str, Any]:
    """What the fields become that were left to the page, or asked for something that is not there."""
    changes: dict[str, Any] = {"view": view.key}
    if context.selected is not None:
        focus = context.focus.own(context.trace)
        changes["sentence"] = context.selected.number
        changes["block"] = focus.block if len(context.trace.blocks) > 1 else ""
        changes |= {"layer": focus.layer, "head": focus.head, "query": focus.query}
        if context.looking is not None:
            layers, heads, _, _ = context.looking.shape
            there = {f"{layer}.{head}" for layer in range(1, layers + 1) for head in range(1, heads + 1)}
            changes["cross"] = tuple(each for each in context.state.cross if each in there)
    if view.settle is not None:
        changes |= view.settle(context)
    return changes


def _sentences(state: State) -> list[str]:
    return list(sentences(state.text)[:MAX_SENTENCES])


def _way(state: State, number: int, goes_on: bool) -> Way:
    """How what is written about a sentence comes about: what was chosen or typed is of the selected one."""
    drawn = sampling_of(state) if state.sampled and state.beam == 1 else None
    how: dict[str, Any] = {"beam": state.beam, "sampling": drawn, "length": state.length} if goes_on else {}
    own = how or {"beam": state.beam}
    return Way(state.path, state.own, **own) if number == state.sentence else Way(**own)


def _rows(state: State, desk: Desk, goes_on: bool) -> tuple[list[Row], Notice | None]:
    """The sentences and their traces; a notice if the path of chosen tokens was left out, as it leads nowhere."""
    rows, problem = [], None
    for number, text in enumerate(_sentences(state), start=1):
        way, cleaned = _way(state, number, goes_on), clean(text).text
        try:
            try:
                own = desk.trace(text, way=way)
            except InputError as error:
                if not way.path or error.code not in ("no_such_index", "no_such_token"):
                    raise
                problem = Notice("address", {"name": "path", "received": path_text(way.path)[:80]})
                own = desk.trace(text, way=replace(way, path=()))
            rows.append(Row(number, cleaned, desk.read(own, state.special, state.pieces), whole=own))
        except AttnvizError as error:
            rows.append(Row(number, cleaned, None, error))
    return rows, problem


def _operated(context: Context) -> Context:
    """The page after the operations on the weights, where they are wanted in all views."""
    state = context.state
    if not (state.edited and state.edits) or context.selected is None or "writes" in context.abilities:
        return context
    rows = []
    for row in context.rows:
        if row.trace is not None:
            trace: AttentionTrace = context.desk.surgery(row.text, state.edits)[0].trace
            row = replace(row, trace=context.read(trace), whole=trace)
        rows.append(row)
    return replace(context, rows=rows, selected=next(row for row in rows if row.number == context.selected.number))
