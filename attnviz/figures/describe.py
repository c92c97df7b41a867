"""Figures in words: the text alternative of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attnviz.analysis.focus import Focus, focus
from attnviz.analysis.heads.maps import MapKey
from attnviz.analysis.heads.pointing import Pointed, pointed
from attnviz.analysis.heads.roles import Similarity
from attnviz.figures.numbers import approx, percent
from attnviz.figures.sentences import named, told
from attnviz.i18n import about, translate
from attnviz.scenes import Composed, kinds_of, names_in
from attnviz.trace import AttentionBlock, AttentionTrace, Axis, Classification, RegionAxis, Written

if TYPE_CHECKING:
    from attnviz.families.learning import Learning

#: Tokens named in a description.
NAMED = 5


def row(trace: AttentionTrace, chosen: Focus | None = None, language: str = "en") -> str:
    """One row of weights: how many, the largest, and where; and whose row it is, where there is more than one."""
    chosen = chosen or focus(trace)
    values, keys = chosen.row(trace), chosen.keys(trace)
    top = [int(index) for index in np.argsort(-values, kind="stable")[:NAMED]]
    items = [f"{named(keys, index, language)} {approx(float(values[index]))}" for index in top]
    largest = translate(language, "alt.separator").join(items)
    words = translate(language, "alt.weights", text=trace.text, count=len(values), largest=largest)
    return f"{whose(trace, chosen, language)} {words} {told(keys, language)}".strip()


def whose(trace: AttentionTrace, chosen: Focus, language: str = "en") -> str:
    """Whose row of weights it is (not for a pooling block, which has one), and how much of it is hidden."""
    block = trace.block(chosen.block)
    words = ""
    if block.kind != "pooling":
        query = named(block.query, chosen.query, language)
        words = translate(language, "alt.row", layer=chosen.layer + 1, head=chosen.head + 1, query=query)
    return f"{words} {hidden(trace, chosen, language)}".strip()


def source(trace: AttentionTrace, language: str = "en") -> str:
    """What was put in: the text, or of a composed picture the things in it, from the back to the front.

    >>> import attnviz
    >>> source(attnviz.load("scene-topics").trace("meadow;dog@3,5;tree@9,6"))
    'dog, tree'
    """
    picture = trace.source
    if not isinstance(picture, Composed) or not picture.objects:
        return trace.text
    kinds = kinds_of(picture)
    named = [kinds[name].words(language) if language in ("en", "ja") else name for name in names_in(picture)]
    return translate(language, "alt.separator").join(named)


def hidden(trace: AttentionTrace, chosen: Focus, language: str = "en") -> str:
    """How much of a row's weight falls on tokens that are not shown, and of all rows of its head; empty if all are."""
    block = trace.block(chosen.block)
    if block.hidden is None:
        return ""
    rows = block.hidden[chosen.layer, chosen.head]
    code = "alt.renormalised" if block.renormalised else "alt.hidden"
    shares = {"share": percent(float(rows[chosen.query])), "mean": percent(float(rows.mean(dtype=np.float64)))}
    return translate(language, code, **shares)


def grid(trace: AttentionTrace, chosen: Focus | None = None, language: str = "en") -> str:
    """All layers and heads of a block."""
    chosen = chosen or focus(trace)
    block = trace.block(chosen.block)
    layers, heads, queries, keys = block.shape
    sizes = {"layers": layers, "heads": heads, "queries": queries, "keys": keys}
    return f"{translate(language, 'alt.grid', text=trace.text, **sizes)} {told(block.key, language)}".strip()


def many(traces: Sequence[AttentionTrace], language: str = "en") -> str:
    """The weights of several sentences."""
    return " ".join(row(trace, None, language) for trace in traces)


def prediction(trace: AttentionTrace, names: Sequence[str], language: str = "en") -> str:
    """The classes in falling order of probability."""
    output = trace.output
    if not isinstance(output, Classification):
        return ""
    order = [int(index) for index in np.argsort(-output.probabilities, kind="stable")[:NAMED]]
    items = [f"{names[index]} {percent(float(output.probabilities[index]))}" for index in order]
    return translate(language, "alt.prediction", largest=translate(language, "alt.separator").join(items))


def heads(table: pd.DataFrame, x: str, y: str, language: str = "en") -> str:
    """Heads as points: over what ranges, and which heads are at their ends."""

    def named(index: int) -> str:
        row = table.iloc[index]
        return translate(language, "figures.layer_head", layer=int(row["layer"]), head=int(row["head"]))

    ranges = []
    for name in dict.fromkeys((x, y)):
        values = table[name].to_numpy(float)
        if np.isnan(values).all():
            continue
        low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
        ends = {"low": approx(values[low]), "low_head": named(low), "high": approx(values[high])}
        words = translate(language, f"columns.{name}")
        ranges.append(translate(language, "heads.alt_range", name=words, high_head=named(high), **ends))
    listed = translate(language, "alt.separator").join(ranges)
    return translate(language, "heads.alt_plot", count=len(table), ranges=listed)


def alike(similarity: Similarity, language: str = "en") -> str:
    """How many heads there are, and which two are nearest and farthest."""
    pairs = similarity.table()

    def named(row: pd.Series[Any]) -> str:
        ends = (("layer", "head"), ("other_layer", "other_head"))
        words = (
            translate(language, "figures.layer_head", layer=int(row[layer]), head=int(row[head]))
            for layer, head in ends
        )
        return " – ".join(words)

    near, far = pairs.iloc[0], pairs.iloc[-1]
    return translate(
        language,
        "heads.alt_alike",
        count=len(similarity.heads),
        near=named(near),
        nearest=approx(float(near["divergence"])),
        far=named(far),
        farthest=approx(float(far["divergence"])),
    )


