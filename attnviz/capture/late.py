"""Weights that are divided by their sum only after they have weighed: `exp(s) @ v / sum(exp(s))`.

There is no tensor of weights in such a graph, but it says what they are: what stands above the line (`above.py`) is
numbers with which values are weighed, what stands below (`below.py`) is the sum of the same numbers. The weights are
put together, and the values weighed with them, so that they can be changed as others can. So are weights over blocks of
keys that are added up, each with what it is scaled by, and over all keys so far (`cumsum`). Instead of a division there
may be a product with an exponential, `exp(s - m) @ v * exp(m - logsumexp(s))`.

Source: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax"; Dao et al. 2022, "FlashAttention";
Dao et al. 2023, "Flash-Decoding"; Zhai et al. 2021, "An Attention Free Transformer".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf

from attnviz.capture.above import Product, products
from attnviz.capture.back import back, inputs
from attnviz.capture.below import Total, totals
from attnviz.capture.carried import Axes, axes_after, laid
from attnviz.capture.masks import truths
from attnviz.capture.normalised import HIDDEN, Found, scored
from attnviz.capture.roots import MOVED, REACH, Met, Root, behind, moves, root_of

#: Operations looked at between a logarithm and an exponential.
_FAR = 60


def late(above: tf.Tensor, below: tf.Tensor, met: Met) -> Found | None:
    """Whether `above / below` is what weights weigh that are not yet divided by their sum.

    Args:
        above: Values that were weighed and summed.
        below: The sum of what they were weighed with.
        met: Tells weights that were met before.
    """
    added = totals(below)
    weighed = products(above, added) if added else None
    if not added or not weighed or not _together(added, weighed):
        return None
    roots = [root_of(each.numbers, met) for each in added]
    if any(each.how != roots[0].how or each.known is not None for each in roots) or truths(added[0].numbers):
        return None
    return _found(above, below, added, weighed, roots)


def gated(above: tf.Tensor, below: tf.Tensor, met: Met) -> Found | None:
    """The same where what was weighed is multiplied with a gate before it is divided: `g * (exp(s) @ v) / sum(exp(s))`.

    Args:
        above, below: Of the division.
        met: Tells weights that were met before.
    """
    for weighed, gate in (above.op.inputs, above.op.inputs[::-1]) if above.op.type == "Mul" else ():
        found = late(weighed, below, met)
        if found is not None and found.again is not None:
            return replace(found, again=_under(found.again, gate, above.shape))
    return None


def _under(again: Callable[[tf.Tensor], tf.Tensor], gate: tf.Tensor, shape: tf.TensorShape) -> Any:
    return lambda given: tf.ensure_shape(again(given) * gate, shape)


def scaled(above: tf.Tensor, power: tf.Tensor, met: Met, sign: int = 1) -> Found | None:
    """Whether `above * exp(…)` is what exponentials weigh, brought to the sum of one: `exp(s - m) @ v * exp(m - lse)`.

    Args:
        above: Values that were weighed and summed.
        power: What they are multiplied with, or divided by.
        met: Tells weights that were met before.
        sign: 1, or -1 for a division.
    """
    exponential = behind(power, MOVED)
    if exponential.op.type != "Exp":
        return None
    exponent = _terms(exponential.op.inputs[0], sign)
    logarithms = [each for each, count in exponent.items() if count == -1 and each.deref().op.type == "Log"]
    summed = logarithms[0].deref().op.inputs[0] if len(logarithms) == 1 else None
    added = totals(summed) if summed is not None else None
    if summed is None or not added or len(added) != 1 or added[0].numbers.op.type != "Exp" or added[0].scales:
        return None
    weighs = _weighing(above, added[0])
    way = _moved_between(power, summed)
    if weighs is None or way is None:
        return None
    del exponent[logarithms[0]]
    exponent.update(_terms(weighs.numbers.op.inputs[0]))
    exponent.subtract(_terms(added[0].numbers.op.inputs[0]))
    axes: Axes | None = added[0].axes
    for each in way:
        axes = None if axes is None else axes_after(each, axes)
    if any(exponent.values()) or axes is None:
        return None
    total = replace(weighs, axes=axes)
    weighed = products(above, [total])
    if not weighed or not _together([total], weighed):
        return None
    below = power if sign < 0 else 1 / power
    return _found(above, below, [total], weighed, [root_of(total.numbers, met)])


def _weighing(above: tf.Tensor, like: Total) -> Total | None:
    """The exponentials that weigh, laid out as others."""
    for each in back(above, inputs, reach=REACH):
        if each.op.type == "Exp" and each.shape.rank == like.numbers.shape.rank:
            total = replace(like, numbers=each)
            if products(above, [total]):
                return total
    return None


def _terms(tensor: tf.Tensor, sign: int = 1, reach: int = REACH) -> Counter[Any]:
    """What is added up in a tensor, and how often, by reference."""
    tensor = behind(tensor, MOVED)
    kind, sides = tensor.op.type, list(tensor.op.inputs)
    if kind == "Neg":
        return _terms(sides[0], -sign, reach - 1)
    if not reach or kind not in ("AddV2", "Add", "Sub"):
        return Counter({tensor.ref(): sign})
    found = _terms(sides[0], sign, reach - 1)
    found.update(_terms(sides[1], -sign if kind == "Sub" else sign, reach - 1))
    return found


def _moved_between(tensor: tf.Tensor, source: tf.Tensor) -> list[tf.Operation] | None:
    """What moves numbers on the way from a source to a tensor, element by element else."""
    way: list[tf.Operation] = []
    for _ in range(REACH):
        if tensor is source:
            return way[::-1]
        operation = tensor.op
        if moves(operation):
            way.append(operation)
        elif operation.type not in ("Exp", "Log", "Neg", "Sub", "AddV2", "Add"):
            return None
        after = (each for each in operation.inputs if any(one is source for one in back(each, inputs, reach=_FAR)))
        found = next(after, None)
        if found is None:
            return None
        tensor = found
    return None


def _found(
    above: tf.Tensor, below: tf.Tensor, added: Sequence[Total], weighed: Sequence[Product], roots: Sequence[Root]
) -> Found:
    """Weights put together, and how they weigh."""
    how, key, causal = roots[0].how, added[0].key, added[0].causal
    scores = _scores(added, roots)
    if causal:
        weights, scores = _so_far(added[0], below, scores)
    else:
        shares = [_shares(each, below) for each in added]
        weights = shares[0] if len(shares) == 1 else tf.concat(shares, key)
    if scores is None:
        scores = tf.math.log(weights) if how == "softmax" else weights
    lengths = [tf.shape(each.numbers)[key] for each in added]

    def again(given: tf.Tensor) -> tf.Tensor:
        parts = [given] if len(added) == 1 else tf.split(given, lengths, key, num=len(lengths))
        by_total = {id(total): part for total, part in zip(added, parts, strict=True)}
        answer = tf.add_n([each.again(by_total[id(each.total)]) for each in weighed])
        return tf.ensure_shape(answer, above.shape)

    return Found(
        scores, (*added[0].blocks, key + causal), (), how, weights, again, tuple(each.product for each in weighed)
    )


def _together(totals: Sequence[Total], products: Sequence[Product]) -> bool:
    """Whether what stands below the line is the sum of just what weighs above it, with the same axes."""
    first = totals[0]
    form = (first.key, first.causal, first.axes, first.blocks)
    if any((each.key, each.causal, each.axes, each.blocks) != form for each in totals):
        return False
    if len(products) != len(totals) or {id(each.total) for each in products} != {id(each) for each in totals}:
        return False
    if first.causal and (len(totals) > 1 or first.scales):
        return False
    for each in products:
        known = each.axes[len(each.axes) - len(first.axes) :]
        fits = all(below in (None, above) for below, above in zip(first.axes, known, strict=True))
        scales = [behind(scale, MOVED) for scale, _ in each.total.scales]
        same = [one is behind(two, MOVED) for one, (two, _) in zip(scales, each.scales, strict=False)]
        fits &= each.blocks == each.total.blocks
        if len(each.axes) < len(first.axes) or not fits or len(scales) != len(each.scales) or not all(same):
            return False
    return True


def _shares(total: Total, below: tf.Tensor) -> tf.Tensor:
    """Numbers by their sum."""
    rank = total.numbers.shape.rank
    scaled = total.numbers
    for scale, axes in total.scales:
        scaled = scaled * laid(scale, axes, rank)
    sums = tf.cast(laid(below, total.axes, rank), scaled.dtype)
    nothing = any(each.type == "DivNoNan" for each in below.consumers())  # by a sum of zero, as the model has it
    shares: tf.Tensor = tf.math.divide_no_nan(scaled, sums) if nothing else scaled / sums
    return shares


def _so_far(total: Total, below: tf.Tensor, scores: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Numbers by their sum so far `[…, query, key, …]`, and their scores: every query has its own sum."""
    key, rank = total.key, total.numbers.shape.rank
    place = tf.range(tf.shape(total.numbers)[key])
    seen = place[None, :] <= place[:, None]
    for _ in range(key + 1, rank):
        seen = seen[..., None]
    below = tf.expand_dims(laid(below, total.axes, rank), key + 1)
    numbers = tf.expand_dims(total.numbers, key)
    weights = tf.where(seen, numbers / tf.cast(below, numbers.dtype), tf.zeros((), numbers.dtype))
    if scores is None:
        return weights, None
    return weights, tf.where(seen, tf.expand_dims(scores, key), tf.cast(HIDDEN, scores.dtype))


def _scores(totals: Sequence[Total], roots: Sequence[Root]) -> tf.Tensor | None:
    """The scores of all keys; of blocks without what each took off its own, as it is another for each."""
    found = [scored(root, total.numbers) for root, total in zip(roots, totals, strict=True)]
    if len(found) == 1 and not totals[0].blocks:
        return found[0]
    key = totals[0].key
    whole = [None if each is None else _unshifted(each, key) for each in found]
    return None if any(each is None for each in whole) else tf.concat(whole, key)


def _unshifted(scores: tf.Tensor, key: int) -> tf.Tensor | None:
    """Scores before a number was taken off all of a row."""
    operation = scores.op
    if operation.type != "Sub" or operation.inputs[1].shape.rank != scores.shape.rank:
        return None
    return operation.inputs[0] if operation.inputs[1].shape[key] == 1 else None
