"""Everything that can be taken home, in one place that closes: the picture of the sentences, files, how to cite."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from attnviz import export
from attnviz.errors import AttnvizError
from attnviz.export import handout, offline
from attnviz.figures import describe
from attnviz.ui import session, translation
from attnviz.ui.components.figure_tools import figure_tools
from attnviz.ui.context import Context
from attnviz.ui.lecture_join import frame, link
from attnviz.version import __version__


def downloads(context: Context, address: Mapping[str, str]) -> None:
    """Draw it behind a button.

    Args:
        context: The page.
        address: Its parameters.
    """
    with st.popover(context.t("downloads.title"), icon=":material/download:", key="export"):
        if translation.shows(context):
            name, alt = "translation", translation.in_words(context)
        else:
            name, alt = "sentence", describe.many(context.traces, context.language)
        st.caption(context.t("downloads.picture"))
        figure_tools(context, "stage-box", f"attnviz-{context.card.name}-{name}", alt)
        if context.selected is None:
            return
        st.caption(context.t("downloads.files"))
        _files(context, address)
        st.caption(context.t("downloads.frame"))
        st.code(frame(st.context.url or "", address), language="html", wrap_lines=True)
        st.caption(context.t("downloads.cite"))
        st.code(export.citation(context.card), language="bibtex", wrap_lines=True)


def _files(context: Context, address: Mapping[str, str]) -> None:
    name = f"attnviz-{context.card.name}{'-edited' * context.edited}"
    traces, drawn, words = context.traces, session.held().drawn, _words(context)

    def page() -> bytes:
        # Asked for when it is clicked, and then holds all that this run has drawn.
        return offline.page(list(drawn.values()), words, language=context.language, appearance=context.theme)

    with st.container(key="downloads", horizontal=True, vertical_alignment="center", gap="small"):
        for kind, mime, make in (
            ("handout", "text/html", lambda: _handout(context, address)),
            ("csv", "text/csv", lambda: export.csv(traces)),
            ("json", "application/json", lambda: export.json(traces)),
            ("html", "text/html", page),
        ):
            st.download_button(
                context.t(f"downloads.{kind}"),
                data=make,
                file_name=f"{name}.{kind}" if kind != "handout" else f"{name}-handout.html",
                mime=mime,
                key=f"download-{kind}",
                on_click="ignore",
            )


def _handout(context: Context, address: Mapping[str, str]) -> bytes:
    """Two sheets about the selected sentence, which the visitor's browser prints."""
    chosen, steps = context.focus.own(context.trace), None
    if context.selected is not None and context.abilities & {"explains", "steps"}:
        with suppress(AttnvizError):  # of this row it tells nothing
            steps = context.desk.explain(context.selected.text, chosen, context.written)
    own = handout.Own(context.models_own, chosen, steps)
    live = link(st.context.url or "", address)
    return handout.page(context.trace, context.card, own, context.focus, address=live, language=context.language)


def _words(context: Context) -> offline.Words:
    """What stands around the drawings in a file of them."""
    model = context.card.in_language("title", context.language) or context.card.name
    notices = [notice.message(context.language) for trace in context.traces for notice in trace.notices]
    marked = [context.t("surgery.marked")] if context.edited else []
    view = context.t(f"views.{context.state.view}")
    made = context.t("export.made", version=__version__, model=context.card.name)
    return offline.Words(f"{model} – {view}", (context.state.text, *marked, *notices), (made,))
