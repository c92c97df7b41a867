"""JSON files of a folder that anybody may have made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError


def read_json(folder: Path, name: str, kind: type = dict) -> Any:
    """A JSON file of a folder; `hub_unreadable` if it is none, or not of that kind."""
    try:
        value = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError("hub_unreadable", source=folder.name, cause=f"{name}: {type(error).__name__}") from error
    if not isinstance(value, kind):
        raise ModelError("hub_unreadable", source=folder.name, cause=f"{name}: {type(value).__name__}")
    return value
