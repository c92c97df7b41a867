"""A file of drawings asks nothing of anybody, and nothing that a user or a model says is read as markup."""

from __future__ import annotations

import json
import re

import pytest

from attnviz import figures
from attnviz.drawings import Component, Drawing, joined
from attnviz.export.offline import Words, page
from tests.javascript.__main__ import components
from tests.shipped import pooled

NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&amp;"


def component(name: str = "told") -> Component:
    script = (
        "const write = ({ data, parentElement }) => { parentElement.textContent = data.text; };\nexport default write;"
    )
    return Component(name, "<p></p>", "p { color: red; }", script)


def test_words_and_data_are_literal():
    made = page([Drawing(component(), {"text": NASTY})], Words(NASTY, (NASTY,), (NASTY,))).decode()
    assert "<script>alert" not in made and "<img" not in made
    data = re.findall(r'<script type="application/json">(.*?)</script>', made)
    assert [json.loads(each)["text"] for each in data] == [NASTY]
    assert made.count("&lt;img") == 4  # in the title twice, above and below


def test_a_component_drawn_twice_comes_once():
    drawings = [Drawing(component("told"), {"text": "one text"}), Drawing(component("told"), {"text": "another text"})]
    made = page(drawings, Words("twice")).decode()
    assert made.count("const write =") == 1 and made.count("<template>") == 2
    assert made.index("one text") < made.index("another text")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_plotly_comes_once_where_a_figure_needs_it(count: int):
    figure = figures.bars(pooled(["a", "b", "c"]))
    made = page([Drawing(component(), {"text": ""}), *[figure] * count], Words("figures"))
    assert made.count(b"plotly.js v") == min(count, 1)
    assert len(made) < 10_000 if count == 0 else len(made) > 1_000_000


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_every_variable_of_the_drawings_has_a_value(appearance: str):
    """Streamlit gives a component its theme as variables; a file has to give the same."""
    made = page([], Words("empty"), appearance=appearance).decode()
    given = set(re.findall(r"(--st-[a-z-]+):", made))
    asked = {
        name for each in components() for name in re.findall(r"var\((--st-[a-z-]+)", joined.style(each[1], each[0]))
    }
    assert asked and asked <= given, asked - given
