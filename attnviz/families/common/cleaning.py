"""A text made safe, and what the reader is told of it."""

from __future__ import annotations

from attnviz.errors import InputError
from attnviz.tokenizers import clean
from attnviz.trace import Notice


def cleaned(text: str) -> tuple[str, list[Notice]]:
    """A text as `clean` leaves it, with a notice for each kind of thing removed.

    Raises:
        InputError: `empty_text`: nothing is left.
    """
    result = clean(text)
    if not result.text:
        raise InputError("empty_text")
    removed = {"surrogates_removed": result.removed_surrogates, "controls_removed": result.removed_controls}
    return result.text, [Notice(code, {"count": count}) for code, count in removed.items() if count]
