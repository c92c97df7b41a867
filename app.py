"""What `streamlit run app.py` starts: the page, its models warming in the background, and the JSON routes."""

from pathlib import Path

import attnviz.ui  # noqa: F401  first: it says what to install where Streamlit is missing

# isort: split
import streamlit as st
from starlette.middleware import Middleware

from attnviz.api import ROUTES
from attnviz.ui import serving

serving.prepare()


def on_script_error(_: Exception) -> bool:
    """Say it in the user's language; the details are in the log."""
    from attnviz.ui import words

    return words.apologise()


app = st.App(
    Path(__file__).parent / "attnviz" / "ui" / "main.py",
    lifespan=serving.lifespan,
    routes=[*serving.ROUTES, *ROUTES],
    middleware=[Middleware(serving.Guard)],
    on_script_error=on_script_error,
)
