"""Traces as files."""

from __future__ import annotations

import html as _html
import json as _json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.figures import bars, filled, heatmap, prediction
from attnviz.figures.style import FONT
from attnviz.i18n import translate
from attnviz.trace import AttentionTrace, Classification, Filled
from attnviz.version import __version__

#: Endings `write` knows.
KINDS = ("json", "csv", "html", "png", "svg", "pdf")

#: Of these, what is drawn by Kaleido and a Chrome.
IMAGES = ("png", "svg", "pdf")


def json(
    traces: Sequence[AttentionTrace], block: str | None = None, layer: int | None = None, head: int | None = None
) -> bytes:
    """One trace as an object, several as an array; UTF-8. Of one block, layer or head only if one is given.

    >>> import attnviz
    >>> trace = attnviz.load("topics-en").trace("book a table")
    >>> _json.loads(json([trace]))["blocks"][0]["shape"]
    [1, 1, 1, 3]
    """
    data = [trace.to_dict(block, layer, head) for trace in traces]
    return _json.dumps(data[0] if len(data) == 1 else data, ensure_ascii=False, allow_nan=False, indent=1).encode()


def csv(
    traces: Sequence[AttentionTrace], block: str | None = None, layer: int | None = None, head: int | None = None
) -> bytes:
    """One weight a row with nine significant digits; UTF-8 with a mark, as spreadsheets want it.

    A column `sentence` (from 1) stands in front. Of one block, layer or head only if one is given.

    Raises:
        InputError: There is no trace.

    >>> import attnviz
    >>> trace = attnviz.load("topics-en").trace("book a table")
    >>> csv([trace]).decode("utf-8-sig").splitlines()[0]
    'sentence,block,layer,head,query,key,weight...'
    """
    if not traces:
        raise InputError("no_traces")
    frames = []
    for number, trace in enumerate(traces, start=1):
        frame = trace.to_frame(block, layer, head)
        frame.insert(0, "sentence", number)
        frames.append(frame)
    return table(pd.concat(frames, ignore_index=True))


def table(frame: pd.DataFrame) -> bytes:
    """Any table as CSV, nine significant digits; UTF-8 with a mark.

    What a spreadsheet would take for a formula, in a cell or a heading, has an apostrophe in front.

    >>> table(pd.DataFrame({"=1+1": ["=cmd()", "-", "a"]})).decode("utf-8-sig").splitlines()
    ["'=1+1", "'=cmd()", '-', 'a']
    """
    plain = frame.rename(columns=_no_formula)
    for place, kind in enumerate(plain.dtypes):
        if kind.kind not in "fiub":
            plain.isetitem(place, plain.iloc[:, place].map(_no_formula).array)
    written: str = plain.to_csv(index=False, float_format="%.9g")
    return written.encode("utf-8-sig")


def _no_formula(cell: Any) -> Any:
    if isinstance(cell, str) and len(cell) > 1 and (cell.lstrip(" ") or " ")[0] in "=+-@\t\r\n":
        return f"'{cell}"
    return cell


def html(traces: Sequence[AttentionTrace], *, language: str = "en", names: Sequence[str] | None = None) -> bytes:
    """A page that opens without a network: every sentence with its heatmap, its bars and what was predicted.

    Raises:
        InputError: There is no trace.
    """
    if not traces:
        raise InputError("no_traces")
    parts: list[str] = []
    for trace in traces:
        figures = [heatmap(trace, language=language), bars(trace, language=language)]
        if isinstance(trace.output, Classification):
            figures.append(prediction(trace, names, language=language))
        if isinstance(trace.output, Filled):
            figures += [filled(trace, mask, language=language) for mask in range(len(trace.output.positions))]
        parts.append(f'<h2 dir="auto">{_html.escape(trace.text)}</h2>')
        parts += [f"<p>{_html.escape(notice.message(language))}</p>" for notice in trace.notices]
        for figure in figures:
            parts.append(figure.to_html(full_html=False, include_plotlyjs=not any("<script" in p for p in parts)))
    title = _html.escape(f"attnviz – {traces[0].model}")
    made = _html.escape(translate(language, "export.made", version=__version__, model=traces[0].model))
    page = f"""<!DOCTYPE html>
<html lang="{_html.escape(language)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ font-family: {FONT}; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}</style></head>
<body><h1>{title}</h1>{"".join(parts)}<p>{made}</p></body>
</html>
"""
    return page.encode()


def image(trace: AttentionTrace, kind: str, *, language: str = "en") -> bytes:
    """The heatmap of a trace as PNG, SVG or PDF.

    Raises:
        InputError: Kaleido or the Chrome it needs is missing; the message says how to get them.
    """
    try:
        picture: bytes = heatmap(trace, language=language).to_image(format=kind, scale=2)
    except (ImportError, ValueError, RuntimeError, OSError) as error:
        raise InputError("no_image_engine", kind=kind, cause=type(error).__name__) from error
    return picture


def file(
    trace: AttentionTrace,
    kind: str,
    *,
    block: str | None = None,
    layer: int | None = None,
    head: int | None = None,
    language: str = "en",
    names: Sequence[str] | None = None,
) -> bytes:
    """A trace, or one block, layer or head of it, in the format of a file ending.

    Raises:
        InputError: The ending is not one of `KINDS`, or there is no such part.
    """
    if kind == "json":
        return json([trace], block, layer, head)
    if kind == "csv":
        return csv([trace], block, layer, head)
    trace = trace.select(block, layer, head)
    if kind == "html":
        return html([trace], language=language, names=names)
    if kind in IMAGES:
        return image(trace, kind, language=language)
    raise InputError("no_such_format", received=kind, expected=", ".join(KINDS))


def citation(card: ModelCard) -> str:
    """How to cite the tool, and the data a model was trained on."""
    data = "\n".join(
        f"% {entry.get('name', '')}: {entry.get('attribution', '')} ({entry.get('licence', '')}) {entry.get('url', '')}"
        for entry in card.details.get("data", ())
    )
    return f"""@software{{attnviz,
  title = {{attnviz: see attention at work}},
  version = {{{__version__}}},
  note = {{Model: {card.name}}},
}}
{data}"""
