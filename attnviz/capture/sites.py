"""Where in a model a softmax was met, whose it is, and whether it is attention at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

import keras

from attnviz.capture.layout import Layout
from attnviz.capture.roles import Roles
from attnviz.trace.block import Normalisation

#: Layers whose own activation is a choice between their units, never attention.
CLASSIFIERS = (keras.layers.Dense, keras.layers.EinsumDense, keras.layers.Conv1D, keras.layers.Conv2D)
#: Layers that are called with query, value and key in this order.
ATTENTION = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention, keras.layers.Attention)
#: Layers that only apply a function: a site inside another layer is named for that layer.
FUNCTIONS = (keras.layers.Softmax, keras.layers.Activation)
#: Layers that scores are put together with in a model that has no layer of its own for attention.
PLAIN = (
    *(*FUNCTIONS, keras.layers.Lambda, keras.layers.Dense, keras.layers.EinsumDense, keras.layers.Dropout),
    *(keras.layers.Dot, keras.layers.Add, keras.layers.Subtract, keras.layers.Multiply, keras.layers.Concatenate),
    *(keras.layers.Permute, keras.layers.Reshape, keras.layers.Flatten, keras.layers.RepeatVector),
    *(keras.layers.LeakyReLU, keras.layers.ReLU, keras.layers.ELU, keras.layers.TimeDistributed),
)


@dataclass(frozen=True)
class Site:
    """One attention computation of a model.

    Attributes:
        name: Unique in the model: the path of the layer, and `#2`, `#3`, … for further calls or softmaxes of one layer.
        layer: The Keras layer (or operation) that computes it.
        shape: Static shape of that tensor, None where the length is open.
        precision: dtype of the softmax: `float32`, `float16`, `bfloat16` or `float64`.
        editable: Whether weights can be put in (not inside loops).
        roles: What its axes count, and who asks.
        maskable: Whether a mask enters its scores that an edit can lift.
        heeds: Whether what hides cells depends on what the model is given, as padding does; not only on lengths.
        how: What makes its rows sum to one.
        lowers: Whether a mask of what the model is given only lowers its scores, as -100 does.
        lowers_cells: Whether a mask, or something made of places alone, is added to its scores cell by cell.
    """

    name: str
    layer: keras.Operation
    roles: Roles
    shape: tuple[int | None, ...]
    precision: str
    editable: bool = True
    maskable: bool = False
    heeds: bool = True
    how: Normalisation = "softmax"
    lowers: bool = False
    lowers_cells: bool = False

    @property
    def layout(self) -> Layout:
        """How its tensor is read as `[batch, head, query, key]`."""
        return self.roles.layout

    @property
    def heads(self) -> int | None:
        """How many heads, None where only a run can tell."""
        return self.layout.shape(self.shape)[1]


def callers(frame: FrameType | None) -> list[keras.Operation]:
    """The Keras layers and operations that are being called, outermost first.

    Read from the Python stack, so that nothing needs to be stored anywhere and layers called through `layer.call` (as
    `TimeDistributed` does) are found as well.
    """
    found: list[keras.Operation] = []
    while frame is not None:
        code = frame.f_code
        if code.co_argcount or code.co_flags & 0x04:
            owner = frame.f_locals.get(code.co_varnames[0]) if code.co_varnames else None
            if isinstance(owner, keras.Operation) and (not found or found[-1] is not owner):
                found.append(owner)
        frame = frame.f_back
    return found[::-1]


def owner(stack: Sequence[keras.Operation]) -> tuple[keras.Operation, str]:
    """Whose softmax it is, and the path of that layer below the model."""
    hidden = {id(getattr(each, "_functional", None)) for each in stack if isinstance(each, keras.Sequential)}
    chain = [each for each in stack if id(each) not in hidden]  # a Sequential calls a functional model of its own
    containers = (keras.Model,)
    if len(chain) > 1 and isinstance(chain[-1], FUNCTIONS) and not isinstance(chain[-2], containers):
        chain.pop()
    names = [each.name for each in chain[1:]] or [each.name for each in chain]
    return chain[-1], "/".join(names)


def current_stack() -> list[keras.Operation]:
    """`callers` of the function that calls this."""
    return callers(sys._getframe(1))
