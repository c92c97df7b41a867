"""How a model learned: its attention and predictions for a few sentences, looked at during training."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import ModelError, TraceError
from attnviz.trace import AttentionTrace, Classification

#: Beside the weights in a model folder, where training wrote one.
FILE = "learning.npz"

#: What the arrays of such a file may have together, unpacked; in bytes.
MAX_BYTES = 64 * 1024 * 1024

_UNREADABLE = (OSError, ValueError, TypeError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, eq=False)
class Learning:
    """Looks at a model while it was trained, from the untrained model to the one that is shipped.

    The weights of a look are those of its step; the last look is the shipped model, whose weights may be a mean over
    passes: it has the number of the last step, as the look before it may have, too.

    Attributes:
        steps: int64 `[look]`, training steps done; 0 is the untrained model; never falling.
        loss: float32 `[look]`, mean of −ln p of the true class over a sample of the test part; nats per sentence.
        accuracy: float32 `[look]`, share of the sample that is right, 0 to 1.
        entropy: float32 `[look]`, mean entropy of the rows that lead to the answer over the sample; nats. Of a pooling
            model its row; of an encoder the rows of [CLS] in the last layer, mean over heads.
        sentences: The examples of the card.
        traces: `[sentence][look]`; weights and probabilities in the half precision they are stored in.
    """

    steps: NDArray[np.int64]
    loss: NDArray[np.float32]
    accuracy: NDArray[np.float32]
    entropy: NDArray[np.float32]
    sentences: tuple[str, ...]
    traces: tuple[tuple[AttentionTrace, ...], ...]


def read(folder: Path, model: Any) -> Learning:
    """What training has written into a model folder.

    Args:
        folder: The model folder.
        model: The model of that folder.

    Raises:
        ModelError: `file_unreadable`: the file is not what it should be, or not of this model.
    """
    try:
        arrays = _arrays(folder / FILE)
        curves = {name: arrays[name].astype(np.float32) for name in ("loss", "accuracy", "entropy")}
        steps = arrays["steps"].astype(np.int64)
        if steps.ndim != 1 or not len(steps) or any(curve.shape != steps.shape for curve in curves.values()):
            raise ValueError("Expected steps, loss, accuracy and entropy of one length.")
        if not all(np.isfinite(curve).all() for curve in curves.values()):
            raise ValueError("Expected finite numbers.")
        if steps[0] < 0 or (np.diff(steps) < 0).any():
            raise ValueError("Expected steps that never fall.")
        sentences = tuple(map(str, arrays["sentences"]))
        shipped = model.run_batch([model.encode(sentence) for sentence in sentences]) if sentences else []
        traces = tuple(
            _looks(trace, arrays[f"weights_{i}"], arrays[f"probabilities_{i}"], len(steps))
            for i, trace in enumerate(shipped)
        )
    except (*_UNREADABLE, TraceError) as error:
        cause = f"{type(error).__name__}: {error}"[:200]
        raise ModelError("file_unreadable", folder=folder.name, file=FILE, cause=cause) from error
    return Learning(steps=steps, **curves, sentences=sentences, traces=traces)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(path) as packed:
        size = sum(member.file_size for member in packed.infolist())
    if size > MAX_BYTES:
        raise ValueError(f"Expected ≤ {MAX_BYTES} bytes unpacked. Received: {size}")
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _looks(
    shipped: AttentionTrace, weights: NDArray[Any], probabilities: NDArray[Any], looks: int
) -> tuple[AttentionTrace, ...]:
    """The shipped model's trace with each look's numbers in the place of its own."""
    if not len(weights) == len(probabilities) == looks:
        raise ValueError(f"Expected {looks} looks. Received: {len(weights)}, {len(probabilities)}")
    (block,), output = shipped.blocks, shipped.output
    if weights.shape[1:] != block.shape or not isinstance(output, Classification):
        raise ValueError(f"Expected weights of shape {block.shape}. Received: {weights.shape[1:]}")
    return tuple(
        replace(
            shipped,
            blocks=(replace(block, weights=w.astype(np.float32), precision="float16"),),
            output=Classification(output.labels, p.astype(np.float32)),
        )
        for w, p in zip(weights, probabilities, strict=True)
    )
