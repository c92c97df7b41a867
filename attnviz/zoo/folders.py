"""Where model folders lie."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

#: The package itself: in a checkout the models stand beside it, in an installation inside.
PACKAGE = Path(__file__).resolve().parent.parent

#: Where in such a folder the models are that are shown beside another.
BESIDE = "beside"


def folders() -> list[Path]:
    """Where model folders are looked for, first come first served.

    `models/` beside the package (a checkout), the folder an installation puts them in, then every folder of
    `$ATTNVIZ_MODELS` (separated as in PATH), then the user's own, `own_folder`.
    """
    places = [
        PACKAGE.parent / "models",
        PACKAGE / "_models",
        Path(sys.prefix) / "share" / "attnviz" / "models",
    ]
    places += [Path(place) for place in os.environ.get("ATTNVIZ_MODELS", "").split(os.pathsep) if place]
    places.append(own_folder())
    return [place for place in places if place.is_dir()]


def own_folder() -> Path:
    """Where the user's own models lie when `$ATTNVIZ_MODELS` names no other place."""
    local = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_DATA_HOME")
    return (Path(local) if local else _home() / ".local" / "share") / "attnviz" / "models"


def _home() -> Path:
    """The user's; where there is no HOME and no name either, as in a container, a place that is forgotten with it."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(tempfile.gettempdir())


def model_folders() -> dict[str, Path]:
    """Every folder with a card in it, sound or not, by folder name."""
    return _with_cards(folders())


def beside_folders() -> dict[str, Path]:
    """Those of models that are not offered by themselves: each stands beside the model that its card calls `original`,
    which is the same but for one thing."""
    return _with_cards([place / BESIDE for place in folders()])


def _with_cards(places: Iterable[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for place in places:
        for card in sorted(place.glob("*/card.json")):
            found.setdefault(card.parent.name, card.parent)
    return found
