"""A translation that is written token by token, each token's row of weights appearing with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attnviz.analysis.compact import coded, packed
from attnviz.analysis.heads.alignment import Head, alignment_heads, groups, readable
from attnviz.analysis.scales import ScaleKey, normalise, ticks
from attnviz.drawings import pictured
from attnviz.drawings.look import Look
from attnviz.drawings.pictured import Caption
from attnviz.families.writing.subwords import BLANK
from attnviz.figures import style
from attnviz.figures.numbers import percent
from attnviz.i18n import about
from attnviz.trace import AttentionBlock, Written

#: Words of the component, of the catalogue's section `writing`.
_WORDS = (
    *("source", "play", "pause", "first", "back", "forward", "last", "chosen"),
    *("continue", "preferred", "agreed", "weight"),
)

#: Weights below this have no line; the page says so.
LEAST = 0.1


def writing(
    look: Look,
    caption: Caption,
    name: str,
    *,
    second: Caption | None = None,
    scale: ScaleKey,
    key: str,
    start: int,
    at: int,
    rest: int | None = None,
    speed: int,
    alt: str,
    text: str,
    small: bool,
    read: str = "",
    spaced: bool | None = None,
    forced: bool = False,
    fixed: bool = False,
) -> dict[str, Any]:
    """What the component shows.

    Args:
        look: Language and appearance.
        caption: It, with the weights of the heads shown.
        name: Which heads these are.
        second: A caption in another language about the same picture.
        scale: How weights become colours.
        key: Equal as long as it is the same translation: then the picture stays at the step it has reached.
        start: First query of it that is new, from which it is written.
        at: Query it stands at without moving; -1 writes it at the speed, or stands at the end.
        rest: Query that is looked at once all is written; None for the clearest.
        speed: Tokens a second; 0 shows all at once.
        alt: The picture in words.
        text: What has been applied; named on the element once it is drawn.
        small: Only what was read and what is written, without player, map and alternatives.
        read: Language of what was read, a code.
        spaced: There are blanks between the words of what is written; None: as its pieces look.
        forced: It was given; the model reads it.
        fixed: There is no model to go on from another token.
    """
    block, values, kind = caption.block, caption.values, caption.output.kind
    paint = style.theme(look.theme)
    captions = [caption, *([second] if second else [])]
    picture, light, means = None, normalise(values, scale), _legend(look, scale)
    if pictured.on_picture(caption.trace, block.key):
        top = pictured.brightest(captions)
        picture = pictured.picture(look, captions, scale, top)
        light, means = pictured.lit(values, scale, top), pictured.legend(look, scale, top)
    return {
        "key": key,
        "start": start,
        "at": at,
        "rest": pictured.clearest(caption) if rest is None else rest,
        "speed": speed,
        "text": text,
        "small": small,
        "alt": alt,
        "name": name,
        "forced": forced,
        "fixed": fixed,
        "source": {
            "language": read,
            "tokens": pictured.tokens(block.key, caption.trace.text),
        },
        "target": {"language": caption.language, "tokens": pictured.tokens(block.query, caption.output.text)},
        "picture": picture,
        "steps": _steps(caption, _spaced(caption.output) if spaced is None else spaced),
        "codes": packed(coded(light)),
        "weights": packed(values.astype("<f4")),
        "least": LEAST,
        "ramp": [_pair(step / 255, paint.ramp) for step in range(256)],
        "colours": {"line": paint.bar, "accent": paint.accent},
        "legend": means,
        "words": {word: look.t(f"writing.{word}") for word in _WORDS}
        | {
            "step": look.t(about("writing.step", kind)),
            "alternatives": look.t("writing.alternatives", step="{step}", token="{token}"),  # the script knows which
            "translation": look.t(f"writing.{kind}"),
        }
        | {"map": look.t(f"writing.map_{block.kind}"), "least": look.t("writing.least", least=f"{LEAST:g}")}
        | {word: look.t(f"picture.{word}") for word in ("outlined", "difference", "spread_of")},
    }


def named(
    look: Look, block: AttentionBlock, heads: tuple[Head, ...], alignment: Mapping[str, Any] | None = None
) -> str:
    """What heads of a block are called together; an average is called one.

    Args:
        look: Language.
        block, heads: Which.
        alignment: Which of them serve as alignment, as a model's card states it.
    """
    whole = {(heads[0][0], head) for head in range(block.shape[1])}
    if (block.kind == "causal" or alignment is None) and len(heads) > 1 and set(heads) == whole:
        return look.t("writing.name_layer", layer=heads[0][0] + 1)
    separator = look.t("alt.separator")
    listed = separator.join(look.t("writing.head", layer=layer + 1, head=head + 1) for layer, head in heads)
    if len(heads) > 1:
        listed = look.t("writing.name_mean", count=len(heads), heads=listed)
    if alignment is not None and set(heads) == set(alignment_heads(block, alignment)):
        return look.t("writing.name_alignment", heads=listed)
    return listed


def _legend(look: Look, scale: ScaleKey) -> dict[str, Any]:
    """What colours mean between texts: `title` and `ticks`."""
    title = look.t("scales.query" if scale == "row" else f"scales.{scale}")
    return {"title": title, "ticks": pictured.marked(ticks(scale))}


def _spaced(output: Written) -> bool:
    """Whether the pieces of what is written tell blanks."""
    offered = (token for step in output.alternatives for token, _ in step)
    return any(BLANK in token for token in (*output.tokens, *offered))


def _pair(position: float, ramp: Sequence[str]) -> list[str]:
    fill = style.shade(position, ramp)
    return [fill, style.ink(fill)]


def _steps(caption: Caption, spaced: bool) -> list[dict[str, Any]]:
    """What was likely at each query shown; of a word of several tokens, at its first, with the probability of all."""
    output, steps = caption.output, []
    alone = [((token, float(log)),) for token, log in zip(output.tokens, output.log_probabilities, strict=True)]
    alternatives = output.alternatives or alone
    for group in groups(caption.block):
        first = group[0]
        total = float(output.log_probabilities[list(group)].sum(dtype=np.float64))
        best = alternatives[first]
        others = [place for place in group if alternatives[place][0][0] != output.tokens[place]]
        preferred = alternatives[others[0] if others else first][0][0]
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
