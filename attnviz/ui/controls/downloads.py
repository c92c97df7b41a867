"""Everything that is shown, as files, and how to cite it."""

from __future__ import annotations

import streamlit as st

from attnviz import export
from attnviz.ui.context import Context


def downloads(context: Context) -> None:
    """Draw the row of files at the foot of the page."""
    if context.selected is None:
        return
    name = f"attnviz-{context.card.name}{'-edited' * context.edited}"
    traces, language, names = context.traces, context.language, context.names
    with st.container(key="downloads", horizontal=True, vertical_alignment="center", gap="small"):
        for kind, mime, make in (
            ("csv", "text/csv", lambda: export.csv(traces)),
            ("json", "application/json", lambda: export.json(traces)),
            ("html", "text/html", lambda: export.html(traces, language=language, names=names)),
        ):
            st.download_button(
                context.t(f"downloads.{kind}"),
                data=make,
                file_name=f"{name}.{kind}",
                mime=mime,
                key=f"download-{kind}",
                on_click="ignore",
            )
        with st.popover(context.t("downloads.cite")):
            st.code(export.citation(context.card), language="bibtex", wrap_lines=True)
