"""A trace as the output of a cell: live where scripts run, still where they do not."""

from attnviz.notebook.shown import VIEWS, Shown, show

__all__ = ["VIEWS", "Shown", "show"]
