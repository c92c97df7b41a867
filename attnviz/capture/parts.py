"""Attention over parts of the keys, whose results are joined by how much each part has in all: each part has a softmax
of its own, and what that gives is multiplied with something made of the sum of its exponentials.

Source: Dao et al. 2023, "Flash-Decoding"; Liu et al. 2023, "Ring Attention with Blockwise Transformers".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.normalised import alike
from attnviz.capture.products import PRODUCTS
from attnviz.capture.recorder import Tapped
from attnviz.capture.roots import MOVED, SAME, behind
from attnviz.capture.uses import onward
from attnviz.capture.weighing import KEPT, Weighed

#: Operations looked at between a sum of exponentials and what it is multiplied with.
_REACH = 200


def joined(products: Sequence[Weighed], logarithms: Sequence[tf.Operation]) -> Iterator[Tapped]:
    """The weights that are those of a part of the keys, whose whole could not be put together (`joining.py`).

    Args:
        products: Where weights weigh.
        logarithms: All logarithms of the graph.
    """
    summed = [(each, scores) for each in logarithms for scores in summed_scores(each)]
    for product in products:
        for known in product.weights:
            own = [each for each, scores in summed if alike_scores(scores, unshifted(known.scores))]
            if own and _scaled(product.product, own):
                yield known


def summed_scores(logarithm: tf.Operation) -> Iterator[tf.Tensor]:
    """The scores whose exponentials are summed up under a logarithm."""
    total = behind(logarithm.inputs[0], MOVED).op
    power = behind(total.inputs[0], MOVED).op if total.type == "Sum" else None
    if power is not None and power.type == "Exp":
        yield unshifted(power.inputs[0])


def unshifted(scores: tf.Tensor) -> tf.Tensor:
    """Scores before their largest was taken off."""
    scores = behind(scores, SAME)
    largest = scores.op.type == "Sub" and any(
        each.op.type == "Max" for each in back(scores.op.inputs[1], inputs, reach=12)
    )
    return behind(scores.op.inputs[0], SAME) if largest else scores


def alike_scores(one: tf.Tensor, other: tf.Tensor) -> bool:
    """Whether two tensors are the same scores."""
    return one is other or alike(one, other)


def _scaled(product: tf.Operation, logarithms: Sequence[tf.Operation]) -> bool:
    """Whether what was weighed is multiplied with something that one of these logarithms has a part in."""
    own = {id(each.outputs[0]) for each in logarithms}
    for tensor, operation in onward(product.outputs[0], KEPT):
        if operation is not None and operation.type in PRODUCTS:
            others = (each for each in operation.inputs if each is not tensor)
            if any(id(each) in own for other in others for each in back(other, inputs, reach=_REACH)):
                return True
    return False
