"""What a picture is made of: drawings of the page, and the weights that its reader can choose from."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz import zoo
from attnviz.analysis.compact import coded
from attnviz.analysis.focus import Focus, asked
from attnviz.analysis.heads.alignment import Head, alignment_heads, combined, written_rows
from attnviz.analysis.scales import ScaleKey
from attnviz.drawings import Plain
from attnviz.drawings.lines import lines
from attnviz.drawings.lit import lit, shows
from attnviz.drawings.look import variables
from attnviz.drawings.maps import maps
from attnviz.drawings.matrix import matrix
from attnviz.drawings.pictured import Caption, on_picture
from attnviz.drawings.stage import largest, of_query, row, stage
from attnviz.drawings.writing import named, writing
from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.figures import describe, style
from attnviz.figures.masks import SIGNS
from attnviz.trace import AttentionBlock, AttentionTrace, Written

VIEWS = ("tokens", "lines", "head", "overview", "written")

#: Weights that travel with a picture as they are, 4 bytes each; of more, one layer or one head does, in 8 bits a weight
#: if that is still too many.
MOST = 65_536

#: Tokens of a side up to which lines are drawn unasked.
LINED = 64

#: As the page opens: a weight's colour is its share of the largest of its row.
_SCALE: ScaleKey = "row"


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        view: Which.
        block: Whose weights; those of what is written as it is read.
        focus: What it opens with.
        values: float64 `[query, key]`, the weights it opens with.
        components: Drawings it is made of.
        data: What the script draws.
    """

    view: str
    block: AttentionBlock
    focus: Focus
    values: NDArray[np.float64]
    components: tuple[str, ...]
    data: Mapping[str, Any]


def drawn(
    trace: AttentionTrace,
    view: str | None,
    layer: int | None,
    head: int | None,
    query: int | None,
    block: str | None,
    language: str,
) -> Picture:
    """A picture of a trace; arguments as `show` has them."""
    card = _card(trace.model)
    if view is None and block is None and isinstance(trace.output, Written):
        view = "written"
    if view == "written":
        return _written(trace, card, layer, head, language)
    focus = asked(trace, layer, head, block)
    if query is not None:
        size = len(trace.block(focus.block).query)
        if not 0 <= query < size:
            raise InputError("no_such_index", what="query", received=query, last=size - 1)
        focus = replace(focus, query=query)
    own = trace.block(focus.block)
    names = card.names_of_labels(language) if card is not None else ()
    chosen = view or _fitting(own)
    looks = [Plain(language, theme, trace.edited) for theme in ("light", "dark")]
    parts = [_parts(look, trace, focus, chosen, names) for look in looks]
    given = _given(own, focus)
    data = _data(parts, looks, given, {"layer": focus.layer, "head": focus.head, "query": focus.query})
    choosable = "lit" not in data["names"]
    data["choices"] = [
        *(["layer"] if len(given["layers"]) > 1 and choosable else []),
        *(["head"] if len(given["heads"]) > 1 and choosable else []),
        *(["query"] if len(own.query) > 1 and choosable and "stage" in data["names"] else []),
    ]
    data["words"] = _words(looks[0], trace, own, given)
    values = own.weights[focus.layer, focus.head].astype(np.float64)
    return Picture(chosen, own, focus, values, tuple(data.pop("names")), data)


def _card(name: str) -> ModelCard | None:
    """The card of a model of that name; None where there is none, as of weights from elsewhere."""
    return next((card for card in zoo.models() if card.name == name), None)


def _fitting(block: AttentionBlock) -> str:
    """The view that shows most where none is asked for."""
    if len(block.query) == 1 and block.shape[0] * block.shape[1] == 1:
        return "tokens"
    return "lines" if max(block.shape[2:]) <= LINED else "head"


Parts = list[tuple[str, dict[str, Any]]]


def _parts(look: Plain, trace: AttentionTrace, focus: Focus, view: str, names: tuple[str, ...]) -> Parts:
    block, alt = trace.block(focus.block), describe.row(trace, focus, look.language)
    if shows(trace, focus):
        first = ("lit", lit(look, trace, focus, _SCALE, names=names))
    else:
        first = ("stage", _stage(look, trace, focus, names))
    drawings: dict[str, Callable[[], Parts]] = {
        "tokens": lambda: [first],
        "lines": lambda: [first, ("lines", lines(look, block, focus.layer, focus.head, alt))],
        "head": lambda: [first, ("matrix", matrix(look, trace, focus, _SCALE, alt))],
        "overview": lambda: [
            ("maps", maps(look, block, focus.layer, focus.head, _SCALE)),
            ("matrix", matrix(look, trace, focus, _SCALE, alt)),
        ],
    }
    return drawings[view]()


def _stage(look: Plain, trace: AttentionTrace, focus: Focus, names: tuple[str, ...]) -> dict[str, Any]:
    block = trace.block(focus.block)
    alone = len(block.query) * block.shape[0] * block.shape[1] == 1
    title = look.t("scales.row") + largest(look, float(focus.row(trace).max()))
    mark = {"name": look.t("surgery.mark")} if trace.edited else {}
    return stage(
        look,
        [{**row(look, trace, focus, _SCALE, names), **mark}],
        _SCALE,
        title if alone else of_query(look, trace, focus, _SCALE),
        tokens_choosable=block.kind in ("self", "causal"),
    )


