"""Deformable attention: weights over places that every query computes for itself, where no token need be.

Source: Zhu et al. 2021, "Deformable DETR: Deformable Transformers for End-to-End Object Detection".
"""

from __future__ import annotations

from collections.abc import Iterable

import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.flow import Flow
from attnviz.capture.products import MATRICES
from attnviz.capture.recorder import Tapped
from attnviz.capture.sides import computed_key
from attnviz.capture.uses import onward, partners
from attnviz.capture.weighing import KEPT

#: Operations that look rows up by their places.
_LOOKING_UP = ("GatherV2", "GatherNd", "ResourceGather", "Gather")

#: Operations looked at behind what is weighed, and behind the places it was looked up at.
_REACH, _FAR = 120, 300


def sampled(flow: Flow, tapped: Tapped) -> bool:
    """Whether this is deformable attention: what it weighs was looked up at places that are computed as numbers (with
    sampling offsets) and rounded, and its scores come of the query alone.

    Args:
        flow: What is known of the graph.
        tapped: Weights.
    """
    scores, weights = tapped.inner
    axes = flow.of(scores)
    if axes is not None and any(flow.role(axes[place]) == "sequence" for place in tapped.over):
        return False
    if axes is not None and any(computed_key(flow, scores, place) for place in tapped.over):
        return False
    start = weights if tapped.steps else tapped.weights
    scaled = (tensor for tensor, _ in onward(start, KEPT | {"Mul"}))  # by how near a place is to the rows beside it
    return any(_at_computed_places(flow, each) for one in scaled for each in partners(one))


def _at_computed_places(flow: Flow, weighed: tf.Tensor) -> bool:
    """Whether something was looked up in a tensor at places that were computed as numbers before they were rounded."""

    def before(tensor: tf.Tensor) -> Iterable[tf.Tensor]:
        return () if tensor.op.type in MATRICES else inputs(tensor)  # a projection: what is behind belongs to others

    for each in back(weighed, before, reach=_REACH):
        if each.op.type in _LOOKING_UP and all(id(one) in flow.dependent for one in each.op.inputs[:2]):
            table, places = each.op.inputs[:2]
            if table.dtype.is_floating and any(_rounded(flow, one) for one in back(places, inputs, reach=_FAR)):
                return True
    return False


def _rounded(flow: Flow, tensor: tf.Tensor) -> bool:
    before = tensor.op.inputs[0] if tensor.op.type == "Cast" else tensor
    return before.dtype.is_floating and tensor.dtype.is_integer and id(before) in flow.dependent
