"""Attention as a browser draws it: each drawing is three plain files beside a function that says what it shows.

The page mounts them, `export.offline` puts them into a file, `notebook` into the output of a cell.
"""

from attnviz.drawings.joined import Component, Drawing, component
from attnviz.drawings.look import Look, Plain

__all__ = ["Component", "Drawing", "Look", "Plain", "component"]
