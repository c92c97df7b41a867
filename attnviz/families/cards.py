"""Cards of models as a list that shows itself."""

from __future__ import annotations

import html

from attnviz.families.card import ModelCard


class ModelCards(list[ModelCard]):
    """A list of cards: a line each, and a table in a notebook.

    >>> ModelCards([ModelCard.from_dict({"format": 1, "name": "made", "family": "own", "labels": [], "config": {},
    ...     "tokenizer": {}, "files": {}, "title": {"en": "A made model"}, "kinds": ["self"], "languages": ["en"]})])
    made  self  en  A made model
    """

    def __repr__(self) -> str:
        rows = [_cells(card) for card in self]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows) or "[]"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{each}</th>" for each in ("name", "kinds", "languages", "title"))
        body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in _cells(card))}</tr>" for card in self)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells(card: ModelCard) -> tuple[str, str, str, str]:
    return card.name, ", ".join(card.kinds), "/".join(card.languages), card.in_language("title", "en")
