"""What stands on top of a body: Hugging Face's `…ForSequenceClassification`, and the words of `…ForMaskedLM`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from attnviz.families.hub.configuration import EXACT_GELU, TANH_GELU, Sizes

#: From vectors float32 `[place, feature]` to logits over the vocabulary `[place, word]`, as tensors.
Head = Callable[[Any], Any]


class Tensors(Protocol):
    """Arrays by name, each compared with its shape before it is read."""

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raises `ModelError` `hub_tensor_missing`, `hub_tensor_shape`."""

    def old(self, name: str) -> str:
        """The name in the file, which may be that of TensorFlow."""

    def __contains__(self, name: str) -> bool: ...

    def __getitem__(self, name: str) -> NDArray[np.float32]: ...


def _exact_gelu(x: Any) -> Any:
    return keras.activations.gelu(x, approximate=False)


#: By the names that `config.json` uses.
ACTIVATIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(EXACT_GELU, _exact_gelu),
    **dict.fromkeys(TANH_GELU, functools.partial(keras.activations.gelu, approximate=True)),
    "relu": keras.activations.relu,
    "silu": keras.activations.silu,
    "swish": keras.activations.silu,
}


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


class OverWords(NamedTuple):
    """What a masked language model has over its body, by name: a dense layer, a norm, a table and its bias."""

    dense: str
    norm: str
    table: str
    biases: tuple[str, ...]


#: By architecture; the activation of RoBERTa and ELECTRA is the exact GELU whatever the body has.
_OVER_WORDS: dict[str, OverWords] = {
    "bert": OverWords(
        "cls.predictions.transform.dense",
        "cls.predictions.transform.LayerNorm",
        "cls.predictions.decoder",
        ("cls.predictions.bias", "cls.predictions.decoder.bias"),
    ),
    "distilbert": OverWords("vocab_transform", "vocab_layer_norm", "vocab_projector", ("vocab_projector.bias",)),
    "roberta": OverWords(
        "lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", ("lm_head.bias", "lm_head.decoder.bias")
    ),
    "electra": OverWords(
        "generator_predictions.dense",
        "generator_predictions.LayerNorm",
        "generator_lm_head",
        ("generator_lm_head.bias",),
    ),
}


def head_over_words(backbone: Any, sizes: Sizes, tensors: Tensors) -> Head | None:
    """From vectors float32 `[place, feature]` to logits over the vocabulary `[place, word]`; None: it is not there.

    The table is the embedding's own unless the configuration says that it is not.

    Raises:
        ModelError: `hub_tensor_missing`, `hub_tensor_shape`.
    """
    names = _OVER_WORDS[sizes.kind]
    if f"{names.dense}.weight" not in tensors:
        return None
    activation = ACTIVATIONS[sizes.activation] if sizes.kind in ("bert", "distilbert") else _exact_gelu
    dense = _dense(tensors, names.dense, sizes.embedding, sizes.width, activation)
    scale, shift = (tensors.old(f"{names.norm}.{part}") for part in ("weight", "bias"))
    bias = next((name for name in names.biases if name in tensors), names.biases[0])
    for name, shape in ((scale, (sizes.embedding,)), (shift, (sizes.embedding,)), (bias, (sizes.vocabulary,))):
        tensors.check(name, shape)
    gamma, beta, added = tensors[scale], tensors[shift], tensors[bias]
    table: Any = backbone.token_embedding.embeddings
    if not sizes.tied:
        tensors.check(f"{names.table}.weight", (sizes.vocabulary, sizes.embedding))
        table = tensors[f"{names.table}.weight"]

    def logits(vectors: Any) -> Any:
        x = dense(vectors)
        x = x - ops.mean(x, -1, keepdims=True)
        x = x / ops.sqrt(ops.mean(x**2, -1, keepdims=True) + sizes.epsilon) * gamma + beta
        return ops.matmul(x, ops.transpose(table)) + added

    return logits


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
