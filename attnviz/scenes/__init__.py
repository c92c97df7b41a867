"""Pictures composed of objects: a code, its picture, and the truth about where everything is."""

from attnviz.scenes.kinds import BACKGROUNDS, KINDS, STYLES, Background, Kind
from attnviz.scenes.scene import GRID, SIDE, Placed, Scene, on

__all__ = ["BACKGROUNDS", "GRID", "KINDS", "SIDE", "STYLES", "Background", "Kind", "Placed", "Scene", "on"]