def attention_map(
    trace: AttentionTrace,
    block: AttentionBlock,
    values: NDArray[np.float64],
    kind: MapKey,
    layer: int,
    head: int,
    language: str = "en",
) -> str:
    """What a map is, and its largest cells."""
    top = np.argsort(-values, axis=None, kind="stable")[:NAMED]
    cells = [
        translate(
            language,
            "maps.alt_cell",
            query=named(block.query, query, language),
            key=named(block.key, key, language),
            value=approx(float(values[query, key])),
        )
        for query, key in zip(*np.unravel_index(top, values.shape), strict=True)
    ]
    words = translate(
        language,
        "maps.alt",
        title=map_title(block, kind, layer, head, language),
        queries=values.shape[0],
        keys=values.shape[1],
        text=trace.text,
        largest=translate(language, "alt.separator").join(cells),
    )
    return f"{words} {told(block.key, language)}".strip()


def translation(
    trace: AttentionTrace, block: AttentionBlock, values: NDArray[np.float64], name: str, language: str = "en"
) -> str:
    """A translation, and where each of its tokens looked most.

    Args:
        trace: With a `Written`.
        block: Whose tokens, as it is read.
        values: float64 `[query, key]`.
        name: Which heads they are of.
        language: Of the words.
    """
    output = trace.output
    pairs = looks(trace, block, values, language) or [
        translate(language, "maps.alt_cell", query=query, key=block.key.tokens[key], value=approx(float(row[key])))
        for query, row, key in zip(block.query.tokens, values, values.argmax(axis=-1), strict=True)
    ]
    listed = translate(language, "alt.separator").join(pairs)
    text, kind = (output.text, output.kind) if isinstance(output, Written) else ("", "translation")
    return translate(language, about("writing.alt", kind), source=trace.text, translation=text, name=name, pairs=listed)


def looks(trace: AttentionTrace, block: AttentionBlock, values: NDArray[np.float64], language: str = "en") -> list[str]:
    """Where each word of a caption looked, a sentence each; empty where it is not the grid of a picture alone.

    Args:
        trace: With a `Written`.
        block: Whose tokens, as it is read.
        values: float64 `[query, region]`.
        language: Of the words.
    """
    return looked(trace, block.key, block.query.tokens, values, language)


def looked(
    trace: AttentionTrace, axis: Axis, words: Sequence[str], values: NDArray[np.float64], language: str = "en"
) -> list[str]:
    """The same of rows of weights over an axis, each for a word."""
    if not isinstance(axis, RegionAxis) or axis.grid is None or any(axis.special):
        return []
    scene = trace.source
    named = kinds_of(scene) if isinstance(scene, Composed) and language in ("en", "ja") else {}
    things: Sequence[Pointed | None] = [None] * len(values)
    if isinstance(scene, Composed):
        things = pointed(scene, words, values, axis.grid)
    sentences = []
    for word, row, thing in zip(words, values, things, strict=True):
        place = int(row.argmax())
        x0, y0, x1, y1 = (float(edge) for edge in axis.boxes[place])
        where = translate(language, f"picture.place_{_third((y0 + y1) / 2)}_{_third((x0 + x1) / 2)}")
        facts = {"word": word, "region": axis.labels[place], "weight": approx(float(row[place])), "where": where}
        if thing is None:
            sentences.append(translate(language, "picture.looks", **facts))
        else:
            name = named[thing.kind].words(language) if named else thing.kind
            key = "picture.looks_on" if thing.hit else "picture.looks_off"
            sentences.append(translate(language, key, **facts, thing=name, share=percent(thing.share)))
    return sentences


def _third(place: float) -> int:
    """In which third of the picture something lies: 0, 1 or 2."""
    return min(2, int(place * 3))


def learning(
    learned: Learning,
    values: NDArray[np.float64],
    keys: Axis,
    trace: AttentionTrace,
    title: str,
    language: str = "en",
    written: Sequence[str] = (),
) -> str:
    """How a sentence's weights and the curves of a training went, from the first look to the last.

    Args:
        learned: The looks.
        values: float64 `[look, key]`.
        keys: What the weights are given to.
        trace: Of the sentence, at any look.
        title: Whose rows of weights they are.
        language: Of the words.
        written: What a model that writes would write, one a look.
    """

    def top(row: NDArray[np.float64]) -> str:
        items = [f"{keys.tokens[at]} {approx(float(row[at]))}" for at in np.argsort(-row, kind="stable")[:NAMED]]
        return translate(language, "alt.separator").join(items)

    ends = {
        f"{name}_{end}": approx(float(getattr(learned, name)[at]))
        for name in ("loss", "accuracy", "entropy")
        for end, at in (("first", 0), ("last", -1))
    }
    if written:
        text = trace.output.text if isinstance(trace.output, Written) else ""
        ends |= {"translation": text, "written_first": written[0], "written_last": written[-1]}
    return translate(
        language,
        "learning.alt_written" if written else "learning.alt",
        title=title,
        text=trace.text,
        looks=len(values),
        steps=int(learned.steps[-1]),
        first=top(values[0]),
        last=top(values[-1]),
        **ends,
    ).strip()


def map_title(block: AttentionBlock, kind: MapKey, layer: int, head: int, language: str = "en") -> str:
    """What a map is, and of which layer and head; an average is called one."""
    layers, heads, _, _ = block.shape
    numbers = {"layer": layer + 1, "head": head + 1, "heads": heads, "all": layers * heads}
    return translate(language, f"maps.{kind}_title", **numbers)
