"""What can be said of a collage: each photograph's thing and its place, in sentences of two languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from typing import Any

from attnviz.scenes import GROCERIES, Collage, Photo
from attnviz.scenes.groceries import Grocery
from attnviz.training.captions.grammar import FREE, PLACES, RELATIONS, Caption, Language, Role, Word, thirds

#: Rows or columns that middles must differ by, and by how much more than the other way, to lie beside each other.
_APART, _AHEAD = 3.0, 1.5

#: Photographs whose upper edges lie this near, of `collage.UNITS`, are of one line of reading.
_LINE = 7

#: How often, and what: a capital is a photograph, `pos:A` where it is, `rel:BA` how B lies to A, `it:A` A once more.
_TEMPLATES: dict[Language, dict[int, tuple[tuple[int, str], ...]]] = {
    "en": {
        0: ((1, "there is nothing"),),
        1: ((1, "A"),),
        2: ((3, "A pos:A , B rel:BA it:A"), (2, "A pos:A , B pos:B"), (1, "A rel:AB B")),
        3: (
            (3, "A pos:A , B rel:BA it:A , C pos:C"),
            (2, "A pos:A , B pos:B , C pos:C"),
        ),
        4: (
            (3, "A pos:A , B rel:BA it:A , C pos:C , D rel:DC it:C"),
            (2, "A pos:A , B pos:B , C pos:C , D pos:D"),
        ),
    },
    "ja": {
        0: ((1, "何 も ない"),),
        1: ((1, "A"),),
        2: ((3, "pos:A に A 、 その rel:BA に B"), (2, "pos:A に A 、 pos:B に B"), (1, "B の rel:AB に A")),
        3: (
            (3, "pos:A に A 、 その rel:BA に B 、 pos:C に C"),
            (2, "pos:A に A 、 pos:B に B 、 pos:C に C"),
        ),
        4: (
            (3, "pos:A に A 、 その rel:BA に B 、 pos:C に C 、 その rel:DC に D"),
            (2, "pos:A に A 、 pos:B に B 、 pos:C に C 、 pos:D に D"),
        ),
    },
}

#: Most photographs of which there are sentences.
MOST = max(_TEMPLATES["en"])


@dataclass(frozen=True)
class CollageGrammar:
    """The sentences about one collage in one language.

    Attributes:
        collage: Of at most `MOST` photographs.
        language: Of the sentences.
        loose: Near a border either word passes; without, one word is right.
    """

    collage: Collage
    language: Language
    loose: bool = False

    @cached_property
    def _photos(self) -> tuple[tuple[int, Photo], ...]:
        return tuple(enumerate(self.collage.objects))

    def every(self) -> Iterator[Caption]:
        """All sentences that are right."""
        for photos in permutations(self._photos):
            for _, template in _TEMPLATES[self.language][len(photos)]:
                yield from self._sentences(template, photos)

    def one(self, rng: Any) -> Caption:
        """A sentence that is right, drawn by the weights of the templates, most often in the order of reading.

        Args:
            rng: A NumPy generator.
        """
        photos = sorted(self._photos, key=lambda each: (round(each[1].y / _LINE), each[1].x))
        if rng.random() < FREE:
            photos = [photos[place] for place in rng.permutation(len(photos))]
        templates = _TEMPLATES[self.language][len(photos)]
        weights = [weight for weight, _ in templates]
        order = rng.choice(len(templates), size=len(templates), replace=False, p=[w / sum(weights) for w in weights])
        return next(caption for place in order for caption in self._sentences(templates[place][1], photos))

    def _sentences(self, template: str, photos: Sequence[tuple[int, Photo]]) -> Iterator[Caption]:
        named = dict(zip("ABCD", photos, strict=False))
        for chosen in product(*(self._slot(slot, named) for slot in template.split())):
            yield tuple(word for words in chosen for word in words)

    def _slot(self, slot: str, named: dict[str, tuple[int, Photo]]) -> list[list[Word]]:
        what, _, who = slot.rpartition(":")
        photos = [named[name] for name in who if name in named]
        if not photos:
            return [[Word(slot)]]
        if what == "rel":
            return [self._words(text, "relation", *photos) for text in self.relations(photos[0][1], photos[1][1])]
        if what == "pos":
            return [self._words(text, "place", *photos) for text in self.places(photos[0][1])]
        kind = GROCERIES[photos[0][1].kind]
        if what == "it":
            return [[Word("them" if kind.many else "it")]]
        return [self._words(kind.noun[self.language], "noun", *photos)]

    def _words(self, text: str, role: Role, *photos: tuple[int, Photo]) -> list[Word]:
        objects = tuple(place for place, _ in photos)
        return [Word(part, role, objects) for part in text.split()]

    def relations(self, a: Photo, b: Photo) -> list[str]:
        """How one photograph lies to another; nothing where they lie neither beside nor above each other."""
        right, down = b.column - a.column, b.row - a.row
        apart, ahead = (_APART, _AHEAD) if not self.loose else (_APART - 1, _AHEAD - 1)
        found = []
        if abs(right) >= apart and abs(right) - abs(down) >= ahead:
            found.append("left" if right > 0 else "right")
        if abs(down) >= apart and abs(down) - abs(right) >= ahead:
            found.append("above" if down > 0 else "below")
        return [RELATIONS[self.language][name] for name in found]

    def places(self, photo: Photo) -> list[str]:
        """Where a photograph is."""
        rows, columns = (thirds(value, loose=self.loose) for value in (photo.row, photo.column))
        return [PLACES[self.language][row, column] for row in rows for column in columns]


def words(language: Language) -> list[str]:
    """Every word there is in a language, in a fixed order."""
    slots = (slot for templates in _TEMPLATES[language].values() for _, each in templates for slot in each.split())
    names = [slot for slot in slots if ":" not in slot and slot not in "ABCD"]
    names += ["it", "them"] if language == "en" else []
    names += [*RELATIONS[language].values(), *PLACES[language].values()]
    names += [kind.noun[language] for kind in GROCERIES.values() if isinstance(kind, Grocery)]
    return list(dict.fromkeys(part for each in names for part in each.split()))
