"""What can be said of a scene: sentences of two languages whose every word knows which objects it is about.

Objects of one kind make up a group, and a sentence names each group once. What a sentence says of places follows from
the objects' centres; near a border between two words `loose` lets either pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from typing import Any, Literal, NamedTuple

from attnviz.scenes import BACKGROUNDS, KINDS, Kind, Placed, Scene

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")

Role = Literal["noun", "colour", "count", "relation", "place", "background", "other"]

#: Of these a word says which object it is about.
OBJECT_ROLES = ("noun", "colour", "count")

#: Cells that centres must differ by for one object to be beside another rather than before or behind it.
APART = 2.5

#: How far from a border, in cells, either of two words passes.
_SLACK = 0.6

#: Columns, or rows, between which the middle lies.
_MIDDLE = (4.5, 8.5)

#: Share of the sentences learned from that name things in any order; all others name them in a fixed one. Where any
#: order is as likely, a model cannot know before a noun which thing is meant, and its weight lies on several.
FREE = 0.1

#: The fixed order: that of `KINDS`, animals first.
_RANKS = {name: rank for rank, name in enumerate(KINDS)}

#: By language, and by what they are called here.
RELATIONS = {
    "en": {
        "left": "to the left of",
        "right": "to the right of",
        "above": "above",
        "below": "below",
        "front": "in front of",
        "behind": "behind",
    },
    "ja": {"left": "左", "right": "右", "above": "上", "below": "下", "front": "前", "behind": "後ろ"},
}

#: By language, row and column of nine fields.
PLACES: dict[str, dict[tuple[int, int], str]] = {
    "en": {
        (0, 0): "at the top left",
        (0, 1): "at the top",
        (0, 2): "at the top right",
        (1, 0): "on the left",
        (1, 1): "in the middle",
        (1, 2): "on the right",
        (2, 0): "at the bottom left",
        (2, 1): "at the bottom",
        (2, 2): "at the bottom right",
    },
    "ja": {
        (0, 0): "左上",
        (0, 1): "上",
        (0, 2): "右上",
        (1, 0): "左",
        (1, 1): "真ん中",
        (1, 2): "右",
        (2, 0): "左下",
        (2, 1): "下",
        (2, 2): "右下",
    },
}
#: What is said of things, and of what lives.
_VERBS = {"いる": ("ある", "いる"), "いて": ("あって", "いて")}
_NUMBERS = {"en": ("", "a", "two", "three", "four"), "ja": ("", "", "二", "三", "四")}

#: How often, and what: a capital is a group, `rel:AB` says how A lies to B, `pos:A` where A is, `bg` where all is.
#: In Japanese `が:A` names a group with が and its number after it, `いる:A` and `いて:A` are verbs that suit it, and
#: `がいる:A` is both in one.
#: A sentence with `pos:A` needs a group of one.
_TEMPLATES: dict[str, dict[int, tuple[tuple[int, str], ...]]] = {
    "en": {
        0: ((1, "there is nothing bg"),),
        1: ((3, "A bg"), (3, "A pos:A , bg"), (2, "there be:A A bg")),
        2: (
            (4, "A rel:AB B bg"),
            (2, "bg , A be:A rel:AB B"),
            (2, "there be:A A rel:AB B bg"),
            (2, "A and B bg"),
        ),
        3: (
            (4, "A rel:AB B and C pos:C , bg"),
            (2, "A pos:A , B pos:B and C pos:C , bg"),
            (3, "A , B and C bg"),
        ),
        4: ((4, "A rel:AB B and C rel:CD D , bg"), (3, "A , B , C and D bg")),
    },
    "ja": {
        0: ((1, "bg に は 何 も ない"),),
        1: ((3, "bg に がいる:A"), (3, "bg で が:A pos:A に いる:A"), (2, "が:A bg に いる:A")),
        2: (
            (4, "bg で が:A B の rel:AB に いる:A"),
            (4, "bg で 、 B の rel:AB に がいる:A"),
            (2, "bg に A と B が 見える"),
        ),
        3: (
            (4, "bg で が:A B の rel:AB に いて:A 、 が:C pos:C に いる:C"),
            (2, "bg で が:A pos:A に 、 が:B pos:B に 、 が:C pos:C に 見える"),
            (3, "bg に A と B と C が 見える"),
        ),
        4: (
            (4, "bg で が:A B の rel:AB に いて:A 、 が:C D の rel:CD に いる:C"),
            (3, "bg に A と B と C と D が 見える"),
        ),
    },
}


class Word(NamedTuple):
    """A word of a caption.

    Attributes:
        text: As it is written.
        role: What it does.
        objects: Which of the scene's objects it is about; of a relation, of both sides.
    """

    text: str
    role: Role = "other"
    objects: tuple[int, ...] = ()


Caption = tuple[Word, ...]


@dataclass(frozen=True)
class Group:
    """Objects of one kind.

    Attributes:
        kind: Which.
        objects: Their places among the scene's objects.
        placed: The objects themselves.
    """

    kind: Kind
    objects: tuple[int, ...]
    placed: tuple[Placed, ...]


@dataclass(frozen=True)
class Grammar:
    """The sentences about one scene in one language.

    Attributes:
        scene: At most four kinds of objects.
        language: Of the sentences.
        loose: Near a border either word passes; without, one word is right.
    """

    scene: Scene
    language: Language
    loose: bool = False

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """In the order in which their first objects stand in the code."""
        found: dict[str, list[int]] = {}
        for place, each in enumerate(self.scene.objects):
            found.setdefault(each.kind, []).append(place)
        return tuple(
            Group(KINDS[name], tuple(places), tuple(self.scene.objects[place] for place in places))
            for name, places in found.items()
        )

    def every(self) -> Iterator[Caption]:
        """All sentences that are right."""
        for groups in permutations(self.groups):
            for _, template in _TEMPLATES[self.language][len(groups)]:
                yield from self._sentences(template, groups)

    def one(self, rng: Any) -> Caption:
        """A sentence that is right, drawn by the weights of the templates, most often in the order of `KINDS`.

        Args:
            rng: A NumPy generator.
        """
        groups = sorted(self.groups, key=lambda group: _RANKS[group.kind.name])
        if rng.random() < FREE:
            groups = [groups[place] for place in rng.permutation(len(groups))]
        templates = _TEMPLATES[self.language][len(groups)]
        weights = [weight for weight, _ in templates]
        order = rng.choice(len(templates), size=len(templates), replace=False, p=[w / sum(weights) for w in weights])
        return next(caption for place in order for caption in self._sentences(templates[place][1], groups))

    def _sentences(self, template: str, groups: Sequence[Group]) -> Iterator[Caption]:
        named = dict(zip("ABCD", groups, strict=False))
        slots = [self._slot(slot, named) for slot in template.split()]
        for chosen in product(*slots):
            yield tuple(word for words in chosen for word in words)

    def _slot(self, slot: str, named: dict[str, Group]) -> list[list[Word]]:
        """Everything that may stand in a slot, each a few words; nothing where the sentence does not fit."""
        what, _, who = slot.rpartition(":")
        groups = [named[name] for name in who if name in named]
        if what == "rel":
            return [self._words(text, "relation", *groups) for text in self._relations(*groups)]
        if what == "pos":
            return [self._words(text, "place", *groups) for text in self._places(*groups)]
        if what == "be":
            return [[Word("is" if len(groups[0].objects) == 1 else "are")]]
        if what == "が":
            pause = [Word("、")] if len(groups[0].objects) > 1 else []
            return [[*self._subject(groups[0]), *pause]]
        if what == "がいる":
            return [[*self._subject(groups[0]), Word(_VERBS["いる"][groups[0].kind.lives])]]
        if what in _VERBS:
            return [[Word(_VERBS[what][groups[0].kind.lives])]]
        if slot == "bg":
            return [self._words(BACKGROUNDS[self.scene.background].place[self.language], "background")]
        return [self._named(groups[0]) if groups else [Word(slot)]]

    def _named(self, group: Group) -> list[Word]:
        """A group where it stands in a sentence: "two red cars", 「二台の赤い車」."""
        count, kind = len(group.objects), group.kind
        if self.language == "ja":
            return [*self._counted(group), *([Word("の")] if count > 1 else []), *self._bare(group)]
        number = _NUMBERS["en"][count]
        if count == 1 and (kind.colour["en"] or kind.noun["en"])[0] in "aeiou":
            number = "an"
        role: Role = "count" if count > 1 else "other"
        return [Word(number, role, group.objects if count > 1 else ()), *self._bare(group)]

    def _subject(self, group: Group) -> list[Word]:
        """「犬が」, 「犬が二匹」."""
        return [*self._bare(group), Word("が"), *self._counted(group)]

    def _bare(self, group: Group) -> list[Word]:
        kind = group.kind
        plural = self.language == "en" and len(group.objects) > 1
        noun = kind.plural if plural else kind.noun[self.language]
        colour = kind.colour[self.language]
        return [*self._words(colour, "colour", group), *self._words(noun, "noun", group)]

    def _counted(self, group: Group) -> list[Word]:
        """「二匹」; nothing of one."""
        if len(group.objects) == 1:
            return []
        return self._words(f"{_NUMBERS['ja'][len(group.objects)]} {group.kind.counter}", "count", group)

    def _words(self, text: str, role: Role, *groups: Group) -> list[Word]:
        objects = tuple(place for group in groups for place in group.objects)
        parts = text.split() if self.language == "en" or role != "background" else _PARTS.get(text, (text,))
        return [Word(part, role, objects) for part in parts]

    def _relations(self, first: Group, second: Group) -> list[str]:
        pairs = [(a, b) for a in first.placed for b in second.placed]
        each = [self._relation(a, b, first, second) for a, b in pairs]
        names = RELATIONS[self.language]
        return [names[name] for name in names if all(name in found for found in each)]

    def _relation(self, a: Placed, b: Placed, first: Group, second: Group) -> set[str]:
        """How one object lies to another."""
        slack = _SLACK if self.loose else 0.0
        right, down = b.column - a.column, b.row - a.row
        found = set()
        if abs(right) >= APART - slack and abs(right) >= abs(down) - slack:
            found.add("left" if right > 0 else "right")
        if abs(down) >= APART - slack and abs(down) > abs(right) - slack - 1e-9:
            found.add("above" if down > 0 else "below")
        if max(abs(right), abs(down)) < APART + slack and len(first.objects) == len(second.objects) == 1:
            found.add("front" if first.objects > second.objects else "behind")
        if not self.loose and {"left", "right"} & found:
            found -= {"above", "below"}  # as far to the side as up or down
        return found

    def _places(self, group: Group) -> list[str]:
        if len(group.placed) != 1:
            return []
        names = PLACES[self.language]
        rows, columns = (thirds(value, loose=self.loose) for value in (group.placed[0].row, group.placed[0].column))
        return [names[row, column] for row in rows for column in columns]


def thirds(value: float, *, loose: bool) -> list[int]:
    """In which of three fields a row or column lies; near a border, if `loose`, in either."""
    slack = _SLACK if loose else 0.0
    found = [0] if value < _MIDDLE[0] + slack else []
    found += [1] if _MIDDLE[0] - slack <= value <= _MIDDLE[1] + slack else []
    return found + ([2] if value > _MIDDLE[1] - slack else [])


#: Where a Japanese place is more than one word.
_PARTS = {"雪の中": ("雪", "の", "中"), "夜空の下": ("夜空", "の", "下"), "海の中": ("海", "の", "中"),
          "部屋の中": ("部屋", "の", "中"), "街の中": ("街", "の", "中")}  # fmt: skip


def text(caption: Caption, language: str) -> str:
    """A caption as it is written.

    >>> text((Word("a"), Word("dog"), Word(","), Word("there")), "en")
    'a dog, there'
    """
    if language == "ja":
        return "".join(word.text for word in caption)
    return " ".join(word.text for word in caption).replace(" ,", ",")


def words(language: Language) -> list[str]:
    """Every word there is in a language, in a fixed order."""
    found: dict[str, None] = {}
    slots = (slot for templates in _TEMPLATES[language].values() for _, each in templates for slot in each.split())
    literal = [slot for slot in slots if ":" not in slot and slot not in ("bg", *"ABCD")]
    names: list[str] = [*literal, "is", "are", "an"] if language == "en" else [*literal, "が", "の", "いる", "いて"]
    names += [] if language == "en" else ["ある", "あって"]
    names += [*_NUMBERS[language], *RELATIONS[language].values(), *PLACES[language].values()]
    for kind in KINDS.values():
        names += [kind.colour[language], kind.noun[language], kind.plural if language == "en" else kind.counter]
    for background in BACKGROUNDS.values():
        place = background.place[language]
        names += [place] if language == "en" else _PARTS.get(place, (place,))
    for each in names:
        for part in each.split():
            found.setdefault(part)
    return list(found)
