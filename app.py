"""What `streamlit run app.py` starts: the page, its models warming in the background, and the JSON routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attnviz.ui  # noqa: F401  first: it says what to install where Streamlit is missing

# isort: split
import streamlit as st

from attnviz.api import ROUTES


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Load TensorFlow and the models before the first visitor needs them."""
    from attnviz.ui import warmup

    warmup.start()
    yield


def on_script_error(_: Exception) -> bool:
    """Say it in the user's language; the details are in the log."""
    from attnviz.ui import words

    return words.apologise()


app = st.App(
    Path(__file__).parent / "attnviz" / "ui" / "main.py",
    lifespan=lifespan,
    routes=ROUTES,
    on_script_error=on_script_error,
)
