"""A model of one's own through the page: only where the operator of a local server has switched it on."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.ui import actions, models, session
from attnviz.ui.context import Context
from attnviz.ui.words import literal

#: Set to 1 by the operator.
SWITCH = "ATTNVIZ_UPLOAD"

#: Addresses that only the machine itself can reach.
_LOCAL = ("localhost", "127.0.0.1", "::1")

_MEGABYTES = 500


def upload(context: Context) -> None:
    """Draw the form, if it is switched on; say why not, if others may reach the server."""
    if os.environ.get(SWITCH) != "1":
        return
    if st.get_option("server.address") not in _LOCAL:
        st.caption(literal(context.t("upload.not_local")))
        return
    with st.expander(context.t("upload.title"), key="upload", expanded=session.held().upload is not None):
        st.write(literal(context.t("upload.text")))
        st.file_uploader(
            context.t("upload.files"),
            ["zip", "keras", "txt", "json", "md"],
            accept_multiple_files=True,
            key="upload-files",
            max_upload_size=_MEGABYTES,
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
    if os.environ.get(SWITCH) != "1" or st.get_option("server.address") not in _LOCAL or not sent:
        return
    try:
        files = {PurePosixPath(each.name).name: each.getvalue() for each in sent}
        name = models.add(files)
    except AttnvizError as error:
        session.held().upload = error
        return
    session.held().upload = name
    actions.open_model(name)
