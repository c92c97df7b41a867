"""The project's own code as it stands in its files, for the page to show; nothing is imported for it."""

from __future__ import annotations

import ast
import textwrap
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def method(file: str, owner: str, name: str) -> str:
    """The source of one method.

    Args:
        file: Of the package, such as `layers.py`.
        owner: Name of the class.
        name: Name of the method.

    Raises:
        LookupError: There is no such class or method.
    """
    source = (_PACKAGE / file).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.name == owner:
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == name:
                    return textwrap.dedent(ast.get_source_segment(source, item, padded=True) or "")
    raise LookupError(f"{file} has no {owner}.{name}")
