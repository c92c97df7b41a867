"""The card of a model folder: read once, checked for form, or refused with the field that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError
from attnviz.families import FAMILIES
from attnviz.families.card import FORMAT, ModelCard, seal_of, sealed
from attnviz.zoo.files import check_size, damaged

#: No card is larger, in bytes.
MAX_BYTES = 1024 * 1024

#: What a card of the user's own may leave out.
_OWN_DEFAULTS: dict[str, Any] = {"format": FORMAT, "labels": [], "config": {}, "files": {}}


def read(folder: Path, name: str = "") -> ModelCard:
    """The card of a folder.

    Args:
        folder: The model folder.
        name: What the model is to be called; the folder's own name if empty.

    Raises:
        ModelError: `no_card`; `file_unreadable`: it is not JSON; `card_format`, `card_field`, `card_shape`,
            `card_name`: it is of another format or model, lacks something, or says it in another form.
    """
    card = content(folder)
    if card.get("family") == "own":
        card = {**_OWN_DEFAULTS, **card, **({"name": name} if name else {})}
    family = card.get("family")
    if "format" not in card and isinstance(family, str) and family not in FAMILIES:  # perhaps `own`, mistyped
        raise ModelError("no_such_family", folder=folder.name, received=family[:80], expected=", ".join(FAMILIES))
    if card.get("format") != FORMAT:
        raise ModelError("card_format", folder=folder.name, received=str(card.get("format")), expected=FORMAT)
    checked = ModelCard.from_dict(card, folder.name)
    if checked.name != (name or folder.name):
        raise ModelError("card_name", folder=folder.name, received=checked.name)
    return checked


def read_card(folder: Path, name: str = "") -> dict[str, Any]:
    """What `read` has checked, as it stands in the folder."""
    return dict(read(folder, name).details)


def content(folder: Path) -> dict[str, Any]:
    """`card.json`, of whatever form; one that has a checksum of its own, as it was written (`card_checksum`)."""
    path = folder / "card.json"
    try:
        check_size(folder, path.name, path.stat().st_size, MAX_BYTES)
        card = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except FileNotFoundError:
        raise ModelError("no_card", folder=folder.name) from None
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(folder, path.name, type(error).__name__) from error
    if not isinstance(card, dict):
        raise ModelError("card_format", folder=folder.name, received=type(card).__name__, expected=FORMAT)
    if "sha256" in card and card["sha256"] != seal_of(card):
        raise ModelError("card_checksum", folder=folder.name)
    return card


def seal(folder: Path) -> None:
    """Give the card of a folder the checksum of what it says now: after a change by hand."""
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    path.write_text(json.dumps(sealed(card), ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def _no_constant(name: str) -> Any:
    raise ValueError(f"Expected JSON. Received: {name}")
