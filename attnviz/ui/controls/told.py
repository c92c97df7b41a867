"""What a view says about itself: one sentence, and the rest behind “more”."""

from __future__ import annotations

import re

import streamlit as st

from attnviz.ui.context import Context

#: The end of a sentence with what follows it; a point within a number ends none.
_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])(?=\S)")


def told(context: Context, key: str, words: str) -> None:
    """Draw the first sentence, and a button that opens the others.

    Args:
        context: The page.
        key: Unique in the view.
        words: Markdown, of the catalogue.
    """
    first, *others = _END.split(words, maxsplit=1)
    with st.container(key=f"told-{key}", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(first, width="content")
        if others:
            with st.popover(context.t("page.more"), type="tertiary", key=f"more-{key}"):
                st.markdown(others[0])
