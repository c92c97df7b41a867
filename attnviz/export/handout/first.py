"""The first sheet: what was read, what was answered, words and bars, all heads, and what to try."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import numpy as np

from attnviz.analysis.compact import largest
from attnviz.analysis.filling import best
from attnviz.export.code import MAX_LINK
from attnviz.export.handout import svg, taken_apart
from attnviz.export.handout.sheet import BARS, CLASSES, LONGEST, REGIONS, WIDTH, Sheet, box
from attnviz.figures import describe, style
from attnviz.figures.escape import shortened
from attnviz.figures.numbers import approx, percent
from attnviz.figures.sentences import inks
from attnviz.figures.spacing import spaced
from attnviz.i18n import translate
from attnviz.trace import MASK_NONE, Classification, Filled, RegionAxis, Tensor, Written

#: Most examples, and most fillings of one mask.
EXAMPLES = 3

#: Most characters of an address that is printed; the code beside it holds a longer one.
PRINTED = 250


def first(sheet: Sheet, address: str) -> str:
    """The sheet as HTML.

    Args:
        sheet: What it is made from.
        address: Where this opens live; empty if nowhere is known.
    """
    parts = (_header(sheet, address), _words(sheet), _answered(sheet), _bars(sheet), _try(sheet))
    return "".join(parts)


def _header(sheet: Sheet, address: str) -> str:
    summary = html.escape(sheet.card.in_language("summary", sheet.language))
    notices = "".join(f"<p>{html.escape(each.message(sheet.language))}</p>" for each in sheet.trace.notices)
    marked = f"<p><b>{sheet.t('surgery.marked')}</b></p>" * sheet.trace.edited
    said = f"<h1>{sheet.t('title', model=sheet.model)}</h1><p>{summary}</p><small>{marked}{notices}</small>"
    if not address:
        return f'<header><div class="fit">{said}</div></header>'
    note = ""
    if len(address) > MAX_LINK:
        # Without the sentence, which whoever opens it types again.
        kept = {"lang": sheet.language, "model": sheet.card.name}
        address, note = f"{address.partition('?')[0]}?{urlencode(kept)}", f"<b>{sheet.t('type_it')}</b> "
    shown = address if len(address) <= PRINTED else f"{address.partition('?')[0]}?…"
    told = f'<div class="fit"><p><b>{sheet.t("open")}</b></p><p>{note}{html.escape(shown)}</p></div>'
    return f'<header><div class="fit">{said}</div><div class="join">{svg.qr(address, 30)}{told}</div></header>'


def _words(sheet: Sheet) -> str:
    """The sentence shaded by the row, or the picture lit by it."""
    row, keys = sheet.row, sheet.chosen.keys(sheet.trace)
    top = float(row.max())
    lead = f"<p>{sheet.whose} {sheet.t('brighter' if sheet.picture else 'darker')}</p>"
    if isinstance(keys, RegionAxis) and sheet.picture is not None:
        picture = svg.pictured(
            sheet.picture, keys, row, 62, top, describe.row(sheet.trace, sheet.chosen, sheet.language)
        )
        bar = svg.light(top, translate(sheet.language, "figures.weight"))
        apart = _apart_from_regions(sheet, keys)
        told = f"{lead}{bar}{apart}<p class='small'>{sheet.t('regions')}</p>"
        inside = f'<div class="sides"><div class="own">{picture}</div><div>{told}</div></div>'
        return box(sheet.t("picture"), inside)
    tokens: list[str] = []
    length = 0
    lines = [f";border-bottom:0.6mm solid {ink}" for ink in inks(keys, svg.PAINT)] or [""] * len(keys)
    parts = zip(spaced(keys, sheet.trace.text), row, keys.special, lines, strict=True)
    for (gap, token), weight, special, line in parts:
        if length > LONGEST:
            tokens.append(f" … {sheet.t('more', count=len(row) - len(tokens))}")
            break
        fill = svg.colour(weight / (top or 1))
        kind = "token special" if special else "token"
        look = f"background:{fill};color:{style.ink(fill)}{line}"
        tokens.append(f'{html.escape(gap)}<bdi class="{kind}" style="{look}">{html.escape(token)}</bdi>')
        length += len(gap) + len(token)
    bar = svg.scale(top, translate(sheet.language, "figures.weight"))
    shaded = f'<p class="words fit" dir="auto">{"".join(tokens)}</p>'
    return box(sheet.t("sentence"), f"{shaded}<div class='sides'><div>{lead}</div><div class='own'>{bar}</div></div>")


def _apart_from_regions(sheet: Sheet, keys: RegionAxis) -> str:
    """What is no region, a class token, and its weight."""
    row = sheet.row
    named = [f"{keys.labels[at]} {approx(float(row[at]))}" for at in range(len(keys)) if keys.special[at]]
    return f"<p>{html.escape(', '.join(named))}</p>" if named else ""


def _answered(sheet: Sheet) -> str:
    """What the model answers, and all its heads beside it."""
    answer = f'<div class="answer fit">{_answer(sheet)}</div>'
    block = sheet.trace.block(sheet.chosen.block)
    if not sheet.maps or block.weights[..., 0, 0].size < 2:
        return box(sheet.t("answer"), answer)
    top = float(block.weights.max())
    names = [translate(sheet.language, f"figures.{each}") for each in ("layer", "head")]
    alt = describe.grid(sheet.trace, sheet.chosen, sheet.language)
    at = (sheet.chosen.layer, sheet.chosen.head)
    drawn = svg.tiles(block.weights, (84, 48), top, at, (names[0], names[1]), alt)
    told = f"<p class='small'>{sheet.t('tiles', block=sheet.block)}</p>{svg.scale(top, sheet.t('figures.weight'), 40)}"
    heads = f"<div class='sides'><div class='own'>{drawn}</div><div>{told}</div></div>"
    left = box(sheet.t("answer"), answer, "")
    return f'<div class="sides"><div style="flex:0 0 44mm">{left}</div>{box(sheet.t("views.overview"), heads)}</div>'


def _answer(sheet: Sheet) -> str:
    output = sheet.trace.output
    if isinstance(output, Classification) and output.labels:
        names = sheet.card.names_of_labels(sheet.language, output.labels)
        share = percent(float(output.probabilities[output.predicted]))
        return f"<p><b>{html.escape(names[output.predicted])}</b> {share}</p>"
    if isinstance(output, Written):
        return f'<p dir="auto"><b>{html.escape(output.text[:LONGEST])}</b></p>'
    if isinstance(output, Filled):
        found = best(output, EXAMPLES if len(output.positions) == 1 else CLASSES)
        return "".join(f"<p><b>{html.escape(token)}</b> {percent(share)}</p>" for token, share in found)
    given = output.values if isinstance(output, Tensor) else getattr(output, "vector", np.zeros(0))
    values = given.ravel()
    first = ", ".join(f"{value:.3g}" for value in values[: taken_apart.SOME].tolist())
    return f"<p>({first}, …) <small>{sheet.t('numbers', count=len(values))}</small></p>"


def _bars(sheet: Sheet) -> str:
    """The row as bars, special tokens and masks named."""
    row, keys = sheet.row, sheet.chosen.keys(sheet.trace)
    places = largest([row], REGIONS if isinstance(keys, RegionAxis) else BARS).tolist()
    mask = sheet.chosen.mask(sheet.trace)
    masked = [False] * len(row) if mask is None else (mask != MASK_NONE).tolist()
    written = [translate(sheet.language, "cell.masked") if masked[at] else approx(float(row[at])) for at in places]
    names = [keys.tokens[at] for at in places]
    height = 66.0 if sheet.maps or sheet.picture else 118.0
    alt = describe.row(sheet.trace, sheet.chosen, sheet.language)
    drawn = svg.bars(
        names, row[places].tolist(), written, (WIDTH, height), float(row.max()), alt, inks=inks(keys, svg.PAINT, places)
    )
    told = " ".join(filter(None, [sheet.t("figures.weight_axis"), sheet.partly(len(places), len(row))]))
    return box(sheet.t("views.bars"), f"{drawn}<p class='small'>{told}</p>")


def _try(sheet: Sheet) -> str:
    """What the reader is to do, and examples."""
    kind = "pooling"
    if sheet.card.takes != "text":
        kind = sheet.card.takes
    elif isinstance(sheet.trace.output, Written):
        kind = "written"
    elif sheet.maps:
        kind = "heads"
    tasks = [sheet.t("expected"), sheet.t(f"guide.try_{kind}")]
    if sheet.own.steps is not None:
        tasks.insert(1, sheet.t("work_out"))
    if sheet.card.takes == "text":
        others = [each for each in sheet.card.examples if each.strip() != sheet.trace.text.strip()][:EXAMPLES]
        if others:
            listed = " / ".join(html.escape(shortened(each, 90)) for each in others)
            tasks.append(f"{sheet.t('others_to_try')} <bdi>{listed}</bdi>")
    listed = "".join(f"<li>{task}</li>" for task in tasks)
    return box(sheet.t("try"), f"<ol>{listed}</ol>", "try fit")
