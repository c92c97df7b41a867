"""The picture that a caption is about, as `shared/regions.js` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.clearness import clearest_word
from attnviz.analysis.compact import coded, packed
from attnviz.analysis.entropy import entropy, normalised_entropy
from attnviz.analysis.heads.pointing import border, excess, pointed
from attnviz.analysis.scales import ScaleKey, Tick, normalise, round_ticks, ticks
from attnviz.drawings.look import Look
from attnviz.figures.describe import looked
from attnviz.figures.numbers import approx, percent
from attnviz.figures.regions import webp
from attnviz.i18n import languages
from attnviz.scenes import Composed, kinds_of, names_in
from attnviz.trace import AttentionBlock, AttentionTrace, Axis, Picture, RegionAxis, Written

#: Pixels of the side of a composed picture as it is shown; the model is given a smaller one of the same scene.
_SHOWN = 560

#: Share of a scale beyond which a mark would run into that of its end.
_CLOSE = 0.78


@dataclass(frozen=True)
class Caption:
    """A caption, and where its words look.

    Attributes:
        trace: In which it was written.
        block: As it is read, the rows with which it was written.
        values: float64 `[word, region]`, of the heads shown.
        language: Of the caption.
        words: Of the rows, where they are not the queries of the block.
    """

    trace: AttentionTrace
    block: AttentionBlock
    values: NDArray[np.float64]
    language: str
    words: Sequence[str] = ()

    @property
    def output(self) -> Written:
        """What was written."""
        assert isinstance(self.trace.output, Written)
        return self.trace.output


def on_picture(trace: AttentionTrace, axis: Axis) -> bool:
    """Whether the keys are the grid of a picture and nothing else, so that they can be lit on it."""
    plain = isinstance(axis, RegionAxis) and axis.grid is not None and not any(axis.special)
    return plain and isinstance(trace.source, Picture)


def things(trace: AttentionTrace, axis: Axis | None, language: str) -> dict[str, tuple[int, ...]]:
    """The things of a composed picture and the regions they lie on; nothing where the axis is not of such regions."""
    scene, found = trace.source, dict[str, tuple[int, ...]]()
    if axis is None or not isinstance(scene, Composed) or not on_picture(trace, axis):
        return {}
    for kind, there in zip(names_in(scene), scene.lies_on(), strict=True):
        name = kinds_of(scene)[kind].words(_known(language))
        found[name if name not in found else f"{name} {len(found) + 1}"] = tuple(np.flatnonzero(there).tolist())
    return {name: regions for name, regions in found.items() if regions}


def picture(look: Look, captions: Sequence[Caption], scale: ScaleKey, top: float) -> dict[str, Any]:
    """The picture of one caption, or of two in different languages.

    Args:
        look: Language and appearance.
        captions: About one picture, whose regions they look at, see `on_picture`.
        scale: How weights become light. All words of all captions share one.
        top: Where it ends, if it is one by the largest weight; see `brightest`.
    """
    source, axis = captions[0].trace.source, captions[0].block.key
    assert isinstance(source, Picture) and isinstance(axis, RegionAxis) and axis.grid is not None
    apart = [excess(each.values) for each in captions]
    most = max(float(each.max()) for each in apart) or 1.0
    shown = [
        _looks(look, each, lit(each.values, scale, top), over / most)
        for each, over in zip(captions, apart, strict=True)
    ]
    objects = _outlines(source, _known(look.language)) if isinstance(source, Composed) else []
    return {
        "url": webp(np.asarray(source.image(_SHOWN)) if isinstance(source, Composed) else source.pixels()),
        "columns": axis.grid[1],
        "objects": objects,
        "looks": shown[0],
        "difference": {"title": look.t("picture.above_mean"), "ticks": marked(_apart(round_ticks(most)))},
        "second": _second(look, captions[1], shown[1]) if len(captions) > 1 else None,
    }


def brightest(captions: Sequence[Caption]) -> float:
    """The largest weight of all words: where the scale ends that they share."""
    return max(float(each.values.max()) for each in captions) or 1.0


def lit(values: NDArray[np.float64], scale: ScaleKey, top: float) -> NDArray[np.float64]:
    """Weights as light, 0 to 1.

    The words share one scale: where `row` is chosen it ends at the largest weight of all words, so that a word that
    looks nowhere in particular is seen to.
    """
    return values / top if scale == "row" else normalise(values, scale)


def legend(look: Look, scale: ScaleKey, top: float, title: str = "picture.scale") -> dict[str, Any]:
    """What the light means: `title` and `ticks`; the key of the title where the scale ends at the largest weight."""
    if scale == "row":
        return {"title": look.t(title), "ticks": marked(_apart(round_ticks(top)))}
    return {"title": look.t(f"scales.{scale}"), "ticks": marked(ticks(scale))}


def _apart(marks: Sequence[Tick]) -> list[Tick]:
    """Marks that do not run into the last one, below a picture."""
    return [mark for mark in marks if mark.position < _CLOSE or mark is marks[-1]]


def _outlines(source: Composed, language: str) -> list[dict[str, Any]]:
    """Each thing's name and box."""
    kinds = kinds_of(source)
    return [
        {"name": kinds[kind].words(language), "box": [float(edge) for edge in box]}
        for kind, box in zip(names_in(source), source.boxes(), strict=True)
    ]


