"""Pictures composed of objects: a code, its picture, and the truth about where everything is."""

from attnviz.scenes.collage import Collage, Photo
from attnviz.scenes.composed import Composed, kinds_of, lying, names_in
from attnviz.scenes.groceries import GROCERIES
from attnviz.scenes.kinds import BACKGROUNDS, KINDS, STYLES, Background, Kind
from attnviz.scenes.scene import GRID, SIDE, Placed, Scene, on

__all__ = [
    "BACKGROUNDS",
    "GRID",
    "GROCERIES",
    "KINDS",
    "SIDE",
    "STYLES",
    "Background",
    "Collage",
    "Composed",
    "Kind",
    "Photo",
    "Placed",
    "Scene",
    "kinds_of",
    "lying",
    "names_in",
    "on",
]
