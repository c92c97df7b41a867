"""A picture made of photographs side by side, known by a short code that lays it out again exactly."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.scenes.groceries import GROCERIES, PARTS, photographs
from attnviz.scenes.scene import GRID, LONGEST_CODE
from attnviz.trace import Picture

if TYPE_CHECKING:
    from PIL import Image

#: Pixels of the side of the picture that a model is given.
SIDE = 448

#: Rows and columns on which photographs are laid out.
UNITS = 28

#: Colours of the ground, red, green and blue, by name.
GROUNDS = {"white": (255, 255, 255), "grey": (128, 128, 128), "black": (0, 0, 0)}

#: Most photographs.
MOST = 9

#: Share of a region that a photograph must cover for the region to lie on it.
COVERED = 0.5

_PART = {letter: part for part, letter in PARTS.items()}
_PHOTO = re.compile(
    r"(?P<kind>[a-z-]+)\.(?P<part>[tv]?)(?P<number>\d{1,4})@(?P<x>\d\d?),(?P<y>\d\d?),(?P<w>\d\d?),(?P<h>\d\d?)",
    re.ASCII,
)
_FORM = "white;red-pepper.1@0,0,14,28;milk.2@14,0,14,28"


@dataclass(frozen=True)
class Photo:
    """A photograph in a collage.

    Attributes:
        kind: What it shows, see `GROCERIES`.
        part: Of the data set, see `PARTS`.
        number: Which, from 1.
        x, y, width, height: Where it is, of `UNITS` each way, from the upper left.
    """

    kind: str
    part: str
    number: int
    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.kind}.{PARTS[self.part]}{self.number}@{self.x},{self.y},{self.width},{self.height}"

    @property
    def column(self) -> float:
        """Of its middle on the grid of regions; 0 is the middle of the first."""
        return (self.x + self.width / 2) / UNITS * GRID - 0.5

    @property
    def row(self) -> float:
        """As `column`."""
        return (self.y + self.height / 2) / UNITS * GRID - 0.5

    @property
    def size(self) -> float:
        """Its side on the grid of regions, were it a square."""
        return math.sqrt(self.width * self.height) / UNITS * GRID


class Collage(Picture):
    """Photographs side by side. Where they overlap, the later one is in front.

    Args:
        code: The ground's colour, then photographs: kind, number and part (`t` before the number: of the training part,
            `v` of the validation part), left edge, upper edge, width and height, of 28 each way:
            `white;red-pepper.1@0,0,14,28;milk.2@14,0,14,28`.

    Attributes:
        ground: Name, see `GROUNDS`.
        objects: From the back to the front.

    Raises:
        InputError: `collage_code`, `scene_long`, `collage_ground`, `scene_object`, `collage_box`, `scene_many`. Whether
            there are such photographs is known when the picture is drawn; `image` says what is raised then.

    >>> collage = Collage("white; red-pepper.1@0,0,14,28 ;milk.2@14,0,14,28")
    >>> collage.code, collage.objects[1].column
    ('white;red-pepper.1@0,0,14,28;milk.2@14,0,14,28', 10.0)
    """

    ground: str
    objects: tuple[Photo, ...]

    def __init__(self, code: str) -> None:
        ground, objects = _parsed(code)
        canonical = ";".join([ground, *map(str, objects)])
        super().__init__(canonical, (SIDE, SIDE), lambda: np.array(self.image()))
        object.__setattr__(self, "ground", ground)
        object.__setattr__(self, "objects", objects)

    @classmethod
    def composed(cls, ground: str, objects: Iterable[Photo]) -> Collage:
        """A collage from its parts; raises as for a code."""
        return cls(";".join([ground, *map(str, objects)]))

    def __reduce__(self) -> tuple[type[Collage], tuple[str]]:
        return Collage, (self.code,)

    def image(self, size: int = SIDE) -> Image.Image:
        """The picture as an RGB image; of each photograph what fits its place when it is filled from the middle.

        Args:
            size: Pixels of its side; models are given `SIDE`.

        Raises:
            InputError: `no_photographs`, `no_such_photograph`, `photographs_damaged`.
        """
        from PIL import Image, ImageOps

        image = Image.new("RGB", (size, size), GROUNDS[self.ground])
        for each in self.objects:
            left, top, right, bottom = (round(edge * size / UNITS) for edge in _edges(each))
            photo = photographs().image(each.part, each.kind, each.number)
            image.paste(ImageOps.fit(photo, (right - left, bottom - top), Image.Resampling.BICUBIC), (left, top))
        return image

    def covered(self, rows: int = GRID, columns: int = GRID) -> NDArray[np.float32]:
        """Share of each region that each photograph visibly covers, float32 `[object, row, column]`.

        Args:
            rows, columns: Of the regions; divisors of `UNITS`.
        """
        there = np.zeros((len(self.objects), UNITS, UNITS), bool)
        for place, each in enumerate(self.objects):
            left, top, right, bottom = _edges(each)
            there[:place, top:bottom, left:right] = False  # it lies in front
            there[place, top:bottom, left:right] = True
        shape = (len(there), rows, UNITS // rows, columns, UNITS // columns)
        shares: NDArray[np.float32] = there.reshape(shape).mean(axis=(2, 4), dtype=np.float32)
        return shares

    def lies_on(self) -> NDArray[np.bool_]:
        """Which regions of the grid each photograph lies on, bool `[object, region]`, see `COVERED`."""
        found: NDArray[np.bool_] = self.covered().reshape(len(self.objects), GRID * GRID) >= COVERED
        return found

    def boxes(self) -> NDArray[np.float32]:
        """Of each photograph x0, y0, x1, y1 in shares of the picture, float32 `[object, 4]`."""
        return np.array([_edges(each) for each in self.objects], np.float32).reshape(-1, 4) / np.float32(UNITS)


def _edges(photo: Photo) -> tuple[int, int, int, int]:
    return photo.x, photo.y, photo.x + photo.width, photo.y + photo.height


def _parsed(code: str) -> tuple[str, tuple[Photo, ...]]:
    if not isinstance(code, str):
        raise InputError("collage_code", received=type(code).__name__, expected=_FORM)
    if len(code) > LONGEST_CODE:
        raise InputError("scene_long", received=len(code), last=LONGEST_CODE)
    first, *rest = (part.strip() for part in code.strip().removesuffix(";").split(";"))
    if first not in GROUNDS:
        raise InputError("collage_ground", received=first[:60], expected=", ".join(GROUNDS))
    if len(rest) > MOST:
        raise InputError("scene_many", received=len(rest), last=MOST)
    return first, tuple(_photo(part) for part in rest)


def _photo(part: str) -> Photo:
    found = _PHOTO.fullmatch(part)
    if found is None:
        raise InputError("collage_code", received=part[:60], expected=_FORM)
    if found["kind"] not in GROCERIES:
        near = difflib.get_close_matches(found["kind"], GROCERIES, n=3, cutoff=0.5) or list(GROCERIES)[:5]
        raise InputError("scene_object", received=found["kind"][:60], expected=", ".join(near))
    x, y, width, height = (int(found[name]) for name in "xywh")
    if not (width and height and x + width <= UNITS and y + height <= UNITS):
        raise InputError("collage_box", part=part[:60], last=UNITS)
    return Photo(found["kind"], _PART[found["part"]], int(found["number"]), x, y, width, height)
