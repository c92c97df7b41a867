"""A reader of QR codes, from ISO/IEC 18004, for the tests: bytes, correction level M, nothing is corrected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: By version: places of the alignment patterns, code words of correction a block, and data code words of each block.
VERSIONS: dict[int, tuple[tuple[int, ...], int, tuple[int, ...]]] = {
    1: ((), 10, (16,)),
    2: ((6, 18), 16, (28,)),
    3: ((6, 22), 26, (44,)),
    4: ((6, 26), 18, (32, 32)),
    5: ((6, 30), 24, (43, 43)),
    6: ((6, 34), 16, (27,) * 4),
    7: ((6, 22, 38), 18, (31,) * 4),
    8: ((6, 24, 42), 22, (38, 38, 39, 39)),
    9: ((6, 26, 46), 22, (36, 36, 36, 37, 37)),
}

MASKS = (
    lambda y, x: (y + x) % 2,
    lambda y, x: y % 2,
    lambda y, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
)


def decoded(dark: NDArray[np.bool_]) -> str:
    """The text of a code, from its modules, bool `[row, column]` without a margin."""
    size = len(dark)
    version = (size - 17) // 4
    places, correction, blocks = VERSIONS[version]
    head = sum(int(dark[8, column]) << (4 - column) for column in range(5)) ^ 0b10101
    assert head >> 3 == 0, "not of correction level M"
    ys, xs = np.indices(dark.shape)
    plain = dark ^ (np.vectorize(MASKS[head & 7])(ys, xs) == 0)
    bits = [int(plain[y, x]) for y, x in _order(size, _reserved(size, version, places))]
    words = [int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits) - 7, 8)]
    assert len(words) == sum(blocks) + correction * len(blocks)
    return _text(_together(words, blocks), 8 if version < 10 else 16)


def _reserved(size: int, version: int, places: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where there are no data: finders, timing, alignment, format and version."""
    found = np.zeros((size, size), bool)
    found[:9, :9] = found[:9, -8:] = found[-8:, :9] = True
    found[6] = found[:, 6] = True
    for y in places:
        for x in places:
            if (y, x) not in ((6, 6), (6, places[-1]), (places[-1], 6)):
                found[y - 2 : y + 3, x - 2 : x + 3] = True
    if version >= 7:
        found[:6, -11:-8] = found[-11:-8, :6] = True
    return found


def _order(size: int, reserved: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Modules of data in the order they are read: by pairs of columns from the right, up and down in turn."""
    columns = [right if right > 6 else right - 1 for right in range(size - 1, 0, -2)]
    upward, found = True, []
    for right in columns:
        for step in range(size):
            y = size - 1 - step if upward else step
            found += [(y, x) for x in (right, right - 1) if not reserved[y, x]]
        upward = not upward
    return found


def _together(words: list[int], blocks: tuple[int, ...]) -> list[int]:
    """The data of all blocks one after the other; in the code they stand in turn."""
    parts: list[list[int]] = [[] for _ in blocks]
    coming = iter(words)
    for place in range(max(blocks)):
        for part, length in zip(parts, blocks, strict=True):
            if place < length:
                part.append(next(coming))
    return [word for part in parts for word in part]


def _text(words: list[int], counter: int) -> str:
    bits = "".join(f"{word:08b}" for word in words)
    assert bits[:4] == "0100", "not in bytes"
    length, begin = int(bits[4 : 4 + counter], 2), 4 + counter
    return bytes(int(bits[at : at + 8], 2) for at in range(begin, begin + 8 * length, 8)).decode()
