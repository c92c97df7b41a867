"""Linear attention: keys and values are multiplied and summed over the tokens first, and every query reads that sum;
all at once, or token by token as a recurrent network does, in a loop of TensorFlow's or of Python's.

There is no number for each query and key in it, so there is nothing to show; but it can be named.

Source: Katharopoulos et al. 2020, "Transformers are RNNs"; Choromanski et al. 2021, "Rethinking Attention with
Performers"; Sun et al. 2023, "Retentive Network"; Yang et al. 2024, "Parallelizing Linear Transformers with the Delta
Rule".
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import tensorflow as tf

from attnviz.capture.flow import Flow
from attnviz.capture.flow.operations import static
from attnviz.capture.products import MATRICES, PRODUCTS
from attnviz.capture.recurrent import is_state
from attnviz.capture.roots import MOVED, behind
from attnviz.capture.sides import picked_from
from attnviz.capture.uses import onward
from attnviz.capture.weighing import KEPT, operations

#: What a sum over tokens goes through before queries read it.
_BEFORE_READ = KEPT | {"Mul", "RealDiv", "Cumsum"}

#: What a sum that grows token by token goes through besides, in a loop and out of it.
_STEPS = _BEFORE_READ | {"AddV2", "Add", "Sub", "TensorListSetItem", "TensorListPushBack", "TensorListStack"}

#: How many products deep a sum that grows token by token is looked at: a decay, a gate, a step's size.
_DEEP = 4


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
        if not product or id(product[0]) in weighing:
            continue
        at_once = _summed(flow, operation) and _read(flow, product[0], scores)
        if at_once or (_grows(flow, operation) and _read_in_steps(flow, operation, outer)):
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


def _grows(flow: Flow, operation: tf.Operation) -> bool:
    """Whether features of one token meet each other here, and are added to what came of the tokens before it."""
    if operation.type not in ("AddV2", "Add"):
        return False
    for new, old in (operation.inputs, operation.inputs[::-1]):
        product = _outer_in(flow, new)
        if product is None:
            continue
        if is_state(old):
            return True
        earlier = _outer_in(flow, old)
        one, two = (None if each is None else picked_from(flow, each.inputs[0]) for each in (product, earlier))
        if one is not None and two is not None and one.axis == two.axis and one.index != two.index:
            return True
    return False


def _outer_in(flow: Flow, tensor: tf.Tensor, reach: int = _DEEP) -> tf.Operation | None:
    """The product of features with features that a tensor is, perhaps scaled or added to another."""
    operation = behind(tensor, MOVED).op
    if operation.type in PRODUCTS and len(operation.inputs) == 2 and _outer(flow, operation):
        return operation
    if not reach or operation.type not in ("Mul", "AddV2", "Add", "Sub"):
        return None
    found = (_outer_in(flow, each, reach - 1) for each in operation.inputs)
    return next((each for each in found if each is not None), None)


def _read_in_steps(flow: Flow, grown: tf.Operation, outer: tf.Operation) -> bool:
    """Whether something computed is multiplied with a growing sum, feature by feature: where it grows, or behind."""
    starts = [grown.outputs[0], *(each for each in map(_unmoved, grown.inputs) if is_state(each))]
    ways = [each for start in starts for each in onward(start, _STEPS)]
    if outer is not grown:
        given = {id(tensor) for tensor, _ in ways}
        body = outer._body_graph.outputs
        left = (outer.outputs[place] for place, each in enumerate(body) if id(each) in given)
        ways += [each for start in left for each in onward(start, _STEPS)]
    for tensor, operation in ways:
        if operation is None or operation.type not in PRODUCTS or len(operation.inputs) != 2:
            continue
        number = 0 if operation.inputs[1] is tensor else 1
        gone = _gone(flow, operation, number)
        if operation.type == "Mul":
            summed = [each for each in operation.outputs[0].consumers() if each.type == "Sum"]
            axes, over = flow.of(operation.outputs[0]) or [], static(summed[0].inputs[1]) if summed else None
            gone = [axes[each] for each in over or () if -len(axes) <= each < len(axes)]
        asks = operation.inputs[number]
        if id(asks) in flow.dependent and any(flow.role(axis) in ("feature", "weight") for axis in gone):
            return True
    return False


def _unmoved(tensor: tf.Tensor) -> tf.Tensor:
    """The state of a loop that a tensor is, perhaps scaled."""
    operation = behind(tensor, MOVED).op
    if operation.type == "Mul":
        return next((each for each in operation.inputs if is_state(each)), tensor)
    return operation.outputs[0]


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
