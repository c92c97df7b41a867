"""What a view says about itself: one sentence, and the rest behind “more”."""

from __future__ import annotations

import re

import streamlit as st

from attnviz.ui.context import Context

#: The end of a sentence with what follows it; a point within a number ends none.
_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])\s*(?=\S)")


def first(words: str) -> tuple[str, str]:
    """The first sentence, and all others.

    >>> first("Weights of 0.5. And more. Much more.")
    ('Weights of 0.5.', 'And more. Much more.')
    >>> first("重みです。\\n\\n続きです。")
    ('重みです。', '続きです。')
    """
    sentence, *others = _END.split(words, maxsplit=1)
    return sentence, "".join(others)


def told(context: Context, key: str, words: str) -> None:
    """Draw the first sentence, and a button that opens the others.

    Args:
        context: The page.
        key: Unique in the view.
        words: Markdown, of the catalogue.
    """
    sentence, others = first(words)
    with st.container(key=f"told-{key}", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(sentence, width="content")
        if others:
            with st.popover(context.t("page.more"), type="tertiary", key=f"more-{key}"):
                st.markdown(others)
