"""Parquet files, where the package that reads and writes them is installed."""

from __future__ import annotations

from typing import Any

from attnviz.errors import ExtraError


def parquet() -> Any:
    """`pyarrow.parquet`.

    Raises:
        ExtraError: `corpus_extra`: it is not installed.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ExtraError("corpus_extra") from error
    return parquet
