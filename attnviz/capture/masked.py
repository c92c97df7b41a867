"""A mask put on after the softmax: weights times zeros and ones, or zeros chosen in their place.

What weighs is what is left of them. Where the rows are made to sum to one again, that is found at the division
(`normalised.py`), and is the softmax of the masked scores; where they are not, these are the weights, and short of one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.carried import axes_in, copied, way_to
from attnviz.capture.constants import constant
from attnviz.capture.masks import MOVING_TRUTHS, terms, truths
from attnviz.capture.normalised import HIDDEN, Found, alike
from attnviz.capture.roots import MOVED, Met, behind, moves
from attnviz.capture.uses import READING_NOTHING

#: Operations looked at behind a mask.
_REACH = 60


def multiplied(weights: tf.Tensor, mask: tf.Tensor, met: Met) -> Found | None:
    """Whether `weights * mask` are weights that were met, under a mask.

    Args:
        weights, mask: What is multiplied.
        met: Tells weights that were met before.
    """
    return _left(weights, tf.not_equal(mask, tf.zeros((), mask.dtype)), mask, met) if truths(mask) else None


def chosen(seen: tf.Tensor, weights: tf.Tensor, other: tf.Tensor, met: Met, kept: bool = True) -> Found | None:
    """Whether `where(seen, weights, other)` are weights that were met, under a mask.

    Args:
        seen: Where they stay.
        weights: What may be weights.
        other: What stands elsewhere.
        met: Tells weights that were met before.
        kept: Whether it is the other way round: `where(seen, other, weights)` where this is False.
    """
    zero = behind(other, MOVED)
    value = constant(zero)
    if zero.op.type != "ZerosLike" and (value is None or np.any(value)):
        return None
    return _left(weights, seen if kept else tf.logical_not(seen), seen, met)


def _left(weights: tf.Tensor, seen: tf.Tensor, mask: tf.Tensor, met: Met) -> Found | None:
    known = next(filter(None, map(met, back(weights, _before))), None)
    axes = None if known is None or known.how not in ("softmax", "masked") else axes_in(weights, known.weights)
    if known is None or axes is None or not _spreads(seen, weights):
        return None
    if any(_of_one(mask, term) for term in terms(known.scores)):
        return None  # what it hides is zero already
    scores = known.scores
    for each in way_to(weights, known.weights) or ():
        scores = copied(each, [scores, *each.inputs[1:]])
    over = tuple(place for place, axis in enumerate(axes) if axis in known.over)
    scores += tf.where(seen, tf.zeros((), scores.dtype), tf.cast(HIDDEN, scores.dtype))
    return Found(scores, over, (weights, known.weights), "masked")


def _before(tensor: tf.Tensor) -> list[tf.Tensor]:
    """What a tensor is, in another form."""
    return [tensor.op.inputs[0]] if moves(tensor.op) else []


def _spreads(seen: tf.Tensor, weights: tf.Tensor) -> bool:
    """Whether a mask has the form of weights, or is spread over it."""
    if seen.shape.rank is None or weights.shape.rank is None or seen.shape.rank > weights.shape.rank:
        return False
    pairs = zip(seen.shape.as_list()[::-1], weights.shape.as_list()[::-1], strict=False)
    return all(one == 1 or (own != 1 if one is None else own in (None, one)) for one, own in pairs)


def _of_one(mask: tf.Tensor, term: tf.Tensor) -> bool:
    """Whether a mask behind a softmax and a term in its scores are made of the same truth values."""
    while mask.op.type in MOVING_TRUTHS:
        mask = mask.op.inputs[0]
    value = constant(mask)
    own = None if value is None else np.asarray(value, bool)

    def before(each: tf.Tensor) -> Iterable[tf.Tensor]:
        return () if each.op.type in READING_NOTHING else inputs(each)

    for each in back(term, before, reach=_REACH):
        if alike(each, mask):
            return True
        known = constant(each)
        if own is not None and own.ndim and known is not None and np.array_equal(np.asarray(known, bool), own):
            return True
    return False
