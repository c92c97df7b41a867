"""Weights by a threshold: sparsemax, what is left of scores above a threshold at which the rows sum to one, and entmax,
the powers of what is left. The threshold is told by where it comes from: the scores, in the order of their size.

Source: Martins and Astudillo 2016, "From Softmax to Sparsemax"; Peters, Niculae and Martins 2019, "Sparse
Sequence-to-Sequence Models".
"""

from __future__ import annotations

import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.normalised import Found
from attnviz.capture.roots import Met

#: Operations that put numbers into an order.
_ORDERED = ("TopKV2", "TopK", "Sort")

#: Operations looked at behind a threshold.
_REACH = 200


def above(number: tf.Tensor, _: Met) -> Found | None:
    """Whether these are scores less a threshold that was taken of them in their order; negative ones are to be 0."""
    if number.op.type != "Sub":
        return None
    scores, threshold = number.op.inputs
    if not scores.shape.rank or not _of_order(threshold):
        return None
    sizes, own = threshold.shape.as_list() if threshold.shape.rank == scores.shape.rank else [], scores.shape.as_list()
    single = [axis for axis, size in enumerate(sizes) if size == 1 and own[axis] != 1]
    return Found(scores, (single[-1] if single else -1,), (), "sparsemax")


def raised(number: tf.Tensor, met: Met) -> Found | None:
    """Whether these are weights by a threshold, of which a power is to be taken."""
    known = met(number)
    if known is None or known.how != "sparsemax":
        return None
    return Found(known.scores, known.over, (number,), "entmax")


def _of_order(tensor: tf.Tensor) -> bool:
    """Whether numbers in the order of their size stand behind a tensor."""
    return any(each.op.type in _ORDERED for each in back(tensor, inputs, reach=_REACH))
