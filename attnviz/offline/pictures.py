"""What of a slide can be drawn without a model: its sentence or picture, the weights it looks at, and the answer."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

from attnviz import zoo
from attnviz.analysis.filling import best
from attnviz.analysis.focus import focus
from attnviz.analysis.surgery.operations import traced
from attnviz.families.card import ModelCard
from attnviz.families.model import Model
from attnviz.figures.numbers import percent
from attnviz.figures.spacing import spaced
from attnviz.lectures.lecture import Setting
from attnviz.scenes import Scene
from attnviz.trace import AttentionTrace, Classification, Filled, RegionAxis, Written

#: Classes drawn beside a sentence, the most probable first.
MAX_CLASSES = 5

#: Pixels of a picture.
SIDE = 336

#: Views all of which is drawn here, and settings that change what is shown and are not.
DRAWN = ("bars", "heatmap", "head", "lines", "prediction", "written", "surgery", "compare")
LIVE = ("shuffle", "temperature", "look", "width", "own", "path")

Settings = Mapping[str, Setting]


def pictures(settings: Settings, language: str) -> list[dict[str, Any]]:
    """The pictures of a slide: the model's own, after operations on its weights, or of another model beside it.

    Args:
        settings: Of the page, as the slide has them.
        language: Of the interface.

    Raises:
        ModelError, InputError: There is no such model, or it cannot read the text.
    """
    model = zoo.load(str(settings["model"]))
    text, edits = _line(settings), str(settings.get("edits", "")).split()
    said = str(settings.get("said", language)) if "language" in model.encoding else ""
    found = [_picture(model, traced(model, text, [], said), settings, language)]
    if edits:
        found.append(_picture(model, traced(model, text, edits, said), settings, language))
    if settings.get("against") == "model" and settings.get("model2"):
        other = zoo.load(str(settings["model2"]))
        found.append(_picture(other, other.trace(text), {}, language))
    return found


def only_live(settings: Settings) -> bool:
    """Whether a slide shows what is not drawn here."""
    return settings.get("view") not in DRAWN or any(name in settings for name in LIVE)


def _line(settings: Settings) -> str:
    lines = [line for line in str(settings["text"]).splitlines() if line.strip()]
    return lines[min(int(settings.get("sentence", 1)), len(lines)) - 1]


def _picture(model: Model, trace: AttentionTrace, settings: Settings, language: str) -> dict[str, Any]:
    card: ModelCard = model.card
    layer, head, query = (_index(settings, name) for name in ("layer", "head", "query"))
    at = focus(trace, layer, head, query, str(settings.get("block", "")) or None, card.details.get("alignment"))
    block = trace.block(at.block)
    return {
        "model": card.in_language("title", language) or card.name,
        "edited": trace.edited,
        "queries": list(block.query.tokens) if block.kind != "pooling" else [],
        "query": at.query,
        "weights": block.weights[at.layer, at.head].round(4).tolist(),
        "place": [at.layer + 1, at.head + 1] if block.kind != "pooling" else [],
        **_keys(trace, at.block),
        **_answer(card, trace, language),
    }


def _index(settings: Settings, name: str) -> int | None:
    """A place from 0, or None where it is left to `focus`."""
    found = int(settings.get(name, -1))
    return None if found < 0 else found


def _keys(trace: AttentionTrace, name: str) -> dict[str, Any]:
    """The words that are looked at with what stands between them, or the picture with its regions."""
    keys = trace.block(name).key
    if isinstance(keys, RegionAxis):
        assert isinstance(trace.source, Scene)
        held = io.BytesIO()
        trace.source.image(SIDE).save(held, "webp", quality=80)
        data = base64.b64encode(held.getvalue()).decode("ascii")
        return {"image": f"data:image/webp;base64,{data}", "boxes": keys.boxes.round(4).tolist()}
    return {"keys": [list(each) for each in spaced(keys, trace.text)]}


def _answer(card: ModelCard, trace: AttentionTrace, language: str) -> dict[str, Any]:
    output = trace.output
    if isinstance(output, Written):
        return {"written": output.text}
    if isinstance(output, Filled):
        return {"classes": [[token, round(share, 4), percent(share)] for token, share in best(output, MAX_CLASSES)]}
    if not isinstance(output, Classification):
        return {}
    names = card.names_of_labels(language, output.labels)
    order = sorted(range(len(names)), key=lambda index: -float(output.probabilities[index]))[:MAX_CLASSES]
    shares = [(names[index], float(output.probabilities[index])) for index in order]
    return {"classes": [[name, round(share, 4), percent(share)] for name, share in shares]}
