"""What stands between the page and the network: who is answered, with which headers, and how much at a time."""

from attnviz.ui.serving.guard import Guard
from attnviz.ui.serving.start import lifespan, prepare
from attnviz.ui.serving.status import ROUTES

__all__ = ["ROUTES", "Guard", "lifespan", "prepare"]