def keen(caption: Caption) -> int:
    """Place of the word a picture is shown with: it looks most at one place, and names a thing if any does."""
    axis, scene, values = caption.block.key, caption.trace.source, caption.values
    assert isinstance(axis, RegionAxis) and axis.grid is not None
    words = caption.words or caption.block.query.tokens
    named = pointed(scene, words, values, axis.grid) if isinstance(scene, Composed) else []
    there = [place for place, thing in enumerate(named) if thing is not None and thing.hit] or range(len(values))
    return max(there, key=lambda place: float(values[place].max()))


def clearest(caption: Caption) -> int:
    """Place of the word that is looked at where nobody has chosen one, of a picture or of a text."""
    seen = on_picture(caption.trace, caption.block.key)
    return keen(caption) if seen else clearest_word(caption.block, caption.values)


def marked(marks: Sequence[Tick]) -> list[dict[str, Any]]:
    """Marks of a scale as the scripts take them."""
    return [{"position": mark.position, "label": mark.label} for mark in marks]


def tokens(axis: Axis, text: str) -> list[dict[str, Any]]:
    """Tokens with what stands between them in the text."""
    found, reached = [], 0
    for token, span, special, unknown in zip(axis.tokens, axis.spans, axis.special, axis.unknown, strict=True):
        gap = " " if span is None else text[reached : span[0]]
        reached = reached if span is None else max(span[1], reached)
        found.append({"text": token, "gap": gap, "special": special, "unknown": unknown})
    return found


def _second(look: Look, caption: Caption, shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": look.t("scene.said_in", language=languages()[caption.language]),
        "language": caption.language,
        "tokens": tokens(caption.block.query, caption.output.text),
        "weights": packed(caption.values.astype("<f4")),
        "looks": shown,
    }


def _looks(look: Look, caption: Caption, light: NDArray[np.float64], over: NDArray[np.float64]) -> dict[str, Any]:
    axis, values = caption.block.key, caption.values
    assert isinstance(axis, RegionAxis) and axis.grid is not None
    shares, even = border(values, axis.grid)
    spread = [
        look.t(
            "picture.spread",
            border=percent(float(share)),
            even=percent(even),
            entropy=approx(float(nats)),
            share=percent(float(part)),
        )
        for share, nats, part in zip(shares, entropy(values), normalised_entropy(values), strict=True)
    ]
    return {
        "weight": packed(coded(light)),
        "difference": packed(coded(over)),
        "told": looked(caption.trace, axis, caption.words or caption.block.query.tokens, values, look.language),
        "spread": spread,
    }


def _known(language: str) -> str:
    """A language in which things have names."""
    return language if language in ("en", "ja") else "en"
