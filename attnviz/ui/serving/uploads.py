"""Who may send a model: somebody at this machine, where its operator has switched it on, and nobody else."""

from __future__ import annotations

import os
import re
import threading

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.ui.serving import hosts

#: Set to 1 by the operator.
SWITCH = "ATTNVIZ_UPLOAD"

#: Largest upload, in megabytes: a model and what belongs to it.
MEGABYTES = 500

#: Addresses that only the machine itself can reach.
_LOCAL = ("localhost", "127.0.0.1", "::1")

_PATH = re.compile(r"/_stcore/upload_file/([^/]*)(?:/|$)")

_lock = threading.Lock()
_shown_to: dict[str, None] = {}

#: Sessions remembered that were shown the form.
_SESSIONS = 64


def wanted() -> bool:
    """Whether it is switched on, on a server that listens to this machine only."""
    return os.environ.get(SWITCH) == "1" and st.get_option("server.address") in _LOCAL


def offered() -> bool:
    """Whether the visitor whose page runs now is at this machine; from now on their session may send files."""
    context = get_script_run_ctx()
    if not wanted() or context is None:
        return False
    if st.runtime.exists():
        client = st.runtime.get_instance().get_client(context.session_id)
        peer = client.client_context.remote_ip if client is not None and client.client_context is not None else None
        headers = st.context.headers
        if not hosts.from_this_machine(peer, headers.get("Host"), headers.keys()):
            return False
    with _lock:
        _shown_to[context.session_id] = None
        while len(_shown_to) > _SESSIONS:
            _shown_to.pop(next(iter(_shown_to)))
    return True


def refused(path: str) -> bool:
    """Whether an address is one that files are sent to, of a session that was not shown the form."""
    found = _PATH.search(path)
    return found is not None and not (wanted() and found[1] in _shown_to)
