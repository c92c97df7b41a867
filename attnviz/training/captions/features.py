"""What the frozen encoder makes of the scenes of a part, computed once and kept on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.families.common import vision
from attnviz.scenes import GRID, Scene
from attnviz.training.captions.scenes import Part
from attnviz.training.progress import Progress
from attnviz.training.run import stamp

#: Most objects of a scene that is learned from.
MOST_OBJECTS = 4

#: Pixels of the side of the drawing on which it is measured where objects are.
_COARSE = 56

#: Scenes that are drawn and encoded at once.
_BATCH = 64


@dataclass(frozen=True)
class Album:
    """The scenes of a part with what the encoder makes of them.

    Attributes:
        part: How the scenes are drawn.
        folder: Where all is kept; an interrupted run goes on there.
        encoder: As `vision.build` makes it, trained.
        label: For the progress bar.
        quiet: No progress.
    """

    part: Part
    folder: Path
    encoder: keras.Model
    label: str = "Scenes"
    quiet: bool = False

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """All of them."""
        file, wanted = self.folder / "scenes.json", stamp(_plain(self.part))
        if file.is_file():
            kept = json.loads(file.read_text(encoding="utf-8"))
            if kept["stamp"] == wanted:
                return tuple(map(Scene, kept["codes"]))
        progress, scenes = Progress(f"{self.label}: draw", self.part.count, quiet=self.quiet), []
        for scene in self.part.scenes():
            scenes.append(scene)
            progress.update(len(scenes))
        progress.close(f"{len(scenes)}")
        self.folder.mkdir(parents=True, exist_ok=True)
        for each in ("fine.npy", "coarse.npy", "done.txt"):
            (self.folder / each).unlink(missing_ok=True)
        codes = {"stamp": wanted, "codes": [scene.code for scene in scenes]}
        file.write_text(json.dumps(codes), encoding="utf-8")
        return tuple(scenes)

    @cached_property
    def maps(self) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """Of every scene the fine map `[scene, 14, 14, 112]` and the coarse one `[scene, 7, 7, 320]`."""
        count, mark = len(self.scenes), self.folder / "done.txt"
        shapes = {f"{name}.npy": (count, n, n, f) for name, (n, f) in _MAPS.items()}
        done = int(mark.read_text()) if mark.is_file() else 0
        mode: Any = "r+" if done else "w+"
        fine, coarse = (
            np.lib.format.open_memmap(self.folder / name, mode=mode, dtype=np.float16, shape=shape)
            for name, shape in shapes.items()
        )
        self.encoder.compile(jit_compile=False)
        progress = Progress(f"{self.label}: encode", count, done=done, quiet=self.quiet)
        for start, pixels in _drawn(self.scenes, done):
            rows = slice(start, start + len(pixels))
            fine[rows], coarse[rows] = self.encoder.predict_on_batch(pixels)
            if (start // _BATCH) % 20 == 19 or rows.stop == count:
                fine.flush()
                coarse.flush()
                mark.write_text(str(rows.stop))
            progress.update(rows.stop)
        progress.close(f"{count}")
        return fine, coarse

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
            found[row, : len(scene.objects)] = scene.lies_on(_COARSE)
            progress.update(row + 1)
        progress.close(f"{len(found)}")
        np.save(file, found, allow_pickle=False)
        return found

    def regions(self, rows: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float32]:
        """float32 `[scene, 196, 432]` of some scenes."""
        fine, coarse = self.maps
        return vision.regions(fine[rows], coarse[rows])


_MAPS = {"fine": vision.FINE, "coarse": vision.COARSE}


def _plain(part: Part) -> dict[str, Any]:
    return {**asdict(part), "pairs": sorted(map(sorted, part.pairs))}


def _drawn(scenes: Sequence[Scene], first: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Pixels of the scenes a batch at a time, from a multiple of the batch on, one batch ahead."""

    def draw(start: int) -> NDArray[np.float32]:
        return np.stack([scene.pixels() for scene in scenes[start : start + _BATCH]]).astype(np.float32)

    starts = range(first, len(scenes), _BATCH)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(draw, first) if starts else None
        for start in starts:
            assert coming is not None
            pixels = coming.result()
            following = start + _BATCH
            coming = pool.submit(draw, following) if following < len(scenes) else None
            yield start, pixels
