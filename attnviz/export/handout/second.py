"""The second sheet: the map, the row taken apart, the prediction."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.heads.alignment import readable, written_rows
from attnviz.export.handout import svg, taken_apart
from attnviz.export.handout.sheet import BARS, CLASSES, WIDTH, Sheet, box
from attnviz.figures import describe
from attnviz.figures.escape import shortened
from attnviz.figures.numbers import percent
from attnviz.figures.sentences import inks
from attnviz.i18n import translate
from attnviz.trace import MASK_NONE, Classification, Filled, Picture, RegionAxis, Written

#: Most written words with a picture each, and masks whose fillings are shown.
PICTURES, MASKS = 24, 3

#: Lines of the row taken apart: beside a map, and where there is none.
LINES, MORE_LINES = 9, 26


def second(sheet: Sheet) -> str:
    """The sheet as HTML."""
    return f"{_map(sheet)}{_apart(sheet)}{_prediction(sheet)}"


def _map(sheet: Sheet) -> str:
    """One head: every query against every key, or of a picture one small picture for every query."""
    if not sheet.maps:
        return ""
    chosen, trace = sheet.chosen, sheet.trace
    block = trace.block(chosen.block)
    weights = block.weights[chosen.layer, chosen.head].astype(np.float64)
    mask = block.mask_of(chosen.layer, chosen.head)
    numbering = sheet.t("figures.layer_head", layer=chosen.layer + 1, head=chosen.head + 1)
    title = f"{sheet.t('map')} – {sheet.block}, {numbering}"
    if isinstance(block.key, RegionAxis) and sheet.picture is not None:
        return box(title, _pictures(sheet, sheet.picture, block.query.tokens, block.key, weights))
    top = float(weights.max())
    alt = describe.row(trace, chosen, sheet.language)
    names = (block.query.tokens, block.key.tokens)
    drawn = svg.square(
        weights,
        mask,
        names,
        (WIDTH, 130),
        top,
        chosen.query,
        alt,
        (inks(block.query, svg.PAINT), inks(block.key, svg.PAINT)),
    )
    told = [sheet.t("map_text")]
    if max(weights.shape) > svg.NAMED:
        told.append(sheet.t("shrunk", most=math.ceil(max(weights.shape) / svg.NAMED)))
    reasons = [code for code in np.unique(mask).tolist() if code != MASK_NONE]
    told += [f'<span class="hatch"></span> {sheet.t(f"masks.{code}")}' for code in reasons]
    bar = svg.scale(top, translate(sheet.language, "figures.weight"))
    return box(
        title, f"{drawn}<div class='sides'><div class='small'>{' '.join(told)}</div><div class='own'>{bar}</div></div>"
    )


def _pictures(
    sheet: Sheet, source: Picture, queries: Sequence[str], keys: RegionAxis, weights: NDArray[np.float64]
) -> str:
    """The picture once for every query, on one scale."""
    shown = weights[:PICTURES]
    top = float(shown.max())
    count = len(shown)
    side = 35.0 if count <= 15 else 29.0
    figures = "".join(
        f"<figure style='width:{side}mm'>{svg.pictured(source, keys, row, side, top, word)}"
        f"<figcaption>{html.escape(shortened(word))}</figcaption></figure>"
        for word, row in zip(queries, shown, strict=False)
    )
    told = f"<div class='small'>{sheet.t('pictures_text')} {sheet.partly(count, len(weights))}</div>"
    bar = svg.light(top, translate(sheet.language, "picture.scale"))
    return (
        f"<div class='pictures'>{figures}</div><div class='sides'><div>{told}</div><div class='own'>{bar}</div></div>"
    )


def _apart(sheet: Sheet) -> str:
    steps, own = sheet.own.steps, sheet.own
    title = sheet.t("views.cell") if sheet.maps else sheet.t("views.steps")
    if steps is None:
        return box(title, f"<p>{sheet.t('not_told')}</p>")
    lines = LINES if sheet.maps else MORE_LINES
    numbers = taken_apart.table(own, lines, sheet.language)
    told = [sheet.t("rounded")]
    if own.trace.block(own.focus.block).shape != sheet.trace.block(sheet.chosen.block).shape:
        told.insert(0, sheet.t("cell.own_tokens"))
    if sheet.trace.edited:
        told.insert(0, sheet.t("surgery.unmarked"))
    whose = html.escape(describe.whose(own.trace, own.focus, sheet.language))
    lead = f"<p>{whose} {taken_apart.formulas(steps, sheet.language)}</p>"
    vectors = taken_apart.vectors(steps, sheet.language)
    return box(title, f"{lead}{numbers}<div class='small'>{vectors}<p>{' '.join(told)}</p></div>", "apart fit")


def _prediction(sheet: Sheet) -> str:
    """The answer in numbers: classes, fillings, the next token, or how probable each written token was."""
    output = sheet.trace.output
    if isinstance(output, Classification) and output.labels:
        return _classes(sheet, output)
    if isinstance(output, Filled):
        found = [pair for each in output.alternatives[:MASKS] for pair in each[: CLASSES // 2]]
        return box(sheet.t("views.filled"), _probable(found))
    if not isinstance(output, Written) or not output.tokens:
        return ""
    if output.kind == "continuation" and len(output.alternatives) == 1:
        found = [(readable(token, spaced=True), value) for token, value in output.alternatives[0][:CLASSES]]
        return box(sheet.t("views.next"), _probable(found))
    names: Sequence[str] = written_rows(sheet.trace).query.tokens
    if len(names) != len(output.tokens):  # words were put together of pieces
        names = [readable(token, spaced=True) for token in output.tokens]
    drawn = _probable(list(zip(names, output.log_probabilities.tolist(), strict=True))[:BARS])
    return box(sheet.t("written"), f"{drawn}<p class='small'>{sheet.t('written_text')}</p>")


def _classes(sheet: Sheet, output: Classification) -> str:
    names = sheet.card.names_of_labels(sheet.language, output.labels)
    order = np.argsort(-output.probabilities, kind="stable")[:CLASSES].tolist()
    shares = [float(output.probabilities[at]) for at in order]
    steps = None if sheet.trace.edited else sheet.own.steps
    table = taken_apart.classes(steps, names, CLASSES) if steps is not None else ""
    room = WIDTH / 2 - 4 if table else WIDTH
    alt = describe.prediction(sheet.trace, names, sheet.language)
    drawn = svg.bars([names[at] for at in order], shares, [percent(each) for each in shares], (room, 40), 1, alt)
    beside = f"<div>{table}</div>" if table else ""
    return box(sheet.t("views.prediction"), f"<div class='sides'><div>{drawn}</div>{beside}</div>")


def _probable(found: Sequence[tuple[str, float]]) -> str:
    """Tokens with their log probabilities, nats, as bars of their probabilities."""
    shares = [math.exp(value) for _, value in found]
    alt = ", ".join(f"{token} {percent(share)}" for (token, _), share in zip(found, shares, strict=True))
    return svg.bars([token for token, _ in found], shares, [percent(each) for each in shares], (WIDTH, 40), 1, alt)
