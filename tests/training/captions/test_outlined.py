"""Outlines drawn by hand: what they are of, and which regions they cover."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.families.writing.caption import CaptionModel
from attnviz.scenes import GROCERIES
from attnviz.training.captions import outlined
from attnviz.training.captions.outlined import inside, outlines


def test_a_region_is_inside_where_its_middle_is():
    boxes = [(0.5, 0, 3.5, 1.4), (3, 1, 4, 2.6), (13.6, 13, 14, 14)]
    expected = [
        row * 14 + column
        for row in range(14)
        for column in range(14)
        if any(left < column + 0.5 < right and upper < row + 0.5 < lower for left, upper, right, lower in boxes)
    ]
    assert expected == [1, 2, 17, 31]
    assert np.flatnonzero(inside(boxes)).tolist() == expected


def test_sixty_photographs_of_known_kinds_have_an_outline():
    found = outlines()
    assert len(found) == 60 and {photo.partition(".")[0] for photo in found} <= set(GROCERIES)
    assert len({photo.partition(".")[0] for photo in found}) >= 40
    shares = [on.mean() for on in found.values()]
    assert min(shares) > 0.05 and max(shares) <= 1 and np.mean(shares) < 0.75


@pytest.mark.parametrize(("within", "hits"), [(True, 1.0), (False, 0.0)])
def test_what_lies_within_is_hit_and_nothing_else(monkeypatch, within: bool, hits: float):
    model = attnviz.load("caption-photos")
    assert isinstance(model, CaptionModel)
    made = {photo: np.full(196, within) for photo in ("lemon.4", "milk.76", "papaya.11")}
    monkeypatch.setattr(outlined, "outlines", lambda: made)
    found = outlined.measured(model, (2, 0))
    assert (found["n"], found["chance"]) == (3, hits)
    assert all(found[code]["words"] > 0 and found[code]["hits"] == hits for code in ("en", "ja"))
