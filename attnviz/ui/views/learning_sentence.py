"""The sentence whose training is looked at: the selected one where it was recorded, or one of the recorded ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.figures import describe
from attnviz.trace import Picture
from attnviz.ui.context import Context
from attnviz.ui.fields import index

if TYPE_CHECKING:
    from attnviz.families.learning import Learning


#: Which recorded sentence; -1 is the selected one, or the first.
LEARNED = index("learned", "model")


def settle(context: Context, learned: Learning, look: int) -> dict[str, int]:
    """Bring the chosen sentence and its row to where there is something."""
    chosen = context.state.learned if context.state.learned < len(learned.sentences) else -1
    shown = at(context.having(learned=chosen), learned, look)
    focus = shown.focus.own(shown.trace)
    return {"learned": chosen, "layer": focus.layer, "head": focus.head, "query": focus.query}


def sentence(context: Context, learned: Learning) -> int:
    """Which sentence is shown."""
    chosen: int = context.state.learned
    return chosen if chosen >= 0 else _selected(context, learned)[0]


def choose_sentence(context: Context, learned: Learning) -> None:
    """Draw the choice; what is chosen is the field `learned`, -1 for the selected one."""
    first, own = _selected(context, learned)
    kind = "_picture" if isinstance(context.whole.source, Picture) else ""
    st.selectbox(
        context.t("learning.sentence"),
        range(-1, len(learned.sentences)),
        format_func=lambda at: (
            _named(context, learned, at)
            if at >= 0
            else context.t(f"learning.{'same' if own else 'other'}{kind}", text=_named(context, learned, first))
        ),
        key="learned",
        help=context.t("learning.sentence_help"),
    )


def _named(context: Context, learned: Learning, number: int) -> str:
    """A recorded sentence, or the things in a recorded picture."""
    return describe.source(learned.traces[number][-1], context.language)


def at(context: Context, learned: Learning, look: int) -> Context:
    """The page as if the recorded sentence, at a look, were the selected one."""
    own = learned.traces[sentence(context, learned)][look]
    assert context.selected is not None
    return replace(context, selected=replace(context.selected, text=own.text, trace=context.read(own), whole=own))


def _selected(context: Context, learned: Learning) -> tuple[int, bool]:
    """The selected sentence's number, and that it was recorded; if not, the first one's."""
    texts = [looks[-1].text for looks in learned.traces]
    text = "" if context.selected is None else context.whole.text
    return (texts.index(text), True) if text in texts else (0, False)
