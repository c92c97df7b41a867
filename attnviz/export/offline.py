"""Drawings of the page as one file: as they stand there, live, without a server and without a network."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plotly.graph_objects import Figure

from attnviz.drawings import Drawing
from attnviz.drawings.look import variables
from attnviz.figures.style import Theme, theme

#: The one thing that a component's script exports.
_EXPORT = re.compile(r"^export default ", re.MULTILINE)


@dataclass(frozen=True)
class Words:
    """What stands around the drawings; all of it is shown as it is, nothing is read as markup.

    Attributes:
        title: Of the file.
        above: Paragraphs before the drawings.
        below: Paragraphs after them.
    """

    title: str
    above: Sequence[str] = ()
    below: Sequence[str] = ()


def page(
    drawings: Sequence[Drawing | Figure], words: Words, *, language: str = "en", appearance: str = "light"
) -> bytes:
    """Drawings one below the other, in a page that asks nothing of anybody.

    What asks a server on the page, such as the choice of another word to go on from, does nothing here; all else is
    as it is there. Plotly's script comes along only where a figure needs it.

    Args:
        drawings: In their order.
        words: Around them.
        language: Of the words, a code.
        appearance: `light` or `dark`, as the drawings are coloured.
    """
    parts, scripts, with_plotly = [], dict[str, str](), False
    for place, each in enumerate(drawings):
        if isinstance(each, Figure):
            parts.append(each.to_html(full_html=False, include_plotlyjs=not with_plotly, config={"displaylogo": False}))
            with_plotly = True
            continue
        scripts[each.component.name] = _EXPORT.sub("const exported = ", each.component.js)
        parts.append(_placed(place, each))
    drawn = [each.component.name if isinstance(each, Drawing) else None for each in drawings]
    title = html.escape(words.title)
    return f"""<!DOCTYPE html>
<html lang="{html.escape(language)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>{_style(theme(appearance), appearance)}</style></head>
<body><h1>{title}</h1>{_paragraphs(words.above)}
{"".join(parts)}
{_paragraphs(words.below)}
<script type="module">{_script(scripts, drawn)}</script>
</body>
</html>
""".encode()


def _placed(place: int, drawing: Drawing) -> str:
    """The drawing's place, and its data where no markup can come of them."""
    data = json.dumps({**drawing.data, "serial": 1}, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    component = drawing.component
    return f"""<div class="drawing" id="drawing-{place}">
<template><style>{component.css}</style>{component.html}</template>
<script type="application/json">{data}</script>
</div>
"""


def _script(scripts: Mapping[str, str], drawn: Sequence[str | None]) -> str:
    made = ",\n".join(
        f"{json.dumps(name)}: (() => {{\n{text}\nreturn exported;\n}})()" for name, text in scripts.items()
    )
    return f"""const components = {{
{made}
}};
const nothing = () => {{}};
for (const [place, name] of {json.dumps(list(drawn))}.entries()) {{
  if (name === null) continue;
  const frame = document.getElementById(`drawing-${{place}}`), parentElement = frame.attachShadow({{ mode: "open" }});
  parentElement.append(frame.querySelector("template").content);
  const data = JSON.parse(frame.querySelector("script").textContent);
  components[name]({{ data, parentElement, setStateValue: nothing, setTriggerValue: nothing }});
}}
"""


def _style(colours: Theme, appearance: str) -> str:
    named = " ".join(f"{name}: {value};" for name, value in variables(colours, appearance).items())
    return f"""
:root {{ {named} }}
html {{ font-size: 18px; }}
body {{
  font-family: var(--st-font); color: var(--st-text-color); background: var(--st-background-color);
  max-width: 100rem; margin: 1.2rem auto; padding: 0 1rem;
}}
h1 {{ font-size: 1.4rem; margin: 0 0 0.4rem; }}
p {{ max-width: 60rem; white-space: pre-line; }}
.drawing {{ margin: 1.2rem 0; overflow-x: auto; }}
"""


def _paragraphs(words: Sequence[str]) -> str:
    return "".join(f'<p dir="auto">{html.escape(each)}</p>' for each in words if each)
