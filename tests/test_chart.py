"""Charts that the page draws itself: what the browser is sent says the same as the Plotly figure it comes from."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from attnviz.drawings.chart import chart
from attnviz.drawings.chart_axes import number, round_step
from attnviz.drawings.chart_words import told, words
from attnviz.figures import style
from attnviz.figures.escape import plain
from attnviz.figures.marks.cells import cells
from attnviz.figures.marks.scales import colour_bar, ends
from tests.app.hard import HARD

LAYOUT = {"height": 307, "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff"}


def sent(traces: list[Any], **layout: Any) -> dict[str, Any]:
    """What the browser is sent of a figure."""
    found = chart(go.Figure(traces, {**LAYOUT, **layout}), "a figure")
    assert found is not None
    return found


def only(traces: list[Any], **layout: Any) -> dict[str, Any]:
    """The one panel of a figure."""
    (panel,) = sent(traces, **layout)["panels"]
    assert isinstance(panel, dict)
    return panel


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_what_was_escaped_for_plotly_is_told_letter_by_letter(text: str):
    one_line = re.sub(r"\r\n|[\n\r\v\f\u2028\u2029]", "↵", text)

    assert told(plain(text)).replace("\u2060", "") == one_line.replace("\u2060", "")


def test_colours_and_lines_are_kept_and_other_tags_refused():
    coloured = words('a<br><span style="color:#a1b2c3">b &lt;</span> c < 0.001')

    assert coloured == [[("a", "")], [("b <", "#a1b2c3"), (" c < 0.001", "")]]
    for wrong in ("<b>a</b>", '<span style="color:red">a</span>', '<span style="color:#a1b2c3">a'):
        with pytest.raises(ValueError, match="Expected"):
            words(wrong)


def test_bars_beside_each_other_share_the_place_and_those_with_an_offset_keep_theirs():
    lengths = [0.5, 0.25, 0.125]
    beside = [
        {"type": "bar", "orientation": "h", "x": lengths, "y": [0, 1, 2], "marker": {"color": c}}
        for c in ("#111111", "#222222")
    ]
    apart = {**beside[0], "width": 0.9, "offset": -0.45}
    first, second, third = only([*beside, apart], bargap=0.4)["marks"]

    np.testing.assert_allclose(first["boxes"], [[0, x, y - 0.3, y] for y, x in enumerate(lengths)], atol=1e-9)
    np.testing.assert_allclose(second["boxes"], [[0, x, y, y + 0.3] for y, x in enumerate(lengths)], atol=1e-9)
    np.testing.assert_allclose(third["boxes"], [[0, x, y - 0.45, y + 0.45] for y, x in enumerate(lengths)], atol=1e-9)


def test_stacked_bars_go_on_where_the_last_ended_to_each_side_of_zero():
    values = np.array([[2.0, -1.0, 3.0, -5.0], [1.0, -3.0, -2.0, 7.0], [5.0, -1.0, 2.0, -1.0]])
    panel = only(
        [{"type": "bar", "orientation": "h", "x": row, "y": [0, 1, 2, 3]} for row in values], barmode="relative"
    )

    for number_of, mark in enumerate(panel["marks"]):
        for place, value in enumerate(values[number_of]):
            before = values[:number_of, place]
            base = before[np.sign(before) == np.sign(value)].sum()
            assert mark["boxes"][place][:2] == [base, base + value]
    low, high = panel["x"]["ends"]
    assert low < np.minimum(values, 0).sum(0).min() and high > np.maximum(values, 0).sum(0).max()


def test_cells_have_the_steps_of_the_scale_and_an_empty_one_says_nothing():
    values = np.array([[-2.0, 0.0, np.nan], [0.5, 1.0, 2.0]])
    hints = [[f"{row}{column}" for column in range(3)] for row in range(2)]
    mark = only(
        [
            cells(
                values,
                style.theme("light").diverging,
                (-2, 2),
                bar=colour_bar("value", ends(-2, 0, 2)),
                hover=hints,
                written=hints,
                font={"size": 13},
            )
        ]
    )["marks"][0]
    codes = np.frombuffer(base64.b64decode(mark["codes"]), np.uint8).reshape(2, mark["columns"])

    assert (codes == 0).tolist() == np.isnan(values).tolist()
    np.testing.assert_allclose((codes[codes > 0] - 1) / 254, (values[~np.isnan(values)] + 2) / 4, atol=1 / 254)
    assert mark["hints"] == mark["written"] == ["00", "01", "", "10", "11", "12"]
    assert mark["ramp"] == list(style.theme("light").diverging)


def test_the_scale_of_colours_has_its_marks_where_the_values_are():
    marks = ends(0, 2, 5)
    beside, below = (
        [cells(np.ones((2, 3)), style.theme("dark").ramp, (0, 5), bar=colour_bar("weight", marks, **where))]
        for where in ({}, {"orientation": "h", "x": 0.3, "len": 0.5, "y": 0})
    )
    (bar,), (lying,) = sent(beside)["bars"], sent(below)["bars"]

    assert (bar["below"], lying["below"]) == (None, [0.3, 0.5])
    assert [mark["at"] for mark in bar["marks"]] == [0, 0.4, 1]
    assert [mark["label"] for mark in bar["marks"]] == ends(0, 2, 5)["ticktext"] and bar["title"] == "weight"


def test_a_cell_tells_its_names_and_its_number_where_the_figure_has_a_template():
    values = np.arange(6.0).reshape(2, 3) / 7
    template = {"hover": "%{y} → %{x}<br>norm &lt;b&gt; %{customdata:.9~g}", "customdata": values}
    aliases = {"0": "a", "1": "b", "2": '<span style="color:#112233">c</span>'}
    mark = only(
        [cells(values, style.theme("light").ramp, **template)],
        xaxis={"tick0": 0, "dtick": 2, "labelalias": aliases},
        yaxis={"tickvals": [0, 1], "ticktext": ["d", "e &amp; f"]},
    )["marks"][0]

    pairs = mark["pairs"]
    assert (pairs["across"], pairs["down"], pairs["label"]) == (["a", "b", "c"], ["d", "e & f"], "norm <b>")
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(pairs["values"]), "<f8"), values.ravel())


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_all_that_is_drawn_lies_within_the_ends_and_so_do_the_marks(kind: str):
    x, y = np.array([1, 7, 110, 1300]), np.array([0.003, 0.2, 1.7, 23.0])
    panel = only(
        [{"type": "scatter", "mode": "lines+markers", "x": x, "y": y}], xaxis={"type": kind}, yaxis={"type": kind}
    )
    mark = panel["marks"][0]

    for axis, values in (("x", x), ("y", y)):
        expected = np.log10(values) if kind == "log" else values
        np.testing.assert_allclose(mark[axis], expected)
        low, high = panel[axis]["ends"]
        assert low < expected.min() and expected.max() < high
        places = [each["at"] for each in panel[axis]["marks"]]
        assert len(places) >= 3 and low <= min(places) and max(places) <= high


def test_names_stand_at_their_places_from_the_top_down_and_a_matched_axis_has_the_same_ends():
    traces = [
        {"type": "bar", "orientation": "h", "x": [1, 2, 3], "y": [0, 1, 2]},
        {"type": "bar", "orientation": "h", "x": [3, 2], "y": [0, 1], "xaxis": "x2", "yaxis": "y2"},
    ]
    names = {"tickvals": [0, 1, 2], "ticktext": ["a", "b", "c"], "autorange": "reversed"}
    first, second = sent(
        traces,
        xaxis={"domain": [0, 0.4]},
        xaxis2={"domain": [0.6, 1]},
        yaxis=names,
        yaxis2={"matches": "y", "autorange": "reversed", "showticklabels": False},
    )["panels"]

    assert first["y"]["ends"] == second["y"]["ends"] == [2.5, -0.5]
    assert [(mark["at"], mark["label"]) for mark in first["y"]["marks"]] == [(0, "a"), (1, "b"), (2, "c")]
    assert (first["y"]["labelled"], second["y"]["labelled"]) == (True, False)
    assert (first["x"]["domain"], second["x"]["domain"]) == ([0, 0.4], [0.6, 1])


def test_lines_and_notes_stand_at_values_or_at_shares():
    found = sent(
        [{"type": "scatter", "mode": "lines", "x": [1, 1000], "y": [0, 1]}],
        xaxis={"type": "log"},
        shapes=[{"type": "line", "x0": 10, "x1": 10, "y0": 0, "y1": 1, "yref": "paper"}],
        annotations=[{"x": 1, "y": 1, "yref": "y domain", "text": "d = 10", "showarrow": False}],
    )

    assert found["shapes"][0]["x"] == {"panel": 0, "shares": False, "at": [1.0, 1.0]}
    assert found["shapes"][0]["y"] == {"panel": None, "shares": True, "at": [0.0, 1.0]}
    # A note's place is a logarithm already.
    assert found["notes"][0]["x"]["at"] == [1.0] and found["notes"][0]["y"] == {"panel": 0, "shares": True, "at": [1.0]}


@pytest.mark.parametrize(
    ("trace", "layout"),
    [
        ({"type": "pie", "values": [1]}, {}),
        ({"type": "bar", "x": [1], "y": [0], "base": [1]}, {}),
        ({"type": "bar", "x": [1], "y": [0], "text": ["a"], "textposition": "inside"}, {}),
        ({"type": "scatter", "x": [1], "y": [1], "mode": "markers", "marker": {"symbol": "star"}}, {}),
        (
            {"type": "scatter", "x": [1], "y": [1], "mode": "markers", "marker": {"color": [1], "colorscale": "Blues"}},
            {},
        ),
        ({"type": "bar", "x": [1]}, {}),
        ({"type": "bar", "x": [1], "y": [0]}, {"barmode": "overlay"}),
        ({"type": "heatmap", "z": [[1]], "zmin": 0, "zmax": 1, "colorscale": "Blues", "hovertemplate": "%{z}"}, {}),
        ({"type": "bar", "x": [1], "y": [0]}, {"yaxis": {"scaleanchor": "x", "scaleratio": 2}}),
        ({"type": "bar", "x": [1], "y": [0]}, {"images": [{"source": "data:,"}]}),
        ({"type": "bar", "x": [1], "y": [0]}, {"annotations": [{"text": "a", "x": 0, "y": 0, "showarrow": True}]}),
        ({"type": "bar", "x": [1], "y": [0]}, {"plot_bgcolor": "#123456"}),
    ],
)
def test_a_figure_that_says_more_is_left_to_plotly(trace: dict[str, Any], layout: dict[str, Any]):
    assert chart(go.Figure([{"type": "bar", "x": [1], "y": [0]}], LAYOUT), "") is not None
    assert chart(go.Figure([trace], {**LAYOUT, **layout}), "") is None


@pytest.mark.parametrize("steps", [3, 6, 8])
def test_steps_are_round_and_no_more_than_asked_for(steps: int):
    for span in np.geomspace(1e-7, 1e9, 97):
        step = round_step(float(span), steps)
        assert span / step <= steps * 1.01
        assert f"{step:.0e}"[0] in "125" and np.isclose(float(f"{step:.0e}"), step)
        assert span / step > steps / 2.6


@pytest.mark.parametrize(
    ("value", "step", "expected"),
    [
        (0.3, 0.1, "0.3"),
        (-0.0, 0.5, "0.0"),
        (2, 1, "2"),
        (-1.5, 0.5, "−1.5"),
        (5000, None, "5000"),
        (20_000, None, "20k"),
        (3e6, None, "3M"),
    ],
)
def test_numbers_beside_marks(value: float, step: float | None, expected: str):
    assert number(value, step) == expected
