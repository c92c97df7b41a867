"""Linear attention: keys and values are multiplied and summed over the tokens first, and every query reads that sum.

There is no number for each query and key in it, so there is nothing to show; but it can be named.

Source: Katharopoulos et al. 2020, "Transformers are RNNs"; Choromanski et al. 2021, "Rethinking Attention with
Performers".
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import tensorflow as tf

from attnviz.capture.flow import Flow
from attnviz.capture.flow.operations import static
from attnviz.capture.products import MATRICES
from attnviz.capture.uses import onward
from attnviz.capture.weighing import KEPT, operations

#: What a sum over tokens goes through before queries read it.
_BEFORE_READ = KEPT | {"Mul", "RealDiv", "Cumsum"}


def linear(flow: Flow, graph: Any, weighing: Container[int], scores: Container[int]) -> Iterator[tf.Operation]:
    """Where in the outermost graph keys and values are summed up for queries to read.

    Args:
        flow: What is known of the graph.
        graph: Of the traced function.
        weighing: Ids of what weights that were met have weighed; that is none of these.
        scores: Ids of scores and weights that were met: a sum that goes into a softmax is attention over features.
    """
    for operation, outer in operations(graph):
        product = operation.outputs[:1]
        if product and id(product[0]) not in weighing and _summed(flow, operation) and _read(flow, product[0], scores):
            yield outer


def _summed(flow: Flow, operation: tf.Operation) -> bool:
    """Whether features of one tensor meet features of another here, for all tokens together or all so far."""
    if operation.type in MATRICES:
        return _outer(flow, operation) and all(
            any(flow.role(axis) == "sequence" for axis in _gone(flow, operation, number)) for number in (0, 1)
        )
    if operation.type not in ("Sum", "Cumsum"):
        return False
    multiplied, over = operation.inputs[0], static(operation.inputs[1])
    axes = flow.of(multiplied)
    along = None if axes is None or over is None or len(over) != 1 else flow.role(axes[over[0] % len(axes)])
    return along == "sequence" and multiplied.op.type in (*MATRICES, "Mul") and _outer(flow, multiplied.op)


def _outer(flow: Flow, operation: tf.Operation) -> bool:
    """Whether each of two computed operands gives the product features that the other has not."""
    product = operation.outputs[0]
    axes, sources = flow.of(product), flow.sources.get(id(product))
    if axes is None or sources is None or not all(id(each) in flow.dependent for each in operation.inputs[:2]):
        return False
    features = [place for place, axis in enumerate(axes) if flow.role(axis) in ("feature", "weight")]
    given = [{number for number, _ in sources[place]} for place in features]
    return {0} in given and {1} in given


def _gone(flow: Flow, operation: tf.Operation, number: int) -> list[Any]:
    """The axes of an operand that are summed over in a product."""
    shown = {pair for axis in flow.sources.get(id(operation.outputs[0]), []) for pair in axis}
    axes = flow.of(operation.inputs[number]) or []
    return [axis for place, axis in enumerate(axes) if axis and (number, place) not in shown]


def _read(flow: Flow, summed: tf.Tensor, scores: Container[int]) -> bool:
    """Whether something computed that has tokens is multiplied with a sum, feature by feature."""
    way = list(onward(summed, _BEFORE_READ))
    if any(id(tensor) in scores for tensor, _ in way):
        return False
    for tensor, operation in way:
        if operation is None or operation.type not in MATRICES or len(operation.inputs) != 2:
            continue
        number = 0 if operation.inputs[1] is tensor else 1
        asks = operation.inputs[number]
        tokens = any(flow.role(axis) == "sequence" for axis in flow.of(asks) or [])
        features = any(flow.role(axis) in ("feature", "weight") for axis in _gone(flow, operation, number))
        if id(asks) in flow.dependent and tokens and features:
            return True
    return False
