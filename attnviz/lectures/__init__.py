"""Prepared lectures: slides as data, each with the page it shows. One TOML file is one lecture."""

from attnviz.lectures.lecture import MAX_SLIDES, Lecture, Slide, in_language, read
from attnviz.lectures.shelf import every, files, find, names, problems
from attnviz.lectures.writing import slide_text

__all__ = [
    "MAX_SLIDES",
    "Lecture",
    "Slide",
    "every",
    "files",
    "find",
    "in_language",
    "names",
    "problems",
    "read",
    "slide_text",
]
