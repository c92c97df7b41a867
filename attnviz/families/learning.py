"""How a model learned: its attention and predictions for a few sentences, looked at during training."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import InputError, ModelError, TraceError
from attnviz.families.model import Model
from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Output, Written

#: Beside the weights in a model folder, where training wrote one.
FILE = "learning.npz"

#: What the arrays of such a file may have together, unpacked; in bytes.
MAX_BYTES = 64 * 1024 * 1024

#: Longest text in such a file, in characters.
MAX_TEXT = 10_000

_UNREADABLE = (OSError, ValueError, TypeError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, eq=False)
class Learning:
    """Looks at a model while it was trained, from the untrained model to the one that is shipped.

    The weights of a look are those of its step; the last look is the shipped model, whose weights may be a mean over
    passes: it has the number of the last step, as the look before it may have, too.

    A translation is the shipped model's and held fixed: at every look the model of then reads it, token by token.

    Attributes:
        steps: int64 `[look]`, training steps done; 0 is the untrained model; never falling.
        loss: float32 `[look]`, mean of −ln p of what is right over a sample of the test part: of the true class, nats
            per sentence; of each token of the reference translation after those before it, nats per token.
        accuracy: float32 `[look]`, share of the sample that is right, 0 to 1: of sentences, or of tokens of the
            references that are more probable than any other.
        entropy: float32 `[look]`, mean entropy of the rows that lead to the answer over the sample; nats. Of a pooling
            model its row; of an encoder the rows of [CLS] in the last layer, mean over heads; of a translation model
            the rows of all tokens of the references in the mean of the card's alignment heads.
        sentences: The examples of the card; of a translation model, those whose translation comes to an end.
        traces: `[sentence][look]`; weights, probabilities and log probabilities in the half precision they are stored
            in. Of a translation model the one block is `source-target`, and no other tokens are listed at any step.
        written: `[sentence][look]`, what a translation model itself would write at that look, greedily; empty for a
            classifier.
    """

    steps: NDArray[np.int64]
    loss: NDArray[np.float32]
    accuracy: NDArray[np.float32]
    entropy: NDArray[np.float32]
    sentences: tuple[str, ...]
    traces: tuple[tuple[AttentionTrace, ...], ...]
    written: tuple[tuple[str, ...], ...] = ()


def read(folder: Path, model: Model) -> Learning:
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
        sentences = _texts(arrays["sentences"])
        if not sentences:
            raise ValueError("Expected a sentence.")
        kept, written = "probabilities", tuple[tuple[str, ...], ...]()
        if "tokens_0" not in arrays:
            shipped = model.run_batch([model.encode(sentence) for sentence in sentences])
        else:
            shipped = [
                model.run(model.encode(sentence), prefix=_texts(arrays[f"tokens_{i}"]))
                for i, sentence in enumerate(sentences)
            ]
            kept, written = "log_probabilities", tuple(_texts(arrays[f"written_{i}"]) for i in range(len(sentences)))
            if any(len(texts) != len(steps) for texts in written):
                raise ValueError(f"Expected {len(steps)} texts. Received: {[len(texts) for texts in written]}")
        traces = tuple(
            _looks(trace, arrays[f"weights_{i}"], arrays[f"{kept}_{i}"], len(steps)) for i, trace in enumerate(shipped)
        )
    except (*_UNREADABLE, TraceError, InputError) as error:
        cause = f"{type(error).__name__}: {error}"[:200]
        raise ModelError("file_unreadable", folder=folder.name, file=FILE, cause=cause) from error
    return Learning(steps=steps, **curves, sentences=sentences, traces=traces, written=written)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(path) as packed:
        size = sum(member.file_size for member in packed.infolist())
    if size > MAX_BYTES:
        raise ValueError(f"Expected ≤ {MAX_BYTES} bytes unpacked. Received: {size}")
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _texts(array: NDArray[Any]) -> tuple[str, ...]:
    """A row of texts that can be shown."""
    if array.ndim != 1 or array.dtype.kind != "U" or array.dtype.itemsize > 4 * MAX_TEXT:
        raise ValueError(f"Expected texts of ≤ {MAX_TEXT} characters. Received: {array.dtype} {array.shape}")
    texts = tuple(map(str, array))
    "".join(texts).encode()  # no lone surrogates
    return texts


def _looks(
    shipped: AttentionTrace, weights: NDArray[Any], numbers: NDArray[Any], looks: int
) -> tuple[AttentionTrace, ...]:
    """The shipped model's trace with each look's numbers in the place of its own.

    Args:
        shipped: Of one block, or of a translation.
        weights: `[look, layer, head, query, key]`.
        numbers: Probabilities `[look, class]`, or log probabilities `[look, token]`.
        looks: How many.
    """
    if not len(weights) == len(numbers) == looks:
        raise ValueError(f"Expected {looks} looks. Received: {len(weights)}, {len(numbers)}")
    output = shipped.output
    (block,) = shipped.blocks if isinstance(output, Classification) else _looking(shipped)
    if weights.shape[1:] != block.shape:
        raise ValueError(f"Expected weights of shape {block.shape}. Received: {weights.shape[1:]}")
    return tuple(
        replace(
            shipped,
            blocks=(replace(block, weights=w.astype(np.float32), precision="float16"),),
            output=_answered(output, each.astype(np.float32)),
        )
        for w, each in zip(weights, numbers, strict=True)
    )


def _looking(shipped: AttentionTrace) -> tuple[AttentionBlock]:
    """The block through which what is written looks at its source; without one, at what stands before."""
    return (next((block for block in shipped.blocks if block.kind == "cross"), None) or shipped.block("causal"),)


def _answered(output: Output, numbers: NDArray[np.float32]) -> Output:
    """The output with other numbers."""
    if isinstance(output, Classification):
        return replace(output, probabilities=numbers)
    if not isinstance(output, Written) or (numbers > 0).any():
        raise ValueError("Expected log probabilities of a translation.")
    return replace(output, log_probabilities=numbers, alternatives=())
