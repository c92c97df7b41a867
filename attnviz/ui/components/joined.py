"""A component as one script and one set of rules: Streamlit hands the browser one script, which can import nothing."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent

#: Of a shared part, as the scripts write it; the name is that of the file in `shared`.
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?:shared/)?(\w+)\.js";\n', re.MULTILINE)

#: For who asked for less motion.
_STILL = """@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { transition: none !important; animation: none !important; }
}"""

_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


@cache
def source(file: str) -> str:
    """The text of a file of this folder."""
    return (FOLDER / file).read_text(encoding="utf-8")


def names() -> list[str]:
    """Of all components."""
    return sorted(path.stem for path in FOLDER.glob("*.js"))


def script(name: str) -> str:
    """The component's script after the parts it imports, each once, none before what it imports itself.

    All share one scope, so no two of them may declare the same name; `python -m tests.javascript` checks that.

    Raises:
        ValueError: An import is left that names no shared part.
    """
    texts = [source(f"shared/{part}.js") for part in parts(name)] + [source(f"{name}.js")]
    joined = "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)
    if left := re.search(r"^import .*", joined, re.MULTILINE):
        raise ValueError(f"{name}.js should import names from files in shared only. Received: {left.group()}")
    return joined


def style(name: str) -> str:
    """The component's rules after those of its parts that have any."""
    files = [f"shared/{part}.css" for part in parts(name) if (FOLDER / "shared" / f"{part}.css").is_file()]
    return "\n".join([*(source(file) for file in (*files, f"{name}.css")), _STILL])


def parts(name: str) -> list[str]:
    """What the component imports, and what that imports before it."""
    found: list[str] = []

    def visit(file: str) -> None:
        for part in _IMPORT.findall(source(file)):
            if part not in found:
                visit(f"shared/{part}.js")
                found.append(part)

    visit(f"{name}.js")
    return found
