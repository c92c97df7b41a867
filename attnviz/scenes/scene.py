"""A picture composed of objects on a background, known by a short code that draws it again exactly."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.scenes import backgrounds
from attnviz.scenes.kinds import ART, BACKGROUNDS, KINDS, STYLES
from attnviz.trace import Picture

if TYPE_CHECKING:
    from PIL import Image

#: Rows and columns on which objects are placed.
GRID = 14

#: Pixels of the side of the picture that a model is given.
SIDE = 224

#: Cells that an object of size 1 is wide and high.
CELLS = 4

#: What is drawn: sizes from and to, tilts from and to (degrees, clockwise), and how many objects.
SIZES, TILTS, MOST = (0.4, 2.5), (-45, 45), 12

#: Longest code that is read.
LONGEST_CODE = 1000

#: Share of a region that a visible object must cover for the region to lie on it.
COVERED = 0.25

_NUMBER = r"-?\d{1,4}(?:\.\d{1,3})?"
_OBJECT = re.compile(
    rf"(?P<kind>[a-z-]+)(?:\.(?P<style>[a-z]+))?@(?P<column>{_NUMBER}),(?P<row>{_NUMBER})"
    rf"(?:\*(?P<size>{_NUMBER}))?(?:~(?P<tilt>{_NUMBER}))?",
    re.ASCII,
)
_FORM = "meadow;dog@3,2;tree@9,8*1.3"


@dataclass(frozen=True)
class Placed:
    """One object of a scene.

    Attributes:
        kind: Name, see `KINDS`.
        column, row: Of its centre on the grid, 0 to 13, in cells; 0 is the middle of the first.
        size: 1 is `CELLS` cells wide and high.
        tilt: Degrees, clockwise.
        style: Of its art, see `STYLES`.
    """

    kind: str
    column: float
    row: float
    size: float = 1.0
    tilt: float = 0.0
    style: str = STYLES[0]

    def __str__(self) -> str:
        style = "" if self.style == STYLES[0] else f".{self.style}"
        size = "" if self.size == 1 else f"*{self.size:g}"
        tilt = "" if self.tilt == 0 else f"~{self.tilt:g}"
        return f"{self.kind}{style}@{self.column:g},{self.row:g}{size}{tilt}"


class Scene(Picture):
    """A composed picture. Where objects overlap, the later one is in front.

    Args:
        code: Background, then objects: English name, its centre's column and row (0 to 13, from the upper left), and
            where they are not usual a style of art, a size and a tilt: `meadow;dog@3,2;tree.noto@9,8*1.3~10`.

    Attributes:
        background: Name, see `BACKGROUNDS`.
        objects: From the back to the front.

    Raises:
        InputError: `scene_code`, `scene_long`, `scene_background`, `scene_object`, `scene_style`, `scene_value`,
            `scene_many`.

    >>> scene = Scene("meadow; dog@3,2*1.0 ;tree@9,8*1.3")
    >>> scene.code, scene.objects[1].kind, scene.objects[1].size
    ('meadow;dog@3,2;tree@9,8*1.3', 'tree', 1.3)
    """

    background: str
    objects: tuple[Placed, ...]

    def __init__(self, code: str) -> None:
        background, objects = _parsed(code)
        canonical = ";".join([background, *map(str, objects)])
        super().__init__(canonical, (SIDE, SIDE), lambda: np.array(self.image()))
        object.__setattr__(self, "background", background)
        object.__setattr__(self, "objects", objects)

    @classmethod
    def composed(cls, background: str, objects: Iterable[Placed]) -> Scene:
        """A scene from its parts; raises as for a code."""
        return cls(";".join([background, *map(str, objects)]))

    def __reduce__(self) -> tuple[type[Scene], tuple[str]]:
        return Scene, (self.code,)

    def image(self, size: int = SIDE) -> Image.Image:
        """The picture as an RGB image.

        Args:
            size: Pixels of its side; models are given `SIDE`.
        """
        image = backgrounds.drawn(self.background, size).copy()
        for each, place in zip(self.objects, self._places(size), strict=True):
            piece = _piece(each, size)
            image.paste(piece, place, piece)
        return image

    def masks(self, size: int = SIDE) -> NDArray[np.float32]:
        """How much of each pixel is each object, what is in front of it taken off: float32 `[object, row, column]`."""
        from PIL import Image

        masks = np.zeros((len(self.objects), size, size), np.float32)
        for mask, each, place in zip(masks, self.objects, self._places(size), strict=True):
            layer = Image.new("L", (size, size))
            layer.paste(_piece(each, size).getchannel("A"), place)
            mask[:] = np.asarray(layer, np.float32) / 255
        for back in range(len(masks)):
            for front in range(back + 1, len(masks)):
                masks[back] *= 1 - masks[front]
        return masks

    def covered(self, rows: int = GRID, columns: int = GRID, size: int = SIDE) -> NDArray[np.float32]:
        """Share of each region that each object visibly covers, float32 `[object, row, column]`.

        Args:
            rows, columns: Of the regions; divisors of `size`.
            size: Pixels of the side of the drawing on which this is measured.
        """
        masks = self.masks(size)
        shape = (len(masks), rows, size // rows, columns, size // columns)
        shares: NDArray[np.float32] = masks.reshape(shape).mean(axis=(2, 4))
        return shares

    def lies_on(self, size: int = SIDE) -> NDArray[np.bool_]:
        """Which regions of the grid each object lies on, bool `[object, region]`, see `COVERED`; `size` as above."""
        there: NDArray[np.bool_] = self.covered(size=size).reshape(len(self.objects), GRID * GRID) >= COVERED
        return there

    def boxes(self) -> NDArray[np.float32]:
        """Around what is visible of each object x0, y0, x1, y1 in shares of the picture, float32 `[object, 4]`.

        Where nothing is visible, all four are 0.
        """
        boxes = np.zeros((len(self.objects), 4), np.float32)
        for box, mask in zip(boxes, self.masks() > 0.5, strict=True):
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            if len(rows):
                box[:] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        return boxes / np.float32(SIDE)

    def _places(self, size: int) -> list[tuple[int, int]]:
        """Upper left corners of the pieces, in pixels."""
        places = []
        for each in self.objects:
            half = _side(each, size) / 2
            x, y = ((value + 0.5) / GRID * size for value in (each.column, each.row))
            places.append((round(x - half), round(y - half)))
        return places


def _parsed(code: str) -> tuple[str, tuple[Placed, ...]]:
    if not isinstance(code, str):
        raise InputError("scene_code", received=type(code).__name__, expected=_FORM)
    if len(code) > LONGEST_CODE:
        raise InputError("scene_long", received=len(code), last=LONGEST_CODE)
    first, *rest = (part.strip() for part in code.strip().removesuffix(";").split(";"))
    if first not in BACKGROUNDS:
        raise InputError("scene_background", received=_short(first), expected=", ".join(BACKGROUNDS))
    if len(rest) > MOST:
        raise InputError("scene_many", received=len(rest), last=MOST)
    return first, tuple(_placed(part) for part in rest)


def _placed(part: str) -> Placed:
    found = _OBJECT.fullmatch(part)
    if found is None:
        raise InputError("scene_code", received=_short(part), expected=_FORM)
    kind, style = found["kind"], found["style"] or STYLES[0]
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=3, cutoff=0.5) or list(KINDS)[:5]
        raise InputError("scene_object", received=_short(kind), expected=", ".join(near))
    if style not in STYLES:
        raise InputError("scene_style", received=_short(style), expected=", ".join(STYLES))
    column, row = (_value(part, found[name], (0, GRID - 1)) for name in ("column", "row"))
    return Placed(
        kind, column, row, _value(part, found["size"] or "1", SIZES), _value(part, found["tilt"] or "0", TILTS), style
    )


def _value(part: str, written: str, limits: tuple[float, float]) -> float:
    """A number of a code, to the second decimal."""
    value = round(float(written), 2) + 0.0  # no −0
    if not limits[0] <= value <= limits[1]:
        raise InputError("scene_value", part=_short(part), received=written, first=limits[0], last=limits[1])
    return value


def _short(text: str) -> str:
    return text[:60]


@cache
def _art(kind: str, style: str) -> Image.Image:
    from PIL import Image

    with Image.open(ART / style / f"{kind}.webp") as image:
        return image.convert("RGBA")


def _piece(each: Placed, size: int) -> Image.Image:
    return _drawn(each.kind, each.style, _side(each, size), each.tilt)


def _side(each: Placed, size: int) -> int:
    return max(1, round(each.size * CELLS / GRID * size))


def _drawn(kind: str, style: str, side: int, tilt: float) -> Image.Image:
    """An object as an RGBA image of `side` by `side` pixels."""
    from PIL import Image

    art = _art(kind, style)
    turned = art.rotate(-tilt, Image.Resampling.BICUBIC) if tilt else art
    return turned.resize((side, side), Image.Resampling.LANCZOS)


def on(covered: NDArray[np.float32], objects: Sequence[int]) -> NDArray[np.bool_]:
    """Regions that lie on any of some objects, bool `[row, column]`, see `COVERED`."""
    found: NDArray[np.bool_] = covered[list(objects)].sum(axis=0) >= COVERED
    return found
