"""What can be left off the page by its address, each by a code: `hide=box rail`; `only=stage` leaves the stage alone.

For a picture on a course page or a slide, in a frame: `?embed=true&only=stage&model=…&text=…`.
"""

from __future__ import annotations

from attnviz.ui.fields import Field, Form

#: What each code hides. What begins with `--` is asked for by the parts of the page that draw themselves.
CONTROLS: dict[str, str] = {
    "header": ".st-key-header",
    "title": ".st-key-title",
    "model": ".st-key-model-place",
    "display": ".st-key-display",
    "export": ".st-key-export",
    "projector": ".st-key-alone-button",
    "language": ".st-key-lang",
    "box": ".st-key-box-place",
    "examples": "--attnviz-examples",
    "follow": "--attnviz-follow",
    "notices": ".st-key-notices",
    "editor": ".st-key-side",
    "rail": ".st-key-rail-place",
    "answer": "--attnviz-answer",
    "legend": "--attnviz-legend",
    "line": ".st-key-line",
    "menu": ".stAppHeader",
}

#: All but the stage and what stands on it.
_AROUND = ("header", "box", "notices", "editor", "rail", "line", "menu")

#: Containers, whose frames would leave a gap.
_FRAMED = frozenset({"header", "title", "model", "box", "notices", "editor", "rail", "line"})

#: What stands beside the stage, and how wide.
_BESIDE = {"rail": "9.6rem", "editor": "minmax(17rem, 22rem)"}


def _codes(given: str) -> tuple[str, ...]:
    """Known codes, each once, in their order."""
    asked = set(given.replace(",", " ").split())
    if not asked <= set(CONTROLS) or (given and not asked):
        raise ValueError("hide")
    return tuple(code for code in CONTROLS if code in asked)


FIELDS = (
    Field("hide", Form(lambda given: (_codes(given), ()), " ".join, lambda held: _codes(" ".join(held))), ()),
    Field("only", ("", "stage"), ""),
)

#: What Streamlit puts around a container. A rule about all that holds something would be tried on every element that is
#: drawn, and a formula has hundreds of them.
_FRAME = ':where([data-testid="stLayoutWrapper"])'


def style(hide: tuple[str, ...], only: str) -> str:
    """The rules that leave it off the page; empty where nothing is hidden."""
    hidden = {*hide, *(_AROUND if only else ())}
    if not hidden:
        return ""
    places = [CONTROLS[code] for code in CONTROLS if code in hidden]
    framed = [f"{_FRAME}:has(> {CONTROLS[code]})" for code in CONTROLS if code in hidden & _FRAMED]
    asked = "".join(f"{name}: none; " for name in places if name.startswith("--"))
    selectors = ", ".join([*(name for name in places if not name.startswith("--")), *framed])
    rules = [f":root {{ {asked}}}"] if asked else []
    rules += [f":is({selectors}) {{ display: none !important; }}"] if selectors else []
    if {"examples", "follow"} <= hidden:
        rules.append(".st-key-box { min-height: 0; }")
    return "\n".join([*rules, *_columns(hidden), *(_BARE if only else ())])


def _columns(hidden: set[str]) -> list[str]:
    """The stage takes the room of what stood beside it."""
    columns = [width for code, width in _BESIDE.items() if code not in hidden] + ["minmax(0, 1fr)"]
    body = ".st-key-body:has(.st-key-scene)"
    found = [f"{body} {{ grid-template-columns: {' '.join(columns)} !important; }}"] if set(_BESIDE) & hidden else []
    if "rail" in hidden:
        found.append(f"@media (max-width: 999px) {{ {body} {{ grid-template-columns: minmax(0, 1fr) !important; }} }}")
        found.append(".st-key-body:not(:has(.st-key-scene)) { grid-template-columns: minmax(0, 1fr) !important; }")
        found.append(f".st-key-body > {_FRAME}:has(> .st-key-side) {{ grid-column: 1 !important; }}")
        found.append(".stMainBlockContainer { padding-bottom: 0.4rem !important; }")
        found.append(":root { --attnviz-ask: none; }")
    return found


#: The stage fills its frame, with a way out to the whole page in its corner.
_BARE = (
    ".stMainBlockContainer { padding: 0.2rem !important; }",
    f"{_FRAME}:has(> .st-key-box-place) + {_FRAME}:has(> .st-key-body) {{ margin-top: 0 !important; }}",
    ".st-key-stage-place { border: 0; }",
    ".st-key-way-out { position: fixed; inset: auto 0.6rem 0 auto; width: auto; height: 1.4rem; z-index: 50; }",
    ".st-key-way-out p { font-size: 0.8rem; margin: 0; }",
    ".st-key-drawing [class*='st-key-tools-'], .st-key-drawing [class*='st-key-numbers-'] { display: none; }",
)
