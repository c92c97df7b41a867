"""What stands along one side of a block: tokens of a text, or regions of a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import TraceError
from attnviz.trace.arrays import frozen


@dataclass(frozen=True)
class TokenAxis:
    """The tokens along one side of a block.

    Attributes:
        tokens: What is shown, one string a position.
        spans: `(start, end)` in characters into the text of the trace, or None for a token that stands for no text.
        special: True where the token is not part of the text ([CLS], a learned query).
        unknown: True where the model's vocabulary lacks the token.
        words: Number of the word each token is of, equal for neighbours that make up one; None if the model does not
            tell, see `analysis.reading.words`.
        text: What the spans point into where that is not the text of the trace: a translation.
        segments: Number of the sentence each token is of, from 0, where there are two (BERT's segments); None: one.
    """

    tokens: tuple[str, ...]
    spans: tuple[tuple[int, int] | None, ...]
    special: tuple[bool, ...]
    unknown: tuple[bool, ...]
    words: tuple[int, ...] | None = None
    text: str | None = None
    segments: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.tokens), len(self.spans), len(self.special), len(self.unknown)}
        lengths |= {len(numbers) for numbers in (self.words, self.segments) if numbers is not None}
        if len(lengths) != 1:
            raise TraceError("trace_axis", received=str(sorted(lengths)))

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def of(
        cls,
        tokens: Sequence[str],
        spans: Sequence[tuple[int, int] | None] | None = None,
        special: Sequence[bool] | None = None,
        unknown: Sequence[bool] | None = None,
    ) -> TokenAxis:
        """An axis from its tokens; what is not given is None or False throughout."""
        n = len(tokens)
        return cls(
            tuple(tokens),
            tuple(spans) if spans is not None else (None,) * n,
            tuple(map(bool, special)) if special is not None else (False,) * n,
            tuple(map(bool, unknown)) if unknown is not None else (False,) * n,
        )

    def labels(self) -> tuple[str, ...]:
        """The tokens made distinct by a count where a word repeats.

        >>> TokenAxis.of(["the", "cat", "the"]).labels()
        ('the', 'cat', 'the (2)')
        """
        seen: dict[str, int] = {}
        labels = []
        for token in self.tokens:
            seen[token] = seen.get(token, 0) + 1
            labels.append(token if seen[token] == 1 else f"{token} ({seen[token]})")
        return tuple(labels)

    def marked(self, positions: Sequence[int]) -> TokenAxis:
        """The same with the tokens at these positions unknown: something else was put in their place."""
        return replace(self, unknown=_marked(self.unknown, positions))

    def take(self, positions: Sequence[int]) -> TokenAxis:
        """These positions only, in this order."""
        words, segments = (
            None if numbers is None else tuple(numbers[p] for p in positions) for numbers in (self.words, self.segments)
        )
        parts = (self.tokens, self.spans, self.special, self.unknown)
        tokens, spans, special, unknown = (tuple(part[p] for p in positions) for part in parts)
        return TokenAxis(tokens, spans, special, unknown, words, self.text, segments)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, as in the JSON of a trace.

        `words` is added where the model tells them, `segments` where there are two sentences, `text` where spans point
        into another text than the trace's.
        """
        data: dict[str, Any] = {
            "tokens": list(self.tokens),
            "spans": [list(span) if span is not None else None for span in self.spans],
            "special": list(self.special),
            "unknown": list(self.unknown),
        }
        for name in ("words", "segments"):
            if getattr(self, name) is not None:
                data[name] = list(getattr(self, name))
        return data if self.text is None else {**data, "text": self.text}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TokenAxis:
        """What `to_dict` wrote."""
        spans = tuple(None if span is None else (int(span[0]), int(span[1])) for span in data["spans"])
        words, segments = (
            None if data.get(name) is None else tuple(map(int, data[name])) for name in ("words", "segments")
        )
        return cls(
            tuple(map(str, data["tokens"])),
            spans,
            tuple(map(bool, data["special"])),
            tuple(map(bool, data["unknown"])),
            words,
            data.get("text"),
            segments,
        )


@dataclass(frozen=True, eq=False)
class RegionAxis:
    """The regions of a picture along one side of a block.

    It is read as an axis of tokens is: a region is shown by its label and stands for no text.

    Attributes:
        labels: What is shown, one string a region: its row and column from 1, as `grid_of` writes them.
        boxes: float32 `[region, 4]`, each region as x0, y0, x1, y1 in shares of the picture's width and height, 0 to 1.
        grid: Rows and columns where the regions lie in a grid, row by row, special ones not counted; None elsewhere.
        special: True where the position is no region (a class token); its box is the whole picture. Empty: none is.
        unknown: True where something else was put in a region's place. Empty: nowhere.

    Raises:
        TraceError: Lengths do not agree, or a box is no part of the picture.
    """

    labels: tuple[str, ...]
    boxes: NDArray[np.float32]
    grid: tuple[int, int] | None = None
    special: tuple[bool, ...] = ()
    unknown: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.labels)
        boxes = np.array(self.boxes, np.float32)
        if boxes.shape != (count, 4):
            raise TraceError("trace_axis", received=str([count, *boxes.shape]))
        inside = np.isfinite(boxes).all() and (boxes >= 0).all() and (boxes <= 1).all()
        if not inside or not (boxes[:, :2] < boxes[:, 2:]).all():
            raise TraceError("trace_boxes", received=str(boxes.tolist())[:200])
        object.__setattr__(self, "boxes", frozen(boxes))
        for name in ("special", "unknown"):
            object.__setattr__(self, name, tuple(map(bool, getattr(self, name))) or (False,) * count)
        if not len(self.special) == len(self.unknown) == count:
            raise TraceError("trace_axis", received=str([count, len(self.special), len(self.unknown)]))
        if self.grid is not None and self.grid[0] * self.grid[1] != count - sum(self.special):
            raise TraceError("trace_axis", received=f"{self.grid} × {count - sum(self.special)}")

    @classmethod
    def grid_of(cls, rows: int, columns: int, special: Sequence[str] = ()) -> RegionAxis:
        """Equal regions, row by row, after special positions.

        >>> RegionAxis.grid_of(1, 2, ["[CLS]"]).labels
        ('[CLS]', '1,1', '1,2')
        """
        places = [(row, column) for row in range(rows) for column in range(columns)]
        boxes = [[c / columns, r / rows, (c + 1) / columns, (r + 1) / rows] for r, c in places]
        named = (*special, *(f"{row + 1},{column + 1}" for row, column in places))
        flags = (*[True] * len(special), *[False] * len(places))
        return cls(named, np.array([[0, 0, 1, 1]] * len(special) + boxes, np.float32), (rows, columns), flags)

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegionAxis) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        return self.labels, self.boxes.tobytes(), self.grid, self.special, self.unknown

    @property
    def tokens(self) -> tuple[str, ...]:
        """The labels: what stands for each position where an axis is written out."""
        return self.labels

    @property
    def spans(self) -> tuple[None, ...]:
        """No region stands for text."""
        return (None,) * len(self)

    @property
    def words(self) -> None:
        """Regions make up no words."""
        return None

    @property
    def segments(self) -> None:
        """Nor sentences."""
        return None

    @property
    def text(self) -> str | None:
        """There is none."""
        return None

    def marked(self, positions: Sequence[int]) -> RegionAxis:
        """The same with the regions at these positions unknown: something else was put in their place."""
        return replace(self, unknown=_marked(self.unknown, positions))

    def take(self, positions: Sequence[int]) -> RegionAxis:
        """These positions only, in this order; what is left is a grid only if all its regions are, in order."""
        chosen = list(positions)
        regions = [place for place in range(len(self)) if not self.special[place]]
        whole = [place for place in chosen if not self.special[place]] == regions
        labels = tuple(self.labels[place] for place in chosen)
        special, unknown = (tuple(flags[place] for place in chosen) for flags in (self.special, self.unknown))
        return RegionAxis(labels, self.boxes[chosen], self.grid if whole else None, special, unknown)

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of a trace; `special` and `unknown` are added where any position is."""
        data: dict[str, Any] = {
            "kind": "regions",
            "labels": list(self.labels),
            "boxes": self.boxes.tolist(),
            "grid": None if self.grid is None else list(self.grid),
        }
        return data | {name: list(flags) for name in ("special", "unknown") if any(flags := getattr(self, name))}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RegionAxis:
        """What `to_dict` wrote."""
        grid = data["grid"]
        return cls(
            tuple(map(str, data["labels"])),
            np.array(data["boxes"], np.float32),
            None if grid is None else (int(grid[0]), int(grid[1])),
            tuple(data.get("special", ())),
            tuple(data.get("unknown", ())),
        )


Axis = TokenAxis | RegionAxis


def axis_from_dict(data: Mapping[str, Any]) -> Axis:
    """An axis of either kind, as its `to_dict` wrote it."""
    return RegionAxis.from_dict(data) if data.get("kind") == "regions" else TokenAxis.from_dict(data)


def _marked(flags: Sequence[bool], positions: Sequence[int]) -> tuple[bool, ...]:
    chosen = set(positions)
    return tuple(flag or place in chosen for place, flag in enumerate(flags))
