"""What an encoder makes of the scenes of a part, computed once and kept on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.families.common import vision
from attnviz.families.common.seeing import WORLDS, World
from attnviz.scenes import GRID, Scene
from attnviz.training.captions.subjects import Composed, PartOf
from attnviz.training.loop import ahead
from attnviz.training.networks import get_weights
from attnviz.training.progress import Progress
from attnviz.training.run import stamp

#: Most objects of a scene that is learned from.
MOST_OBJECTS = 4

#: Pixels of the side of the drawing on which it is measured where objects are.
_COARSE = 56

#: Scenes that are drawn and encoded at once.
_BATCH = 64

#: What is kept of the scenes, and how many of them which encoder has seen.
_FINE, _COARSE_MAP, _SEEN = "fine.npy", "coarse.npy", "seen.json"


@dataclass(frozen=True)
class Album:
    """The scenes of a part with what the encoder makes of them.

    Attributes:
        part: How the scenes are drawn.
        folder: Where all is kept; an interrupted run goes on there.
        encoder: As `vision.build` makes it, trained.
        world: What the scenes show.
        label: For the progress bar.
        quiet: No progress.
    """

    part: PartOf
    folder: Path
    encoder: keras.Model
    label: str = "Scenes"
    quiet: bool = False
    world: World = WORLDS["scene"]

    @cached_property
    def scenes(self) -> tuple[Any, ...]:
        """All of them."""
        file, wanted = self.folder / "scenes.json", stamp(_plain(self.part))
        if file.is_file():
            kept = json.loads(file.read_text(encoding="utf-8"))
            if kept["stamp"] == wanted:
                return tuple(map(self.world.picture, kept["codes"]))
        progress, scenes = Progress(f"{self.label}: draw", self.part.count, quiet=self.quiet), []
        for scene in self.part.scenes():
            scenes.append(scene)
            progress.update(len(scenes))
        progress.close(f"{len(scenes)}")
        self.folder.mkdir(parents=True, exist_ok=True)
        for each in (_FINE, _COARSE_MAP, _SEEN):
            (self.folder / each).unlink(missing_ok=True)
        codes = {"stamp": wanted, "codes": [scene.code for scene in scenes]}
        file.write_text(json.dumps(codes), encoding="utf-8")
        return tuple(scenes)

    @cached_property
    def maps(self) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """Of every scene the fine map `[scene, 14, 14, 112]` and the coarse one `[scene, 7, 7, 320]`, or `[scene, 14,
        14, 320]` of a picture of twice the side."""
        count, done = len(self.scenes), self._seen()
        sides = (min(each.shape[1], GRID) for each in self.encoder.outputs)
        numbers = (each.shape[3] for each in self.encoder.outputs)
        shapes = {name: (count, n, n, f) for name, n, f in zip((_FINE, _COARSE_MAP), sides, numbers, strict=True)}
        mode: Any = "r+" if done else "w+"
        fine, coarse = (
            np.lib.format.open_memmap(self.folder / name, mode=mode, dtype=np.float16, shape=shape)
            for name, shape in shapes.items()
        )
        self.encoder.compile(jit_compile=False)
        progress = Progress(f"{self.label}: encode", count, done=done, quiet=self.quiet)
        for start, pixels in ahead(_drawn(self.scenes, done)):
            rows = slice(start, start + len(pixels))
            fine[rows], coarse[rows] = map(vision.pooled, self.encoder.predict_on_batch(pixels))
            if (start // _BATCH) % 20 == 19 or rows.stop == count:
                fine.flush()
                coarse.flush()
                self._mark(rows.stop)
            progress.update(rows.stop)
        progress.close(f"{count}")
        return fine, coarse

    @cached_property
    def _eyes(self) -> str:
        """Tells encoders of other weights apart."""
        weights = get_weights(self.encoder)
        return stamp(*(part for name in sorted(weights) for part in (name, weights[name])))

    def _seen(self) -> int:
        """How many of the scenes this encoder has seen."""
        mark = self.folder / _SEEN
        kept = json.loads(mark.read_text(encoding="utf-8")) if mark.is_file() else {}
        return int(kept["scenes"]) if kept.get("encoder") == self._eyes else 0

    def _mark(self, seen: int) -> None:
        mark = {"encoder": self._eyes, "scenes": seen}
        (self.folder / _SEEN).write_text(json.dumps(mark), encoding="utf-8")

    @cached_property
    def on(self) -> NDArray[np.bool_]:
        """Which regions each object lies on, bool `[scene, object, 196]`; no object beyond those of a scene."""
        file = self.folder / "on.npy"
        if file.is_file() and file.stat().st_mtime >= (self.folder / "scenes.json").stat().st_mtime:
            kept: NDArray[np.bool_] = np.load(file, allow_pickle=False)
            return kept
        found = np.zeros((len(self.scenes), MOST_OBJECTS, GRID * GRID), bool)
        progress = Progress(f"{self.label}: objects", len(found), quiet=self.quiet)
        for row, scene in enumerate(self.scenes):
            found[row, : len(scene.objects)] = scene.lies_on(_COARSE) if isinstance(scene, Scene) else scene.lies_on()
            progress.update(row + 1)
        progress.close(f"{len(found)}")
        np.save(file, found, allow_pickle=False)
        return found

    def regions(self, rows: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float32]:
        """float32 `[scene, 196, 432]` of some scenes."""
        fine, coarse = self.maps
        return vision.regions(fine[rows], coarse[rows])


def _plain(part: Any) -> dict[str, Any]:
    plain = asdict(part)
    return {**plain, "pairs": sorted(map(sorted, part.pairs))} if "pairs" in plain else plain


def _drawn(scenes: Sequence[Composed], first: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Pixels of the scenes a batch at a time, from a multiple of the batch on."""
    for start in range(first, len(scenes), _BATCH):
        yield start, np.stack([scene.pixels() for scene in scenes[start : start + _BATCH]]).astype(np.float32)
