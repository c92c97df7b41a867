"""What a scene may hold: things a child knows, each in several styles of art, and backgrounds; all with their words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent

#: Folder of the art: `<style>/<kind>.webp`.
ART = _HERE / "art"

#: Styles of art; the first is drawn where a code names none.
STYLES = ("fluent", "noto", "twemoji")


@dataclass(frozen=True)
class Kind:
    """A kind of object.

    Attributes:
        name: In codes.
        point: Code points of its emoji, as the art's packages name files.
        noun: By language, without a colour.
        plural: In English.
        colour: By language; empty where the noun alone tells the kind.
        lives: Japanese says いる of it, not ある.
        counter: With which Japanese counts it.
    """

    name: str
    point: str
    noun: Mapping[str, str]
    plural: str
    colour: Mapping[str, str]
    lives: bool
    counter: str

    def words(self, language: str) -> str:
        """As a person names it.

        >>> KINDS["blue-car"].words("en"), KINDS["blue-car"].words("ja")
        ('blue car', '青い車')
        """
        parts = [part for part in (self.colour[language], self.noun[language]) if part]
        return (" " if language == "en" else "").join(parts)


@dataclass(frozen=True)
class Background:
    """What is behind the objects.

    Attributes:
        name: In codes.
        words: By language, as a list names it.
        place: By language, as a sentence says where: "in the meadow", 「草原」 (the particle is the sentence's).
    """

    name: str
    words: Mapping[str, str]
    place: Mapping[str, str]


@cache
def _kinds() -> dict[str, Kind]:
    rows = tomllib.loads((_HERE / "kinds.toml").read_text(encoding="utf-8"))
    return {
        name: Kind(
            name,
            row["point"],
            {"en": row["en"], "ja": row["ja"]},
            row["plural"],
            row.get("colour", {"en": "", "ja": ""}),
            row.get("lives", False),
            row["counter"],
        )
        for name, row in rows.items()
    }


def _background(name: str, en: str, ja: str, place_en: str, place_ja: str) -> Background:
    return Background(name, {"en": en, "ja": ja}, {"en": place_en, "ja": place_ja})


#: By name.
KINDS: Mapping[str, Kind] = _kinds()

#: By name.
BACKGROUNDS: Mapping[str, Background] = {
    each.name: each
    for each in (
        _background("meadow", "meadow", "草原", "in the meadow", "草原"),
        _background("beach", "beach", "砂浜", "on the beach", "砂浜"),
        _background("snow", "snow", "雪", "in the snow", "雪の中"),
        _background("desert", "desert", "砂漠", "in the desert", "砂漠"),
        _background("night", "night sky", "夜空", "under the night sky", "夜空の下"),
        _background("sea", "sea", "海", "in the sea", "海の中"),
        _background("room", "room", "部屋", "in the room", "部屋の中"),
        _background("city", "city", "街", "in the city", "街の中"),
    )
}
