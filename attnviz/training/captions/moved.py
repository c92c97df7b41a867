"""Does the next word follow the light? Weight is moved from the thing that is about to be named to another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.families.writing.caption import CaptionModel
from attnviz.families.writing.incremental import SOURCE_TARGET
from attnviz.families.writing.subwords import BLANK
from attnviz.scenes import Composed, Kind, kinds_of, names_in
from attnviz.scenes.naming import mentions
from attnviz.trace import OWN, Edit, Written

Heads = tuple[tuple[int, int], ...]


def moved(model: CaptionModel, scenes: Sequence[Composed], language: str, taught: Heads) -> dict[str, Any]:
    """How often the next word is that of the thing to which the weight was moved.

    In the model's own caption, where a thing is about to be named: what its regions have of the weight is spread evenly
    over the regions of another thing, at that word alone, and the model reads its caption again.

    Args:
        model: The captioner.
        scenes: Those of two kinds of things or more count.
        language: Of the captions.
        taught: Layer and head of those that were taught.

    Returns:
        `words`: how many were tried; of `taught` heads and of `all`, the shares of words that become the `other`
        thing's, or stay the `same`.
    """
    layers, heads = model.networks.full.output["weights"], range(model.heads)
    every = tuple((layer, head) for layer in range(len(layers)) for head in heads)
    tried: dict[str, list[tuple[bool, bool]]] = {"taught": [], "all": []}
    for scene in scenes:
        encoded = model.encode(scene, language)
        output = model.run(encoded).output
        assert isinstance(output, Written)
        ids = [model.token_id(token) for token in output.tokens]
        weights = model.read(encoded, ids).weights[SOURCE_TARGET]  # [layer, head, word, region]
        for word, there, other, wanted in swaps(scene, [_bare(model, index) for index in ids], language):
            for name, chosen in (("taught", taught), ("all", every)):
                edits = [shifted(weights[place], word, there, other, *place) for place in chosen]
                best = int(model.read(encoded, ids, edits).logits[word].argmax())
                tried[name].append((_bare(model, best) in wanted, best == ids[word]))
    found: dict[str, Any] = {"words": len(tried["all"])}
    for name, each in tried.items():
        other_share, same = np.mean(each, axis=0).tolist() if each else (0.0, 0.0)
        found[name] = {"other": round(other_share, 4), "same": round(same, 4)}
    return found


def _bare(model: CaptionModel, index: int) -> str:
    return model.vocabulary[index].removeprefix(BLANK)


def swaps(
    scene: Composed, words: Sequence[str], language: str
) -> Iterator[tuple[int, NDArray[np.bool_], NDArray[np.bool_], frozenset[str]]]:
    """Place of the first word of each thing named, where it is, where another is, and the other's first words."""
    on, names, known = scene.lies_on(), names_in(scene), kinds_of(scene)
    kinds = list(dict.fromkeys(names))
    where = {kind: np.logical_or.reduce([on[i] for i, name in enumerate(names) if name == kind]) for kind in kinds}
    for mention in mentions(words, known):
        if mention.kind not in where or len(kinds) < 2:
            continue
        other = kinds[(kinds.index(mention.kind) + 1) % len(kinds)]
        apart = where[other] & ~where[mention.kind]
        wanted = _first_words(known[other], language) - _first_words(known[mention.kind], language)
        if apart.any() and wanted:
            yield mention.words[0], where[mention.kind], apart, wanted


def _first_words(kind: Kind, language: str) -> frozenset[str]:
    """The words that the name of a kind may begin with."""
    names = [kind.noun[language], *([kind.plural] if language == "en" else [])]
    return frozenset(f"{kind.colour[language]} {name}".split()[0] for name in names)


def shifted(
    weights: NDArray[np.float32],
    word: int,
    there: NDArray[np.bool_],
    other: NDArray[np.bool_],
    layer: int,
    head: int,
) -> Edit:
    """One head's weights with what lies there moved to the other thing, at one word."""
    rows = np.full_like(weights, OWN)
    rows[word] = np.where(there, 0.0, weights[word])
    rows[word, other] += weights[word, there].sum() / other.sum()
    return Edit(SOURCE_TARGET, rows, layer, head)
