"""What was put into a model: a text, or a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import TraceError
from attnviz.trace.arrays import frozen

#: Most pixels of a picture: what is larger would take more memory than it is worth.
MOST_PIXELS = 40_000_000

#: Of a picture whose pixels are not known, 0 to 255.
_GREY = 200

#: Draws a picture: uint8 `[height, width, 3]`, red, green, blue.
Draw = Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True)
class Text:
    """A text as the model took it (cleaned, possibly cut); spans point into it."""

    text: str

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace."""
        return {"kind": "text", "text": self.text}


@dataclass(frozen=True)
class Picture:
    """A picture, known by a short string; two of one code are one picture.

    Attributes:
        code: What draws it again, for a picture that is made of objects; for any other a hash of its pixels, see `of`.
        size: Width and height in pixels.
        draw: Gives the pixels when they are asked for.
    """

    code: str
    size: tuple[int, int]
    draw: Draw = field(compare=False, repr=False)

    @classmethod
    def of(cls, pixels: NDArray[Any]) -> Picture:
        """A picture that nothing draws again: its code is `sha256:` and the hash of its size and pixels.

        Args:
            pixels: uint8 `[height, width, 3]`.

        Raises:
            TraceError: They are not of that form.
        """
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            received = f"{pixels.dtype} {pixels.shape}"
            raise TraceError("trace_shape", block="picture", expected="uint8 (height, width, 3)", received=received)
        kept = frozen(np.array(pixels))
        height, width = kept.shape[:2]
        digest = hashlib.sha256(f"{width}x{height}:".encode() + kept.tobytes()).hexdigest()
        return cls(f"sha256:{digest}", (width, height), lambda: kept)

    def __str__(self) -> str:
        return self.code

    def pixels(self) -> NDArray[np.uint8]:
        """uint8 `[height, width, 3]`.

        Raises:
            TraceError: What was drawn is not of the picture's size.
        """
        drawn = self.draw()
        expected = (self.size[1], self.size[0], 3)
        if drawn.shape != expected or drawn.dtype != np.uint8:
            received = f"{drawn.dtype} {drawn.shape}"
            raise TraceError("trace_shape", block="picture", expected=f"uint8 {expected}", received=received)
        return drawn

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace: the pixels are left out."""
        return {"kind": "picture", "code": self.code, "size": list(self.size)}


Source = Text | Picture


def source_from_dict(data: Mapping[str, Any]) -> Source:
    """What the `to_dict` of a source wrote; of a picture, whose pixels are not in it, a grey one of its size."""
    if data["kind"] == "text":
        return Text(str(data["text"]))
    width, height = (int(side) for side in data["size"])
    if min(width, height) < 1 or width * height > MOST_PIXELS:
        raise ValueError(f"{width} × {height}")
    return Picture(str(data["code"]), (width, height), lambda: np.full((height, width, 3), _GREY, np.uint8))


def source_of(given: Source | str) -> Source:
    """A source as it is; a string is a text."""
    return Text(given) if isinstance(given, str) else given
