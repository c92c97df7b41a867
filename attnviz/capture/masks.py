"""Where a mask enters: the scores of a softmax as they were before a mask made some of them hopeless.

Masks are written in many ways (`where(mask, scores, -1e9)`, `scores + (1 - mask) * -1e9`, a `Softmax` layer's own), and
all come to an elementwise choice or sum of the scores and a term made of a mask and a very large constant. The graph
says which term that is.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from attnviz.capture.back import back, inputs
from attnviz.capture.constants import constant
from attnviz.capture.products import MAKING

#: Constants that only masks use; the smallest in use is BERT's 10,000.
LARGE = 5000.0

_SUMS = ("AddV2", "Add", "Sub", "BiasAdd")
_CHOICES = ("SelectV2", "Select")
_SAME = ("Identity", "StopGradient", "EnsureShape", "PreventGradient")

#: What masks are made by, and of.
_COMPARED = (
    "Equal",
    "NotEqual",
    "Greater",
    "GreaterEqual",
    "Less",
    "LessEqual",
    "LogicalNot",
    "LogicalAnd",
    "LogicalOr",
)
_MADE_OF_MASKS = frozenset(
    (
        *(*_SAME, *_SUMS, *_CHOICES, "Cast", "Mul", "RealDiv", "Neg", "Log", "Log1p", "Maximum", "Minimum"),
        *(
            "ExpandDims",
            "Reshape",
            "Squeeze",
            "StridedSlice",
            "BroadcastTo",
            "Transpose",
            "Fill",
            "OnesLike",
            "ZerosLike",
        ),
    )
)

#: What leaves zeros and ones what they are.
MOVING_TRUTHS = frozenset(
    (
        *(*_SAME, "Cast", "Reshape", "ExpandDims", "Squeeze", "Transpose", "BroadcastTo", "Tile", "StridedSlice"),
        *("GatherV2", "MatrixBandPart"),
    )
)

#: So far below the largest number of a mask (in scores) are the keys that it is to hide.
_FAR = 5.0

#: Operations looked at for one term; the terms of masks are made of a dozen.
_REACH = 200


def unmasked(scores: tf.Tensor) -> tf.Tensor | None:
    """The scores without the masks in them, in the same graph.

    Args:
        scores: What goes into a softmax.

    Returns:
        A tensor of the same shape and type, or None if no mask is found.
    """
    found = _without(scores)
    if found is scores or found.shape.rank != scores.shape.rank:
        return None
    return tf.cast(found, scores.dtype)


def terms(scores: tf.Tensor) -> list[tf.Tensor]:
    """What decides where scores are masked: terms of masks, and conditions of choices between masks and scores."""
    found: list[tf.Tensor] = []
    pending = [scores]
    for _ in range(_REACH):
        if not pending:
            break
        operation = pending.pop().op
        if operation.type in _SAME or operation.type == "Cast":
            pending.append(operation.inputs[0])
        elif operation.type in _CHOICES:
            condition, *sides = operation.inputs
            masks = [each for each in sides if _is_mask(each)]
            found.extend([condition, *masks] if masks else [])
            pending.extend(each for each in sides if not any(each is mask for mask in masks))
        elif operation.type in _SUMS:
            masks = [each for each in operation.inputs[:2] if _is_mask(each)]
            found.extend(masks)
            pending.extend(each for each in operation.inputs[:2] if not any(each is mask for mask in masks))
    return found


def lowering(scores: tf.Tensor) -> list[tuple[tf.Tensor, bool]]:
    """Masks of keys that only lower the scores, as -100 or log(mask + ε) do.

    Args:
        scores: What goes into a softmax.

    Returns:
        Terms `[batch, …, key]` that were added, and conditions of choices between scores and a constant, each with
        whether it is true where scores are kept (for terms: always True).
    """
    found: list[tuple[tf.Tensor, bool]] = []
    pending = [scores]
    for _ in range(_REACH):
        if not pending:
            break
        operation = pending.pop().op
        if operation.type in (*_SAME, "Cast"):
            pending.append(operation.inputs[0])
        elif operation.type in ("Mul", "RealDiv"):
            pending.extend(each for each in operation.inputs if constant(each) is None)
        elif operation.type in _CHOICES:
            condition, *sides = operation.inputs
            fixed = [constant(each) is not None for each in sides]
            if fixed[0] != fixed[1]:
                found.append((condition, fixed[1]))
                pending.append(sides[fixed[0]])
        elif operation.type in _SUMS:
            soft = [_of_a_mask(each) for each in operation.inputs[:2]]
            added = zip(operation.inputs, soft, (True, operation.type != "Sub"), strict=False)
            found.extend((each, True) for each, is_mask, plain in added if is_mask and plain)
            pending.extend(each for each, is_mask in zip(operation.inputs, soft, strict=False) if not is_mask)
    return [(each, kept) for each, kept in found if (each.shape.rank or 0) > 1 and each.shape[-1] != 1]


def kept(mask: tf.Tensor, seen: bool) -> tf.Tensor:
    """Which keys a mask keeps for any query, bool `[batch, key]`: where it is not far below its largest number.

    Args:
        mask: One of `lowering`.
        seen: Of a condition, whether it is true there.
    """
    if mask.dtype != tf.bool:
        most = tf.reduce_max(mask, list(range(1, mask.shape.rank)), keepdims=True)
        mask, seen = mask > most - tf.cast(_FAR, mask.dtype), True
    mask = mask if seen else tf.logical_not(mask)
    return tf.reduce_any(mask, list(range(1, mask.shape.rank - 1))) if mask.shape.rank > 2 else mask


def lowers_cells(scores: tf.Tensor) -> bool:
    """Whether a mask, or something made of places alone, is added to scores or chosen instead of them cell by cell."""
    for operation in (each.op for each in back(scores, _scored)):
        sides = operation.inputs if operation.type in (*_SUMS, *_CHOICES) else ()
        cells = (each for each in sides if (each.shape.rank or 0) > 1 and 1 not in each.shape.as_list()[-2:])
        if any(_of_places(each) or _of_a_mask(each) for each in cells):
            return True
    return False


def _scored(tensor: tf.Tensor) -> Iterable[tf.Tensor]:
    """What scores were computed from, element by element."""
    return tensor.op.inputs if tensor.op.type in (*_SAME, *_SUMS, *_CHOICES, "Cast", "Mul", "RealDiv") else ()


def _of_places(term: tf.Tensor) -> bool:
    """Whether nothing but lengths and constants has a part in a term."""
    read = back(term, lambda each: [] if _shapes(each) else inputs(each))
    return all(each.op.type not in (*MAKING, "Placeholder", "ReadVariableOp") for each in read)


def _of_a_mask(term: tf.Tensor) -> bool:
    """Whether a term is made of truth values, or of an input, and of constants alone."""
    made = False

    def before(each: tf.Tensor) -> Iterable[tf.Tensor]:
        return [] if each.op.type in (*_COMPARED, "Placeholder") or _shapes(each) else inputs(each)

    for place, each in enumerate(back(term, before)):
        known = each.op.type in (*_COMPARED, *_MADE_OF_MASKS, "Placeholder", "Const") or _shapes(each)
        if place == _REACH or not known:
            return False
        made |= each.op.type in (*_COMPARED, "Placeholder")
    return made


def _shapes(tensor: tf.Tensor) -> bool:
    """Whether this is a small list of whole numbers, as the forms and places of axes are."""
    return bool(tensor.dtype.is_integer) and (tensor.shape.rank or 0) < 2


def truths(tensor: tf.Tensor, reach: int = 20) -> bool:
    """Whether numbers are a mask by the way they are made: truth values, zeros and ones, one number given per token."""
    operation = tensor.op
    value = constant(tensor)
    if tensor.dtype == tf.bool or value is not None:
        return tensor.dtype == tf.bool or bool(np.isin(value, (0, 1)).all())
    if not reach:
        return False
    if operation.type == "Placeholder":
        return bool(tensor.dtype.is_integer) or tensor.shape.rank == 2
    if operation.type in ("OnesLike", "ZerosLike"):
        return True
    if operation.type in MOVING_TRUTHS:
        return truths(operation.inputs[0], reach - 1)
    if operation.type == "Fill":
        return truths(operation.inputs[1], reach - 1)
    if operation.type == "Sub":
        one = constant(operation.inputs[0])
        return one is not None and bool(np.all(one == 1)) and truths(operation.inputs[1], reach - 1)
    both = operation.type in ("Mul", "Minimum", "Maximum")
    return both and all(truths(each, reach // 2) for each in operation.inputs)


def _without(scores: tf.Tensor) -> tf.Tensor:
    operation = scores.op
    if operation.type in _SAME:
        inner = _without(operation.inputs[0])
        return scores if inner is operation.inputs[0] else inner
    if operation.type == "Cast" and operation.inputs[0].dtype.is_floating:
        inner = _without(operation.inputs[0])
        return scores if inner is operation.inputs[0] else tf.cast(inner, scores.dtype)
    if operation.type in _CHOICES:
        return _chosen(scores, *operation.inputs[1:3])
    if operation.type in _SUMS:
        return _summed(scores, *operation.inputs[:2])
    return scores


def _chosen(scores: tf.Tensor, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    if _is_mask(first):
        return _without(second)
    if _is_mask(second):
        return _without(first)
    left, right = _without(first), _without(second)
    return left if left is right else scores


def _summed(scores: tf.Tensor, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    if _is_mask(second):
        return _without(first)
    if _is_mask(first) and scores.op.type != "Sub":
        return _without(second)
    left, right = _without(first), _without(second)
    if left is first and right is second:
        return scores
    return left - right if scores.op.type == "Sub" else left + right


def _is_mask(term: tf.Tensor) -> bool:
    """Whether a term has a very large constant in it and no product of matrices, which would make it scores."""
    large = False
    for place, each in enumerate(back(term, inputs)):
        if place == _REACH or each.op.type in MAKING:
            return False
        large |= each.op.type == "Const" and _is_large(each)
    return large


def _is_large(number: tf.Tensor) -> bool:
    if not number.dtype.is_floating or (number.shape.num_elements() or 0) > 1024:
        return False
    value = constant(number)
    return value is not None and bool(np.size(value)) and float(np.abs(np.asarray(value, np.float64)).max()) >= LARGE
