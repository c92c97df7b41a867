"""Cells and bars are drawn in one file each, and say of themselves what the figures leave to them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from attnviz import figures
from attnviz.figures.marks.bars import bars
from attnviz.figures.marks.cells import cells
from attnviz.figures.marks.names import across, down
from attnviz.figures.marks.scales import around, colour_bar, ends
from attnviz.figures.style import THEMES

FOLDER = Path(figures.__file__).parent
LOOK = THEMES["light"]


@pytest.mark.parametrize(
    ("drawn", "home"),
    [
        (r"\bHeatmap\(|add_heatmap\(", "marks/cells.py"),
        (r"\bBar\(|add_bar\(", "marks/bars.py"),
        (r'"outlinewidth"', "marks/scales.py"),
        (r'"labelalias"', "marks/names.py"),
    ],
)
def test_each_mark_stands_in_one_file(drawn: str, home: str):
    found = {path: len(re.findall(drawn, path.read_text("utf-8"))) for path in FOLDER.rglob("*.py")}
    assert {path.relative_to(FOLDER).as_posix(): count for path, count in found.items() if count} == {home: 1}


def test_cells_stand_where_their_tokens_do():
    values = np.arange(6.0).reshape(2, 3)
    one = cells(values, LOOK.ramp, (0, 5), first=(1, 0))
    assert (one.x, one.y) == ((1, 2, 3), (0, 1))
    wide = cells(values, LOOK.ramp, stretch=(5, 7))  # the first one spans places 0-4 and rows 0-6
    assert (wide.x0, wide.dx, wide.y0, wide.dy) == (2, 5, 3, 7)
    assert one.showscale is False and one.hoverinfo == "skip" and one.text is None


def test_a_bar_that_is_missing_is_not_drawn():
    one = bars(["<b>a", "b"], [0.5, float("nan")], "w", "#000000")
    assert one.x == (0.5, None)
    assert one.hovertext == ("&lt;b&gt;a<br>w 0.5", "b<br>w nan")


def test_where_not_every_name_has_room_each_can_still_be_told():
    names = [f"t{place}" for place in range(7)]
    assert across(LOOK, names)["ticktext"] == names
    few = down(LOOK, names, every=3)
    assert few["dtick"] == 3 and few["labelalias"]["5"] == "t5" and few["autorange"] == "reversed"


def test_scales_name_their_ends():
    assert ends(0, 1 / 3) == {"tickvals": [0, 1 / 3], "ticktext": ["0", "≈ 0.33"]}
    assert around(2)["range"] == [-2.2, 2.2] and around(2)["ticktext"] == ["-2.00", "0", "2.00"]
    assert colour_bar("<", ends(0, 1), height=30)["len"] == 30
