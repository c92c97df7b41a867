"""The encoder of photographs: EfficientNet-Lite0 whose last blocks have learned what the photographs show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from attnviz.families.common import vision
from attnviz.scenes import GROCERIES
from attnviz.scenes.collage import SIDE
from attnviz.scenes.groceries import photographs
from attnviz.training.captions.pretrained import vision_weights
from attnviz.training.loop import Course, Step, ahead, fit
from attnviz.training.networks import Weights, get_weights, halves, set_weights
from attnviz.training.progress import Progress
from attnviz.training.run import stamp
from attnviz.training.schedules import Line

#: Photographs that are read and encoded at once.
_BATCH = 66

KINDS = tuple(GROCERIES)


@dataclass(frozen=True)
class EncoderSettings:
    """How the last blocks are trained.

    Attributes:
        crops: Of each photograph, made and encoded once.
        smallest: Side of the smallest crop, as a share of the photograph's.
        epochs: Passes over all crops.
        batch_size: Crops of a step.
        learning_rate: Of Adam at its highest.
        warm_up: Share of the steps in which it rises.
        dropout: Before the classes.
        label_smoothing: Of the classes.
        seed: Of crops, order and initial weights.
    """

    crops: int = 8
    smallest: float = 0.45
    epochs: int = 4
    batch_size: int = 32
    learning_rate: float = 4e-4
    warm_up: float = 0.1
    dropout: float = 0.3
    label_smoothing: float = 0.1
    seed: int = 1


@dataclass(frozen=True)
class Crops:
    """What the first blocks make of photographs, on disk.

    Attributes:
        maps: float16 `[crop, 14, 14, 112]`.
        kinds: int32 `[crop]`, places in `KINDS`.
    """

    maps: NDArray[np.float16]
    kinds: NDArray[np.int32]


def tuned_encoder(
    folder: Path, settings: EncoderSettings = EncoderSettings(), *, quiet: bool = False
) -> tuple[keras.Model, dict[str, Any]]:
    """The encoder for pictures of `collage.SIDE` pixels, its last blocks trained on single photographs.

    Training goes on where it was interrupted; what was trained once is read again.

    Args:
        folder: Where all is kept.
        settings: How it is trained.
        quiet: No progress.

    Returns:
        The network, and the record of its training; `val`: share of the validation photographs it tells the kind of.

    Raises:
        DataError: The encoder's first weights cannot be had.
        InputError: The photographs are not on this machine, or damaged.
    """
    weights = {name: value.astype("float32") for name, value in halves(vision_weights(quiet=quiet)).items()}
    first = vision.build()
    set_weights(first, weights)
    own = stamp(asdict(settings), sorted(weights), KINDS)
    train = _crops(folder / f"crops-{own[:12]}", first, "train", settings, quiet)
    val = _crops(folder / "val", first, "val", None, quiet)
    course = _course(train, val, weights, settings, own)
    state = folder / f"encoder-{own[:12]}.npz"
    best, record = fit(course, checkpoint=state, label="Encoder of photographs", quiet=quiet)
    encoder = vision.build(SIDE)
    last = {name: value for name, value in best.items() if name.startswith("block_")}
    set_weights(encoder, weights | {name: value.astype(np.float32) for name, value in halves(last).items()})
    return encoder, {"settings": asdict(settings), **record}


def classifier(settings: EncoderSettings) -> keras.Model:
    """The last blocks with a layer for the kinds on the mean of their map; from the fine map to logits."""
    last = vision.build_last()
    x = keras.layers.GlobalAveragePooling2D()(last.output)
    x = keras.layers.Dropout(settings.dropout, seed=settings.seed)(x)
    return keras.Model(last.input, keras.layers.Dense(len(KINDS), name="kinds")(x))


def _course(train: Crops, val: Crops, weights: Weights, settings: EncoderSettings, own: str) -> Course:
    keras.utils.set_random_seed(settings.seed)
    model, measured = classifier(settings), classifier(settings)
    begun = {name: value for name, value in weights.items() if name in get_weights(model)}
    set_weights(model, get_weights(model) | begun)
    steps = len(train.kinds) // settings.batch_size
    smoothed = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing)
    rate = Line(settings.learning_rate, settings.epochs * steps, settings.warm_up)
    model.compile(keras.optimizers.Adam(rate), smoothed, jit_compile=False)
    measured.compile(jit_compile=False)

    def batches(epoch: int) -> Iterator[Step]:
        rng = np.random.default_rng((settings.seed, epoch))
        order = rng.permutation(len(train.kinds))[: steps * settings.batch_size].reshape(steps, -1)
        for rows in map(np.sort, order):
            yield train.maps[rows].astype(np.float32), np.eye(len(KINDS), dtype=np.float32)[train.kinds[rows]], None

    def right(now: Weights) -> dict[str, float]:
        set_weights(measured, now)
        logits = measured.predict(val.maps.astype(np.float32), batch_size=_BATCH, verbose=0)
        return {"val": float((logits.argmax(axis=1) == val.kinds).mean())}

    return Course(
        learner=model,
        steps=steps,
        batches=batches,
        measure=right,
        better=lambda new, old: new["val"] >= old["val"],
        shown="val",
        stamp=own,
        epochs=settings.epochs,
    )


def _crops(folder: Path, encoder: keras.Model, part: str, settings: EncoderSettings | None, quiet: bool) -> Crops:
    """Crops of all photographs of a part as the first blocks see them; with None, the middle of each, once."""
    known = photographs()
    every = [(kind, number + 1) for kind in KINDS for number in range(known.count(part, kind))]
    listed = every * (settings.crops if settings else 1)
    kinds = np.array([KINDS.index(kind) for kind, _ in listed], np.int32)
    folder.mkdir(parents=True, exist_ok=True)
    file, mark = folder / "fine.npy", folder / "done.txt"
    done = int(mark.read_text()) if mark.is_file() else 0
    shape, mode = (len(listed), vision.FINE[0], vision.FINE[0], vision.FINE[1]), "r+" if done else "w+"
    maps = np.lib.format.open_memmap(file, mode=mode, dtype=np.float16, shape=shape)
    encoder.compile(jit_compile=False)
    progress = Progress(f"Photographs, {part}", len(listed), done=done, quiet=quiet)

    def drawn() -> Iterator[tuple[slice, NDArray[np.float32]]]:
        for start in range(done, len(listed), _BATCH):
            pixels = []
            for place, (kind, number) in enumerate(listed[start : start + _BATCH], start):
                image = known.image(part, kind, number)
                if settings:
                    image = _crop(image, np.random.default_rng((settings.seed, place)), settings.smallest)
                pixels.append(np.asarray(ImageOps.fit(image, (vision.SIDE, vision.SIDE), Image.Resampling.BICUBIC)))
            yield slice(start, start + len(pixels)), np.stack(pixels).astype(np.float32)

    for rows, pixels in ahead(drawn()):
        maps[rows] = encoder.predict_on_batch(pixels)[0]
        if (rows.stop // _BATCH) % 20 == 0 or rows.stop == len(listed):
            maps.flush()
            mark.write_text(str(rows.stop))
        progress.update(rows.stop)
    progress.close(f"{len(listed)}")
    return Crops(maps, kinds)


def _crop(image: Image.Image, rng: np.random.Generator, smallest: float) -> Image.Image:
    """A square of a photograph, perhaps mirrored, a little brighter or darker, more or less coloured."""
    side = round(float(rng.uniform(smallest, 1.0)) * min(image.size))
    left, top = (int(rng.integers(edge - side + 1)) for edge in image.size)
    image = image.crop((left, top, left + side, top + side))
    if rng.random() < 0.5:
        image = ImageOps.mirror(image)
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = change(image).enhance(float(rng.uniform(0.75, 1.3)))
    return image
