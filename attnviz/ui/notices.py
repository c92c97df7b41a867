"""What is to be said about what was asked for and what came of it, on one line near the top of the page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from attnviz.figures import describe
from attnviz.trace import Notice
from attnviz.ui import operations
from attnviz.ui.context import Context
from attnviz.ui.settings import MAX_SENTENCES, sentences
from attnviz.ui.views.surgery_words import said
from attnviz.ui.words import literal

#: Characters that find room on the line of a laptop; what is longer stands in full behind “more”.
_LINE = 110


def notices(context: Context, problems: Sequence[Notice]) -> None:
    """Draw the line, where there is something to say.

    Args:
        context: The page.
        problems: What is to be said about the address.
    """
    found = _found(context, problems)
    if not found:
        return
    with st.container(key="notices-line", horizontal=True, vertical_alignment="center", gap="small"):
        for words in found:
            st.caption(f":material/info: {words}")
        if sum(map(len, found)) > _LINE:
            with st.popover(context.t("page.more"), type="tertiary", key="notices-more"):
                for words in found:
                    st.markdown(words)


def _found(context: Context, problems: Sequence[Notice]) -> list[str]:
    general = list(problems)
    extra = len(sentences(context.state.text)) - MAX_SENTENCES
    if extra > 0:
        general.append(Notice("lines_left", {"limit": MAX_SENTENCES, "left": extra}))
    found = [notice.message(context.language) for notice in general]
    many = len(context.rows) > 1
    for row in context.rows:
        if row.trace is not None:
            prefix = context.t("page.sentence_number", number=row.number) if many else ""
            told = [_told(context, notice) for notice in row.trace.notices]
            own = len(told) if row.whole is None else len(row.whole.notices)
            hidden = describe.hidden(row.trace, context.focus_of(row.trace), context.language)
            reading = " ".join([hidden, *told[own:]]).strip()  # all that a reading did, in one place
            found += [f"{prefix}{words}" for words in (*told[:own], reading) if words]
    return [literal(words) for words in found]


def _told(context: Context, notice: Notice) -> str:
    """A notice in words; operations on the weights as the page says them, not by their codes."""
    if notice.code != "edited":
        return notice.message(context.language)
    listed = [said(context, context.models_own, operation) for operation in operations.listed()]
    return context.t("notices.edited", codes=context.t("alt.separator").join(listed))
