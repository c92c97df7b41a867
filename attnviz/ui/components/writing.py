"""A translation that is written token by token, each token's row of weights appearing with it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from attnviz.analysis.compact import coded
from attnviz.analysis.heads.alignment import groups, readable
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.figures import style
from attnviz.figures.numbers import percent
from attnviz.ui import offers
from attnviz.ui.components import component, pictured
from attnviz.ui.components.pictured import Caption
from attnviz.ui.context import Context

_mount = component("writing", drawing=True)

#: Words of the component, of the catalogue's section `writing`.
_WORDS = (
    *("source", "play", "pause", "first", "back", "forward", "last", "alternatives", "chosen"),
    *("continue", "preferred", "agreed", "weight"),
)

#: Weights below this have no line; the page says so.
LEAST = 0.1


def writing(
    context: Context,
    caption: Caption,
    name: str,
    *,
    second: Caption | None = None,
    scale: ScaleKey,
    key: str,
    start: int,
    at: int,
    speed: int,
    alt: str,
    text: str,
    small: bool,
    on_event: Callable[[], None],
) -> None:
    """Draw what is written.

    Args:
        context: The page.
        caption: It, with the weights of the heads shown.
        name: Which heads these are.
        second: A caption in another language about the same picture.
        scale: How weights become colours.
        key: Equal as long as it is the same translation: then the picture stays at the step it has reached.
        start: First query of it that is new, from which it is written.
        at: Query it stands at without moving; -1 writes it at the speed, or stands at the end.
        speed: Tokens a second; 0 shows all at once.
        alt: The picture in words.
        text: What has been applied; named on the element once it is drawn.
        small: Only what was read and what is written, without player, map and alternatives.
        on_event: Called before the run that follows the choice of an alternative, a step or a token.
    """
    block, values = caption.block, caption.values
    paint = style.theme(context.theme)
    captions = [caption, *([second] if second else [])]
    picture, light, means = None, normalise(values, scale), _legend(context, scale)
    if pictured.on_picture(context.whole, block.key):
        top = pictured.brightest(captions)
        picture = pictured.picture(context, captions, scale, top)
        light, means = pictured.lit(values, scale, top), pictured.legend(context, scale, top)
    _mount(
        key="writing",
        data={
            "key": key,
            "start": start,
            "at": at,
            "speed": speed,
            "text": text,
            "small": small,
            "alt": alt,
            "name": name,
            "forced": bool(context.way.target),
            "source": {
                "language": (*context.card.reads, "")[0],
                "tokens": pictured.tokens(block.key, context.trace.text),
            },
            "target": {"language": caption.language, "tokens": pictured.tokens(block.query, caption.output.text)},
            "picture": picture,
            "steps": _steps(caption, offers.spaced(context.card)),
            "codes": base64.b64encode(coded(light).tobytes()).decode(),
            "weights": base64.b64encode(values.astype("<f4").tobytes()).decode(),
            "least": LEAST,
            "ramp": [_pair(step / 255, paint.ramp) for step in range(256)],
            "colours": {"line": paint.bar, "accent": paint.accent},
            "legend": means,
            "words": {word: context.t(f"writing.{word}") for word in _WORDS}
            | {"step": context.told("writing.step"), "translation": context.t(f"writing.{caption.output.kind}")}
            | {"map": context.t(f"writing.map_{block.kind}"), "least": context.t("writing.least", least=f"{LEAST:g}")}
            | {word: context.t(f"picture.{word}") for word in ("outlined", "difference", "spread_of")},
        },
        on_event_change=on_event,
    )


def _legend(context: Context, scale: ScaleKey) -> dict[str, Any]:
    """What colours mean between texts: `title` and `ticks`."""
    title = context.t("scales.query" if scale == "row" else f"scales.{scale}")
    return {"title": title, "ticks": pictured.marked(ticks(scale))}


def _pair(position: float, ramp: Sequence[str]) -> list[str]:
    fill = style.shade(position, ramp)
    return [fill, style.ink(fill)]


def _steps(caption: Caption, spaced: bool) -> list[dict[str, Any]]:
    """What was likely at each query shown; of a word of several tokens, at its first, with the probability of all."""
    output, steps = caption.output, []
    for group in groups(caption.block):
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
