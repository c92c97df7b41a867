"""What a fine-tuned classifier of texts has on top of its body, as in Hugging Face's `…ForSequenceClassification`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from attnviz.families.hub.configuration import Sizes


class Tensors(Protocol):
    """Arrays by name, each compared with its shape before it is read."""

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raises `ModelError` `hub_tensor_missing`, `hub_tensor_shape`."""

    def __getitem__(self, name: str) -> NDArray[np.float32]: ...


def _exact_gelu(x: Any) -> Any:
    return keras.activations.gelu(x, approximate=False)


#: By architecture: the dense layer between the body and the last, if there is one, its activation, and the last.
_HEADS: dict[str, tuple[str, Callable[..., Any] | None, str]] = {
    "bert": ("", None, "classifier"),
    "distilbert": ("pre_classifier", keras.activations.relu, "classifier"),
    "roberta": ("classifier.dense", keras.activations.tanh, "classifier.out_proj"),
    "electra": ("classifier.dense", _exact_gelu, "classifier.out_proj"),
    "gpt2": ("", None, "score"),
}


def classifier_on(
    backbone: keras.Model, sizes: Sizes, classes: int, tensors: Tensors, pooled: bool = True
) -> keras.Model:
    """A model from the backbone's inputs to probabilities `[batch, class]`, by the head in the file.

    Args:
        backbone: With its weights.
        sizes: Of the model.
        classes: How many.
        tensors: The file by its full names.
        pooled: Whether BERT's pooler is there; without it the classifier is given the first token's vector.

    Raises:
        ModelError: `hub_tensor_missing`, `hub_tensor_shape`.
    """
    between, activation, last = _HEADS[sizes.kind]
    x: Any = backbone.output
    if sizes.kind == "bert" and pooled:
        x = x["pooled_output"]
    else:
        x = x["sequence_output"] if isinstance(x, dict) else x
        x = _last_token(x, backbone) if sizes.kind == "gpt2" else x[:, 0]
    if between:
        x = _dense(tensors, between, sizes.width, sizes.width, activation)(x)
    x = _dense(tensors, last, classes, sizes.width, None, bias=sizes.kind != "gpt2")(x)
    return keras.Model(backbone.inputs, keras.layers.Softmax(name="probabilities")(x), name="classifier")


def _dense(
    tensors: Tensors, name: str, out: int, into: int, activation: Callable[..., Any] | None, bias: bool = True
) -> keras.layers.Dense:
    tensors.check(f"{name}.weight", (out, into))
    layer = keras.layers.Dense(out, activation=activation, use_bias=bias, name=f"head_{name.replace('.', '_')}")
    layer.build((None, into))
    layer.kernel.assign(tensors[f"{name}.weight"].T)
    if bias:
        tensors.check(f"{name}.bias", (out,))
        layer.bias.assign(tensors[f"{name}.bias"])
    return layer


def _last_token(x: Any, backbone: keras.Model) -> Any:
    """GPT-2 is asked at its last token that is not padding."""
    mask = ops.cast(next(each for each in backbone.inputs if each.name == "padding_mask"), "float32")
    later = ops.concatenate([mask[:, 1:], ops.zeros_like(mask[:, :1])], axis=1)
    return ops.sum(x * (mask * (1 - later))[..., None], axis=1)
