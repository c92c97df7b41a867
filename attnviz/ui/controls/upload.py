"""A model of one's own through the page: only where the operator of a local server has switched it on."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.ui import actions, models, session
from attnviz.ui.context import Context
from attnviz.ui.serving import uploads
from attnviz.ui.words import literal


def upload(context: Context) -> None:
    """Draw the form, if it is switched on; say why not, if others may reach the server or the visitor is elsewhere."""
    if os.environ.get(uploads.SWITCH) != "1":
        return
    if not uploads.offered():
        st.caption(literal(context.t("upload.not_local")))
        return
    with st.expander(context.t("upload.title"), key="upload", expanded=session.held().upload is not None):
        st.write(literal(context.t("upload.text")))
        st.file_uploader(
            context.t("upload.files"),
            ["zip", "keras", "txt", "json", "md"],
            accept_multiple_files=True,
            key="upload-files",
            max_upload_size=uploads.MEGABYTES,
        )
        st.button(context.t("upload.button"), key="upload-button", icon=":material/upload:", on_click=_add)
        outcome, session.held().upload = session.held().upload, None
        if isinstance(outcome, AttnvizError):
            st.error(literal(outcome.message(context.language)))
        elif outcome:
            st.success(literal(context.t("upload.added", name=outcome)))


def _add() -> None:
    """Check what was sent, keep it, and show it."""
    (sent,) = session.values(("upload-files",))
    if not uploads.offered() or not sent:
        return
    try:
        files = {PurePosixPath(each.name).name: each.getvalue() for each in sent}
        name = models.add(files)
    except AttnvizError as error:
        session.held().upload = error
        return
    session.held().upload = name
    actions.open_model(name)
    card = models.card(name)
    if card.closed:
        session.change(text=card.examples[0])
