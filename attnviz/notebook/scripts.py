"""The scripts of some drawings as one, without what only a reader of them needs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from attnviz.drawings import component, joined

_FOLDER = Path(__file__).parent

_EXPORT = re.compile(r"^export default ", re.MULTILINE)

#: What differs in a cell, which is narrower than the page.
_NARROW = ".legend figcaption { white-space: normal; }"

#: Comments that have lines of their own, and the blanks before lines.
_COMMENTS = re.compile(r"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/|//[^\n]*)\n|^[ \t]+|^\n", re.MULTILINE | re.DOTALL)


def script(components: Sequence[str], name: str, data: str) -> str:
    """What draws a picture into the elements of a name.

    Args:
        components: Drawings it is made of.
        name: Of the picture.
        data: It, as JSON in which no `<` is.
    """
    return f"(()=>{{{_of(tuple(dict.fromkeys(components)))}\nshown({json.dumps(name)},{data},drawings,rules);}})();"


@cache
def _of(components: tuple[str, ...]) -> str:
    """All scripts: parts once, in front, then each drawing in a scope of its own."""
    parts = dict.fromkeys(
        each
        for name, folder in [("host", _FOLDER), *((name, joined.FOLDER) for name in components)]
        for each in joined.parts(name, folder)
    )
    made = [joined.part(each) for each in parts]
    made += [joined.own("host", _FOLDER).replace("export default shown;", "")]
    for name in components:
        own = _EXPORT.sub("const exported = ", joined.own(name))
        made.append(f"drawings.{name} = (() => {{\n{own}\nreturn exported;\n}})();")
    rules = {name: {"html": component(name).html, "css": component(name).css + _NARROW} for name in components}
    rules["host"] = {"html": "", "css": joined.source(_FOLDER / "host.css")}
    written = json.dumps(rules, ensure_ascii=False).replace("<", "\\u003c")
    text = "\n".join(['"use strict";', "const drawings = {};", *made])
    return f"{_COMMENTS.sub('', text)}const rules = {written};"
