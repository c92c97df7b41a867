"""Pictures as people have them, arrays and Pillow images of any mode, as a `Picture`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError
from attnviz.trace.source import MOST_PIXELS, Picture

_EXPECTED = "a Pillow image, or an array (height, width), (height, width, 1), (height, width, 3) or (height, width, 4)"


def is_image(given: Any) -> bool:
    """Whether something is an array or a Pillow image."""
    return isinstance(given, np.ndarray) or (hasattr(given, "convert") and hasattr(given, "mode"))


def picture_of(given: Any) -> Picture:
    """A picture from an array or a Pillow image.

    Args:
        given: uint8 0 to 255, uint16 0 to 65,535, or floats 0 to 1, grey, colour or colour with transparency, which is
            laid on white; a Pillow image of any mode, turned as its camera says, of an animated one the first frame.

    Raises:
        InputError: `bad_picture`: it is none of these; `picture_large`: more than `MOST_PIXELS`; `picture_broken`: the
            file ends too soon or is no picture.

    >>> picture_of(np.zeros((2, 3), np.uint8)).size
    (3, 2)
    """
    pixels = given if isinstance(given, np.ndarray) else _decoded(given)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or not pixels.size:
        raise InputError("bad_picture", expected=_EXPECTED, received=f"{pixels.dtype} {pixels.shape}")
    _small(pixels.shape[1], pixels.shape[0])
    pixels = _bytes(pixels)
    if pixels.shape[2] == 4:
        share = pixels[:, :, 3:].astype(np.float32) / 255
        pixels = np.round(pixels[:, :, :3] * share + 255 * (1 - share)).astype(np.uint8)
    return Picture.of(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels)


def _small(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise InputError("picture_large", received=f"{width} × {height}", limit=f"{MOST_PIXELS:,}")


def _bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers as 0 to 255."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    if (
        np.issubdtype(pixels.dtype, np.floating)
        and np.isfinite(pixels).all()
        and 0 <= pixels.min() <= pixels.max() <= 1
    ):
        return np.round(pixels * 255).astype(np.uint8)
    raise InputError("bad_picture", expected="uint8, uint16, or floats from 0 to 1", received=str(pixels.dtype))


def _decoded(image: Any) -> NDArray[Any]:
    """The pixels of a Pillow image, uint8 `[height, width, 4]` or uint16 `[height, width]`."""
    if not is_image(image):
        raise InputError("bad_picture", expected=_EXPECTED, received=type(image).__name__)
    from PIL import Image, ImageOps

    _small(*image.size)
    try:
        if image.mode.startswith(("I", "F")):
            values = np.asarray(image)
            return np.clip(values, 0, 65_535).astype(np.uint16) if values.dtype != np.float32 else values
        turned = ImageOps.exif_transpose(image) or image
        return np.asarray(turned.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError("picture_broken", reason=str(error)[:200]) from error
