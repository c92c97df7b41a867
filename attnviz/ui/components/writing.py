"""A translation that is written token by token, each token's row of weights appearing with it."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.compact import coded
from attnviz.analysis.heads.alignment import groups, readable
from attnviz.analysis.scales import ScaleKey, Tick, normalise, round_ticks, ticks
from attnviz.figures import style
from attnviz.figures.describe import looks
from attnviz.figures.numbers import percent
from attnviz.scenes import KINDS, Scene
from attnviz.trace import AttentionBlock, Axis, Picture, RegionAxis, Written
from attnviz.ui import offers
from attnviz.ui.components import component
from attnviz.ui.context import Context

_mount = component("writing")

#: Words of the component, of the catalogue's section `writing`.
_WORDS = (
    *("source", "play", "pause", "first", "back", "forward", "last", "alternatives", "chosen"),
    *("continue", "preferred", "agreed", "weight"),
)

#: Pixels of the side of a composed picture as it is shown; the model is given a smaller one of the same scene.
_SHOWN = 560

#: Weights below this have no line; the page says so.
LEAST = 0.1


def writing(
    context: Context,
    block: AttentionBlock,
    values: NDArray[np.float64],
    name: str,
    *,
    scale: ScaleKey,
    key: str,
    start: int,
    at: int,
    speed: int,
    alt: str,
    text: str,
    on_event: Callable[[], None],
) -> None:
    """Draw a translation.

    Args:
        context: The page.
        block: As it is read, the rows with which it was written.
        values: float64 `[query, key]`, of the heads shown.
        name: Which heads these are.
        scale: How weights become colours.
        key: Equal as long as it is the same translation: then the picture stays at the step it has reached.
        start: First query of it that is new, from which it is written.
        at: Query it stands at without moving; -1 writes it at the speed, or stands at the end.
        speed: Tokens a second; 0 shows all at once.
        alt: The picture in words.
        text: What has been applied; named on the element once it is drawn.
        on_event: Called before the run that follows the choice of an alternative, a step or a token.
    """
    output = context.trace.output
    assert isinstance(output, Written)
    paint = style.theme(context.theme)
    picture = _picture(context, block.key)
    shown, title, marks = _scale(context, values, scale, picture is not None)
    spaced = offers.spaced(context.card)
    read, wrote = (*context.card.reads, "")[0], (*context.card.languages, "")[-2 if context.card.languages else 0]
    _mount(
        key="writing",
        data={
            "key": key,
            "start": start,
            "at": at,
            "speed": speed,
            "text": text,
            "alt": alt,
            "name": name,
            "forced": bool(context.way.target),
            "source": {"language": read, "tokens": _tokens(block.key, context.trace.text)},
            "target": {"language": wrote, "tokens": _tokens(block.query, output.text)},
            "picture": picture,
            "steps": _steps(context, block, values, spaced),
            "codes": base64.b64encode(coded(shown).tobytes()).decode(),
            "weights": base64.b64encode(values.astype("<f4").tobytes()).decode(),
            "least": LEAST,
            "ramp": [_pair(step / 255, paint.ramp) for step in range(256)],
            "colours": {"line": paint.bar, "accent": paint.accent},
            "legend": {
                "title": title,
                "ticks": [{"position": tick.position, "label": tick.label} for tick in marks],
            },
            "words": {word: context.t(f"writing.{word}") for word in _WORDS}
            | {"step": context.told("writing.step"), "translation": context.t(f"writing.{output.kind}")}
            | {"map": context.t(f"writing.map_{block.kind}"), "outlines": context.t("picture.outlines")}
            | {"least": context.t("writing.least", least=f"{LEAST:g}")},
        },
        on_event_change=on_event,
    )


def _scale(
    context: Context, values: NDArray[np.float64], scale: ScaleKey, pictured: bool
) -> tuple[NDArray[np.float64], str, Sequence[Tick]]:
    """Places on the scale, its name and its marks.

    On a picture the words share one scale: where `row` is chosen it ends at the largest weight of all words, so that a
    word that looks nowhere in particular is seen to.
    """
    if pictured and scale == "row":
        top = float(values.max()) or 1.0
        return values / top, context.t("picture.scale"), round_ticks(top)
    return normalise(values, scale), context.t("scales.query" if scale == "row" else f"scales.{scale}"), ticks(scale)


def _picture(context: Context, axis: Axis) -> dict[str, Any] | None:
    """The picture that is written about, as large as it is shown; None where not its grid alone is looked at."""
    source = context.whole.source
    if not isinstance(axis, RegionAxis) or axis.grid is None or any(axis.special) or not isinstance(source, Picture):
        return None
    pixels = np.asarray(source.image(_SHOWN)) if isinstance(source, Scene) else source.pixels()
    objects = [
        {"name": KINDS[each.kind].words(_words_of(context)), "box": [float(edge) for edge in box]}
        for each, box in (zip(source.objects, source.boxes(), strict=True) if isinstance(source, Scene) else ())
    ]
    return {"url": webp(pixels), "columns": axis.grid[1], "objects": objects}


def _words_of(context: Context) -> str:
    return context.language if context.language in ("en", "ja") else "en"


def webp(pixels: NDArray[np.uint8]) -> str:
    """A picture as an address that holds it."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=88)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def _pair(position: float, ramp: Sequence[str]) -> list[str]:
    fill = style.shade(position, ramp)
    return [fill, style.ink(fill)]


def _tokens(axis: Axis, text: str) -> list[dict[str, Any]]:
    """Tokens with what stands between them in the text."""
    tokens, reached = [], 0
    for token, span, special, unknown in zip(axis.tokens, axis.spans, axis.special, axis.unknown, strict=True):
        gap = " " if span is None else text[reached : span[0]]
        reached = reached if span is None else max(span[1], reached)
        tokens.append({"text": token, "gap": gap, "special": special, "unknown": unknown})
    return tokens


def _steps(context: Context, block: AttentionBlock, values: NDArray[np.float64], spaced: bool) -> list[dict[str, Any]]:
    """What was likely at each query shown; of a word of several tokens, at its first, with the probability of all."""
    output = context.trace.output
    assert isinstance(output, Written)
    steps = []
    told = looks(context.trace, block, values, context.language)
    for group, words in zip(groups(block), told or [""] * len(values), strict=True):
        first = group[0]
        total = float(output.log_probabilities[list(group)].sum(dtype=np.float64))
        best = output.alternatives[first]
        others = [place for place in group if output.alternatives[place][0][0] != output.tokens[place]]
        preferred = output.alternatives[others[0] if others else first][0][0]
        steps.append(
            {
                "place": first,
                "percent": percent(float(np.exp(total))),
                "differs": bool(others),
                "preferred": readable(preferred, spaced),
                "told": words,
                "alternatives": [
                    {
                        "token": token,
                        "text": readable(token, spaced),
                        "share": float(np.exp(log)),
                        "percent": percent(float(np.exp(log))),
                        "written": token == output.tokens[first],
                    }
                    for token, log in best
                ],
            }
        )
    return steps
