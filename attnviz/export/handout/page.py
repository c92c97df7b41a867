"""Both sheets as one file."""

from __future__ import annotations

import html
from pathlib import Path

from attnviz.analysis.focus import Focus, focus
from attnviz.export.handout import svg
from attnviz.export.handout.first import first
from attnviz.export.handout.second import second
from attnviz.export.handout.sheet import Sheet
from attnviz.export.handout.taken_apart import Own
from attnviz.families.card import ModelCard
from attnviz.figures import style
from attnviz.trace import AttentionTrace
from attnviz.version import __version__

#: Lines to write on where a sheet has room.
LINES = 26

_FOLDER = Path(__file__).parent

#: What may be asked of a network: nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def page(
    trace: AttentionTrace,
    card: ModelCard,
    own: Own,
    chosen: Focus | None = None,
    *,
    address: str = "",
    language: str = "en",
) -> bytes:
    """A sentence with all its figures, as an HTML page that prints on two sheets of A4 and asks nothing of a network.

    Nothing is averaged over heads: one row, one head and all heads are shown, and named. Each figure has a scale of its
    own from 0 to the largest weight in it, with numbers on it.

    Args:
        trace: What is shown, with or without special tokens, edited or not.
        card: Of its model.
        own: The model's own row, which is taken apart.
        chosen: The row that is shown; None takes `analysis.focus.focus`.
        address: Where this opens live; empty if nowhere is known.
        language: Of the words, a code.

    >>> import attnviz
    >>> model = attnviz.load("sentiment-en")
    >>> trace = model.trace("a good film")
    >>> row = focus(trace)
    >>> page(trace, model.card, Own(trace, row, None)).count(b"<section")
    2
    """
    sheet = Sheet(trace, card, chosen or focus(trace), own, language)
    title, made = sheet.t("title", model=sheet.model), sheet.t("export.made", version=__version__, model=card.name)
    css, js = ((_FOLDER / f"handout.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    room = f'<div class="room"><h2>{sheet.t("notes")}</h2>{"<hr>" * LINES}</div>'
    sheets = "".join(
        f"<section>{inside}{room}<footer><span>{made}</span><span>{number} / 2</span></footer></section>"
        for number, inside in ((1, first(sheet, address)), (2, second(sheet)))
    )
    return f"""<!DOCTYPE html>
<html lang="{html.escape(language)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{title}</title>
<style>:root {{ --font: {style.FONT}; }}
{css}</style></head>
<body>{svg.held(sheet.picture)}{sheets}<button>{sheet.t("print")}</button><script>{js}</script></body>
</html>
""".encode("utf-8", "replace")
