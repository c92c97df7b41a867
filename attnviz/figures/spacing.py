"""What stands between the tokens of a sentence, so that it can be written out token by token."""

from __future__ import annotations

from attnviz.trace import Axis


def spaced(keys: Axis, text: str) -> list[tuple[str, str]]:
    """Each token with what stands before it; one that stands for no text keeps a distance.

    Args:
        keys: Of tokens.
        text: That their spans are places in.

    >>> from attnviz.trace import TokenAxis
    >>> spaced(TokenAxis(("[CLS]", "a", "cat"), (None, (0, 1), (3, 6)), (True, False, False), (False,) * 3), "a  cat")
    [('', '[CLS]'), (' ', 'a'), ('  ', 'cat')]
    """
    found: list[tuple[str, str]] = []
    reached, placed = 0, True
    for token, span in zip(keys.tokens, keys.spans, strict=True):
        gap = " " if found else ""
        if span is not None and span[0] >= reached:
            gap, reached = text[reached : span[0]] or ("" if placed else gap), span[1]
        placed = span is not None
        found.append((gap, token))
    return found
