"""Scenes drawn at random: what is learned from, and what is set aside before anything is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from attnviz.scenes import BACKGROUNDS, KINDS, STYLES, Placed, Scene
from attnviz.scenes.scene import CELLS

#: A third style, never learned from.
HELD_OUT = "twemoji"

#: Share of an object that must be visible.
_VISIBLE = 0.55

#: Side on which visibility is measured, in pixels.
_COARSE = 56

Pairs = frozenset[frozenset[str]]


@dataclass(frozen=True)
class Part:
    """How the scenes of one part are drawn.

    Attributes:
        seed: Two parts of different seeds share no scene.
        count: Scenes.
        styles: Of art.
        pairs: Pairs of kinds that are never in one scene, or with `only` are in every one.
        only: Every scene holds one of these pairs.
        several: Probability that the kind of one thing is given to one drawn at random, itself perhaps.
    """

    seed: int
    count: int
    styles: tuple[str, ...] = tuple(style for style in STYLES if style != HELD_OUT)
    pairs: Pairs = frozenset()
    only: bool = False
    several: float = 0.2

    def scenes(self) -> Iterator[Scene]:
        """The scenes, the same each time."""
        rng = np.random.default_rng(self.seed)
        made = 0
        while made < self.count:
            scene = _scene(rng, self)
            if scene is not None:
                made += 1
                yield scene


def held_out_pairs(count: int = 200, seed: int = 5) -> Pairs:
    """Pairs of kinds that are set aside."""
    every = list(combinations(KINDS, 2))
    chosen = np.random.default_rng(seed).choice(len(every), size=count, replace=False)
    return frozenset(frozenset(every[place]) for place in chosen)


def _scene(rng: np.random.Generator, part: Part) -> Scene | None:
    """A scene, or None if chance gave one that is not wanted."""
    background = str(rng.choice(list(BACKGROUNDS)))
    count = int(rng.choice(5, p=(0.01, 0.21, 0.32, 0.26, 0.20)))
    kinds = [str(each) for each in rng.choice(list(KINDS), size=count, replace=False)]
    if part.only:
        chosen = sorted(part.pairs, key=sorted)[rng.integers(len(part.pairs))]
        kinds[:2] = sorted(chosen)
        count = len(kinds)
    if count > 1 and not part.only and rng.random() < part.several:
        kinds[rng.integers(count)] = kinds[0]
    together = {frozenset(pair) for pair in combinations(set(kinds), 2)}
    if (together & part.pairs) and not part.only:
        return None
    mixed = rng.random() < 0.3
    style = str(rng.choice(part.styles))
    objects = []
    for kind in kinds:
        size = round(float(rng.uniform(0.75, 1.0 if count > 3 else 1.6)), 1)
        edge = size * 1.2
        column, row = (round(float(each), 1) for each in rng.uniform(edge, 13 - edge, size=2))
        tilt = int(rng.integers(-20, 21)) if rng.random() < 0.5 else 0
        own = str(rng.choice(part.styles)) if mixed else style
        objects.append(Placed(kind, column, row, size, tilt, own))
    scene = Scene.composed(background, objects)
    return scene if _all_visible(scene) else None


def _all_visible(scene: Scene) -> bool:
    reach = [(each.column, each.row, each.size * CELLS / 2) for each in scene.objects]
    if all(max(abs(a[0] - b[0]), abs(a[1] - b[1])) > a[2] + b[2] for a, b in combinations(reach, 2)):
        return True
    alone = [Scene.composed(scene.background, [each]).masks(_COARSE).sum() for each in scene.objects]
    return bool((scene.masks(_COARSE).sum(axis=(1, 2)) >= _VISIBLE * np.array(alone)).all())
