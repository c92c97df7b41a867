"""A sentence with all its figures on two sheets of A4, to be handed out: one file of text and SVG."""

from attnviz.export.handout.page import page
from attnviz.export.handout.taken_apart import Own, taken_apart

__all__ = ["Own", "page", "taken_apart"]
