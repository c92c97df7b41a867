"""Hard attention: all weight on the key of the largest score, as `one_hot(argmax(scores))`."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from attnviz.capture.back import back
from attnviz.capture.constants import constant
from attnviz.capture.normalised import Found
from attnviz.capture.roots import SAME, Met, unchanged


def chosen(indices: tf.Tensor, on: tf.Tensor, off: tf.Tensor, axis: int, met: Met) -> Found | None:
    """Whether ones and zeros are made where a score is the largest.

    Args:
        indices: Where the ones are.
        on, off: What stands there, and elsewhere.
        axis: Along which of the axes of the result.
        met: Tells weights that were met before.
    """
    largest = unchanged(indices).op
    values = [constant(each) for each in (on, off)]
    if largest.type != "ArgMax" or values[0] is None or values[1] is None or (values[0], values[1]) != (1, 0):
        return None
    scores, along = largest.inputs[0], constant(largest.inputs[1])
    if along is None or scores.shape.rank is None:
        return None
    rank = scores.shape.rank
    before, after = int(along) % rank, axis % rank
    known = next(filter(None, map(met, back(scores, _copied))), None)
    if before != after:
        scores = tf.transpose(scores, np.insert(np.delete(np.arange(rank), before), after, before))
    return Found(scores, (after,), () if known is None else (known.weights,), "argmax")


def _copied(tensor: tf.Tensor) -> list[tf.Tensor]:
    """What a tensor is a copy of; Keras writes another number where there is a zero below zero."""
    if tensor.op.type in SAME:
        return [tensor.op.inputs[0]]
    chooses = tensor.op.type in ("Select", "SelectV2") and constant(tensor.op.inputs[1]) is not None
    return [tensor.op.inputs[2]] if chooses else []
