"""How good captions of collages are: kinds by the coarse classes of the data, and whether things' places are right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attnviz.scenes import GROCERIES, Collage, Photo
from attnviz.scenes.naming import mentions
from attnviz.training.captions.grammar import PLACES, RELATIONS, Language
from attnviz.training.captions.photo_grammar import CollageGrammar
from attnviz.training.captions.scores import Written

#: Fine classes that have a kind of their own are one of these coarse ones.
_PEPPER = "Pepper"


def more(captions: Sequence[Written]) -> dict[str, float]:
    """Further figures of captions of one language.

    Returns:
        `named_coarse`: share of the coarse classes in the collages that are named; `places`: share right of what is
        said of the place of a thing that is there once and named once.
    """
    named = there = said = right = 0
    for each in captions:
        assert isinstance(each.scene, Collage)
        classes = {coarse(photo.kind) for photo in each.scene.objects}
        named += len(classes & {coarse(mention.kind) for mention in mentions(each.bare, GROCERIES)})
        there += len(classes)
        told = list(told_places(each.scene, each.bare, each.language))
        said += len(told)
        right += sum(told)
    return {"named_coarse": named / max(there, 1), "places": right / max(said, 1)}


def coarse(kind: str) -> str:
    """Coarse class of a kind: that of all peppers is one."""
    of = GROCERIES[kind].of
    return _PEPPER if of.endswith("-Bell-Pepper") else of


def told_places(collage: Collage, words: Sequence[str], language: Language) -> Iterator[bool]:
    """Whether what a caption says of a thing's place is right, of each thing that is there once and named once.

    Said is a place, or how it lies to the thing named before it, where that is there, too.
    """
    grammar = CollageGrammar(collage, language, loose=True)
    found = mentions(words, GROCERIES)
    kinds = [photo.kind for photo in collage.objects]
    once = {
        kind: collage.objects[kinds.index(kind)]
        for kind in kinds
        if kinds.count(kind) == 1 == sum(mention.kind == kind for mention in found)
    }
    before: Photo | None = None
    for number, mention in enumerate(found):
        photo = once.get(mention.kind)
        if language == "en":
            end = found[number + 1].words[0] if number + 1 < len(found) else len(words)
            told = " ".join(words[mention.words[-1] + 1 : end])
        else:
            start = found[number - 1].words[-1] + 1 if number else 0
            told = "".join(words[start : mention.words[0]])
        if photo is not None:
            yield from _right(grammar, told, photo, before, language)
        before = photo


def _right(
    grammar: CollageGrammar, told: str, photo: Photo, before: Photo | None, language: Language
) -> Iterator[bool]:
    relations = sorted(RELATIONS[language].values(), key=len, reverse=True)
    pronoun = told.endswith((" it", " them", " it ,", " them ,")) if language == "en" else "その" in told
    place = max((each for each in PLACES[language].values() if each in told), key=len, default=None)
    if pronoun:
        said = next((each for each in relations if each in told), None)
        if said is not None and before is not None:
            yield said in grammar.relations(photo, before)
    elif place is not None:
        yield place in grammar.places(photo)
