"""Visitors' own photographs, in memory alone: each is known by its hash, and the oldest make room for new ones."""

from __future__ import annotations

import base64
import binascii
import io
import threading
from collections import OrderedDict

import numpy as np

from attnviz.errors import InputError
from attnviz.scenes.collage import SIDE
from attnviz.trace import Picture

#: Photographs that are kept, of about 0.6 MB each.
MOST = 128

#: Longest data address that is read, in characters: twice what a browser makes of a photograph of `SIDE` pixels.
LONGEST = 600_000

#: How a browser begins one.
_HEADS = ("data:image/jpeg;base64,", "data:image/png;base64,")

#: How the code of one begins, see `Picture.of`.
_CODE = "sha256:"

_kept: OrderedDict[str, Picture] = OrderedDict()
_lock = threading.Lock()


def keep(address: str) -> Picture:
    """Take over a photograph from a browser, which has made it a square of `SIDE` pixels.

    Args:
        address: A data address of a JPEG or PNG.

    Raises:
        InputError: `picture_broken`: it is nothing else than that.
    """
    from PIL import Image

    head = next((each for each in _HEADS if address.startswith(each)), None)
    if head is None or len(address) > LONGEST:
        raise InputError("picture_broken", reason=address[:30])
    try:
        content = base64.b64decode(address[len(head) :], validate=True)
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            if image.size != (SIDE, SIDE):
                raise ValueError(f"{image.size}")
            pixels = np.array(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
        raise InputError("picture_broken", reason=type(error).__name__) from error
    picture = Picture.of(pixels)
    with _lock:
        _kept[picture.code] = picture
        _kept.move_to_end(picture.code)
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return picture


def is_own(code: str) -> bool:
    """Whether a code is that of a visitor's own photograph."""
    return code.startswith(_CODE)


def find(code: str) -> Picture:
    """A photograph that is kept.

    Raises:
        InputError: `photo_gone`: it was dropped in elsewhere, or long ago.
    """
    with _lock:
        picture = _kept.get(code.strip())
        if picture is None:
            raise InputError("photo_gone")
        _kept.move_to_end(picture.code)
    return picture
