"""What a notebook is given to show."""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import dataclass, field
from typing import Any

from attnviz.errors import InputError
from attnviz.i18n import translate
from attnviz.notebook.drawn import VIEWS, drawn
from attnviz.notebook.scripts import script
from attnviz.notebook.still import answer, still
from attnviz.trace import AttentionTrace, index_of

__all__ = ["VIEWS", "Shown", "show"]


@dataclass(frozen=True)
class Shown:
    """A picture of a trace; a notebook shows it where it is the value of a cell.

    Attributes:
        view: One of `VIEWS`; empty where there is nothing to draw.
        html: The picture, which needs nothing besides.
    """

    view: str
    html: str = field(repr=False)

    def _repr_html_(self) -> str:
        return self.html


def show(
    trace: AttentionTrace,
    view: str | None = None,
    *,
    layer: int | None = None,
    head: int | None = None,
    query: int | None = None,
    block: str | None = None,
    language: str = "en",
) -> Shown:
    """A trace as a live picture in Jupyter, VS Code or Colab; a trace as a cell's last value shows itself like this.

    The drawings are those of the page, and ask no network. A layer, a head and a query can be chosen in the picture,
    of as many weights as `drawn.MOST`: of more only one layer, or one head, is in it. Where scripts do not run, as in
    GitHub's viewer, the same head stands still. A trace without any attention is told in words.

    Args:
        trace: Any.
        view: `tokens` shaded by a row of weights; `lines` from queries to keys; one `head` as cells; an `overview` of
            all heads; what was `written`, token by token. None: `written` where something was, else `lines`, else
            what fits.
        layer, head: From 0; None as `analysis.focus` takes them, for `written` the heads that serve as alignment.
        query: Position on the query axis, from 0; None as `analysis.focus` takes it.
        block: Name of a block; None as `analysis.focus` takes it.
        language: Of the words, a code.

    Raises:
        InputError: `show_trace`: this is no trace. `no_such_view`, `no_such_block`, `no_such_index`, `not_an_index`.

    >>> import attnviz
    >>> trace = attnviz.from_arrays([[0.9, 0.1], [0.3, 0.7]], ["good", "film"])
    >>> show(trace, view="tokens", query=1)
    Shown(view='tokens')
    """
    if not isinstance(trace, AttentionTrace):
        raise InputError("show_trace", received=_shown(trace))
    if view is not None and view not in VIEWS:
        raise InputError("no_such_view", received=view, expected=", ".join(VIEWS))
    if not trace.blocks and block is None:
        return Shown("", _words(trace, language))
    layer, head, query = (index_of(*each) for each in (("layer", layer), ("head", head), ("query", query)))
    picture = drawn(trace, view, layer, head, query, block, language)
    data = json.dumps(picture.data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    # The same trace gives the same output: a notebook run again differs in nothing.
    name = hashlib.sha256(data.encode("utf-8", "replace")).hexdigest()[:16]
    notices = _notices(trace, language)
    label = html.escape(translate(language, "notebook.picture", model=trace.model))
    page = (
        f'<div data-attnviz="{name}" aria-label="{label}"><div>{still(trace, picture, language)}</div>{notices}</div>'
        f"<script>{script(picture.components, name, data)}</script>"
    )
    # Half a character, as some tokenizers leave it, could not be saved.
    return Shown(picture.view, page.encode("utf-8", "replace").decode("utf-8"))


def _shown(value: Any) -> str:
    """What was given instead of a trace: a word for its type, and how a text or a list begins."""
    kind = "None" if value is None else type(value).__name__
    return f"{kind} {repr(value)[:60]}" if isinstance(value, str | list | tuple) and value else kind


def _words(trace: AttentionTrace, language: str) -> str:
    """A trace without any attention: what was read, what the model answered, and what it says about itself."""
    said = (translate(language, "notebook.nothing", model=trace.model), trace.text, answer(trace))
    page = "".join(f"<p>{html.escape(each)}</p>" for each in said if each) + _notices(trace, language)
    return page.encode("utf-8", "replace").decode("utf-8")


def _notices(trace: AttentionTrace, language: str) -> str:
    return "".join(f"<p>{html.escape(notice.message(language))}</p>" for notice in trace.notices)
