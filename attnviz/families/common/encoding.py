"""What the reader is told of a text once it is cut into tokens."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.errors import InputError
from attnviz.families.common.script import fits
from attnviz.trace import Axis, Notice, Picture, Source


def text_of(source: Source | str) -> str:
    """The text of a source, for a model that reads text.

    Raises:
        InputError: `not_a_text`: it is a picture; `not_a_source`: it is neither.
    """
    if isinstance(source, Picture):
        raise InputError("not_a_text", received=source.code[:80])
    if not isinstance(source, Source | str):
        raise InputError("not_a_source", received=f"{type(source).__name__} {source!r}"[:80])
    return str(source)


def told(axis: Axis, text: str, languages: Sequence[str], limit: int, total: int) -> list[Notice]:
    """Notices of a text as it was cut: that it was cut short, is in another script, has unknown words.

    Args:
        axis: The tokens that are left; special ones are the model's, not the text's.
        text: What they were cut from, as far as it is left.
        languages: That the model was trained on.
        limit: Most tokens.
        total: How many the whole text has.

    Raises:
        InputError: `empty_text`: no token of the text is left.
    """
    unknown = [bad for bad, special in zip(axis.unknown, axis.special, strict=True) if not special]
    if not unknown:
        raise InputError("empty_text")
    notices = []
    if total > len(axis):
        notices.append(Notice("text_cut", {"limit": limit, "total": total, "left": total - len(axis)}))
    if not fits(text, tuple(languages)):
        notices.append(Notice("wrong_language", {"language": "/".join(languages)}))
    if all(unknown):
        notices.append(Notice("all_unknown", {"count": len(unknown)}))
    elif any(unknown):
        notices.append(Notice("some_unknown", {"count": sum(unknown), "total": len(unknown)}))
    return notices
