"""The page. The only Streamlit code: without Streamlit, importing it says what to install."""

from attnviz.errors import ExtraError

try:
    import starlette  # noqa: F401
    import streamlit  # noqa: F401
except ImportError as error:
    raise ExtraError("app_missing", cause=str(error)) from error