def _written(
    trace: AttentionTrace, card: ModelCard | None, layer: int | None, head: int | None, language: str
) -> Picture:
    if not isinstance(trace.output, Written):
        raise InputError("no_such_view", received="written", expected=", ".join(VIEWS[:-1]))
    block = written_rows(trace)
    stated = None if card is None else card.details.get("alignment")
    heads: tuple[Head, ...] = alignment_heads(block, stated)
    if layer is not None or head is not None:
        block.select(layer, head)
        heads = ((layer if layer is not None else block.shape[0] - 1, head or 0),)
    values, (read, said) = combined(block, heads), _languages(card)
    caption = Caption(trace, block, values, said)
    looks = [Plain(language, theme, trace.edited) for theme in ("light", "dark")]
    name = named(looks[0], block, heads, stated)
    alt = describe.translation(trace, block, values, name, language)
    parts = [
        [
            (
                "writing",
                writing(
                    look,
                    caption,
                    name,
                    scale=_SCALE,
                    key="shown",
                    start=0,
                    at=-1,
                    speed=0,
                    alt=alt,
                    text=trace.text,
                    small=False,
                    read=read,
                    fixed=True,
                ),
            )
        ]
        for look in looks
    ]
    focus = Focus(block.name, *heads[0])
    given = _given(block, focus)
    data = _data(parts, looks, given, {"layer": focus.layer, "head": focus.head, "query": 0})
    data["choices"] = ["heads"]
    if on_picture(trace, block.key):  # lit anew for another head by Python alone
        data["choices"] = []
        given.update(weights="", most="", masks="")
    data["words"] = {**_words(looks[0], trace, block, given), "shown": name}
    return Picture("written", block, focus, values, tuple(data.pop("names")), data)


def _languages(card: ModelCard | None) -> tuple[str, str]:
    """Of what is read and of what is written; empty where nobody says."""
    languages = ("",) if card is None or not card.languages else card.languages
    return languages[0], languages[-1]


def _data(parts: list[Parts], looks: list[Plain], given: dict[str, Any], at: dict[str, int]) -> dict[str, Any]:
    """Drawings in light with what differs in the dark."""
    light, dark = parts
    paints = {}
    for look in looks:
        paint = style.theme(look.theme)
        paints[look.theme] = {"variables": variables(paint, look.theme), "ramp": list(paint.ramp)}
    # The script makes the 256 colours itself.
    for _, data in (*light, *dark):
        if "ramp" in data:
            data["ramp"] = None
    return {
        "names": [name for name, _ in light],
        "parts": [
            {"name": name, "data": data, "dark": {key: value for key, value in other.items() if value != data[key]}}
            for (name, data), (_, other) in zip(light, dark, strict=True)
        ],
        "paints": paints,
        "given": given,
        "at": at,
    }


def _given(block: AttentionBlock, focus: Focus) -> dict[str, Any]:
    """The weights that can be chosen from: all, or as much of them as `MOST` lets."""
    layers, heads, queries, keys = block.shape
    one_layer, one_head = slice(focus.layer, focus.layer + 1), slice(focus.head, focus.head + 1)
    parts = [slice(0, layers), slice(0, heads)]
    if block.weights.size > MOST:
        parts[0] = one_layer
    exact = block.weights[tuple(parts)].size <= MOST
    if block.weights[tuple(parts)].size > 4 * MOST:
        parts[1] = one_head
        exact = block.weights[tuple(parts)].size <= MOST
    part = tuple(parts)
    weights = block.weights[part]
    most = weights.max(axis=-1, keepdims=True)
    masks = np.zeros(0, np.uint8)
    if block.mask is not None:
        masks = (block.mask if block.mask.ndim == 2 else block.mask[part]).astype(np.uint8)
    return {
        "layers": list(range(layers))[parts[0]],
        "heads": list(range(heads))[parts[1]],
        "queries": list(block.query.tokens),
        "own": list(range(queries)) if block.parts is None else [group[0] for group in block.parts[0]],
        "keys": keys,
        "exact": exact,
        "weights": _base64(weights.astype("<f4") if exact else coded(weights / np.where(most > 0, most, 1))),
        "most": "" if exact else _base64(most.astype("<f4")),
        "masks": _base64(masks),
        "mask": "none" if block.mask is None else "all" if block.mask.ndim == 2 else "each",
    }


def _words(look: Plain, trace: AttentionTrace, block: AttentionBlock, given: dict[str, Any]) -> dict[str, Any]:
    """Words, with `{name}` where the script puts in what is chosen."""
    left = {name: f"{{{name}}}" for name in ("layer", "head", "query")}
    several = {"text": trace.text, "count": len(block.key), "largest": "{largest}"}
    part = ""
    if len(given["heads"]) < block.shape[1]:
        part = look.t("notebook.one_head")
    elif len(given["layers"]) < block.shape[0]:
        part = look.t("notebook.one_layer")
    return {
        **{name: look.t(f"figures.{name}") for name in ("layer", "head", "weight")},
        "query": look.t("notebook.query"),
        "heads": look.t("controls.heads"),
        "numbered": look.t("figures.layer_head", layer="{layer}", head="{head}"),
        "short": look.t("writing.head", layer="{layer}", head="{head}"),
        "colour": look.t("scales.of", scale=look.t("scales.query"), **left),
        "row": look.t("alt.row", **left),
        "largest": look.t("alt.weights", **several),
        "separator": look.t("alt.separator"),
        "masks": {str(code): look.t(f"masks.{code}") for code in SIGNS},
        "signs": {str(code): sign for code, (sign, _) in SIGNS.items()},
        "part": f"{look.t('surgery.mark')} " * trace.edited + part,
    }


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
