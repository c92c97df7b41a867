"""A lecture as one file that plays in a browser without a network: for when the server or the laptop fails."""

from attnviz.offline.page import page

__all__ = ["page"]
