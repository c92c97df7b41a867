"""Keras layers that return their weights beside the result. Backend-neutral: `keras.ops` only."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from attnviz.errors import ModelError

#: A masked score before the softmax: far below any score, yet finite, so that a row masked throughout has no NaN.
MASKED_SCORE = -1e9


def _weights_dtype(layer: keras.layers.Layer) -> str:
    """Half precision rounds a softmax over many tokens: scores and weights are at least float32."""
    return "float64" if layer.compute_dtype == "float64" else "float32"


class _Pooling(keras.layers.Layer):  # type: ignore[misc, unused-ignore]
    """What both poolings share: the shapes they take and return, and what becomes of the mask."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: the token axis is gone, and a mask handed on would reach the loss with the wrong shape."""
        return None

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[tuple[int | None, ...], ...]:
        """Shapes of the context `(batch, features)` and of the weights `(batch, tokens)`."""
        batch, tokens, features = _check_shape(input_shape)
        return (batch, features), (batch, tokens)

    def compute_output_spec(self, inputs: Any, mask: Any = None) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """As `compute_output_shape`, with the dtypes: the weights are never in half precision."""
        context, weights = self.compute_output_shape(inputs.shape)
        return keras.KerasTensor(context, self.compute_dtype), keras.KerasTensor(weights, _weights_dtype(self))

    def _pool(self, inputs: Any, weights: Any) -> tuple[Any, Any]:
        context = ops.einsum("bt,btf->bf", ops.cast(weights, self.compute_dtype), inputs)  # [B, F]
        return context, weights


@keras.saving.register_keras_serializable("attnviz")
class AttentionPooling(_Pooling):
    """Pools a sentence by attention with one learned query: score = x·W + b, softmax over the sentence, weighted sum.

    The query is W; keys and values are the features x themselves. b is one number per position.

    Why not as published: there b has shape `(T,)` and is added to scores of shape `(B, T, 1)`. That broadcasts to
    `(B, T, T)`, column j holding every token's score plus b at position j; the softmax over tokens takes that out
    again, so b has no effect. The product with x runs only if T is 1 or the number of features, and then is correct
    pooling without b (or with a single feature, whose one number comes T times). The published layer also fixes T when
    built and lets padding take weight. Here b has shape `(max_length, 1)` and is cut to the sentence,
    and a masked token has a weight of exactly 0. A sentence that is masked throughout has weights 0 and context 0.

    Args:
        max_length: Longest sentence, in tokens: the rows of b.
        kernel_initializer: For W, shape `(features, 1)`.
        bias_initializer: For b, shape `(max_length, 1)`.
        bias_regularizer: Keeps b near zero at positions the data seldom reach.

    Call: features `[batch, tokens, features]` and a mask, bool `[batch, tokens]`, True for a token.

    Returns:
        `(context, weights)`: `[batch, features]` in the layer's compute dtype, and `[batch, tokens]`, in float32 also
        under mixed precision (float64 in a float64 layer), each row summing to 1.

    Raises:
        ModelError: The sentence is longer than `max_length` (where its length is known only inside a compiled
            function, the backend's own error), or the features are not of shape `[batch, tokens, features]`.

    Source: the widely copied Keras `Attention(Layer)` example, after Bahdanau, Cho & Bengio (2015), without its tanh.

    >>> features, mask = ops.ones((2, 3, 5)), ops.convert_to_tensor([[True, True, True], [True, True, False]])
    >>> context, weights = AttentionPooling(max_length=7)(features, mask=mask)
    >>> tuple(context.shape), tuple(weights.shape)
    ((2, 5), (2, 3))
    >>> [round(float(weight), 3) for weight in weights[1]]  # the features are alike: even weights, none for padding
    [0.5, 0.5, 0.0]
    """

    def __init__(
        self,
        max_length: int,
        *,
        kernel_initializer: Any = "random_normal",
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if max_length < 1:
            raise ModelError("layer_max_length", received=max_length)
        self.max_length = max_length
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        _, _, features = _check_shape(input_shape)
        # Without autocast: the scores are computed in float32 whatever the policy.
        self.kernel = self.add_weight(
            shape=(features, 1), initializer=self.kernel_initializer, autocast=False, name="kernel"
        )
        self.bias = self.add_weight(
            shape=(self.max_length, 1),
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
            autocast=False,
            name="bias",
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[tuple[int | None, ...], ...]:
        context, weights = super().compute_output_shape(input_shape)
        self._check_length(weights[1])
        return context, weights

    def call(self, inputs: Any, mask: Any = None) -> tuple[Any, Any]:
        self._check_length(inputs.shape[1])
        dtype = _weights_dtype(self)
        length = ops.shape(inputs)[1]
        products = ops.squeeze(ops.matmul(ops.cast(inputs, dtype), ops.cast(self.kernel, dtype)), -1)  # [B, T] = x·W
        bias = ops.slice(ops.squeeze(ops.cast(self.bias, dtype), -1), (0,), (length,))  # [T]
        scores = products + bias  # [B, T]
        if mask is not None:
            mask = ops.cast(mask, "bool")
            scores = ops.where(mask, scores, ops.cast(MASKED_SCORE, dtype))
        weights = ops.softmax(scores, axis=-1)  # [B, T]
        if mask is not None:  # a row without any token is uniform at the softmax
            weights = ops.where(mask, weights, ops.zeros_like(weights))
        return self._pool(inputs, weights)

    def _check_length(self, tokens: int | None) -> None:
        if isinstance(tokens, int) and tokens > self.max_length:
            error = ModelError("layer_too_long", layer=self.name, expected=self.max_length, received=tokens)
            error._keras_call_info_injected = True  # type: ignore[attr-defined]  # else Keras raises it anew, emptied
            raise error

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_length": self.max_length,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
        }


@keras.saving.register_keras_serializable("attnviz")
class MeanPooling(_Pooling):
    """Pools a sentence by its mean: what `AttentionPooling` would be if every token had the same weight.

    Call: features `[batch, tokens, features]` and a mask, bool `[batch, tokens]`, True for a token.

    Returns:
        `(context, weights)` as `AttentionPooling`; each weight is 1 / the number of tokens, or 0 where masked.
    """

    def call(self, inputs: Any, mask: Any = None) -> tuple[Any, Any]:
        dtype = _weights_dtype(self)
        present = ops.ones_like(inputs[..., 0]) if mask is None else mask  # [B, T]
        present = ops.cast(present, dtype)
        weights = present / ops.maximum(ops.sum(present, axis=-1, keepdims=True), 1.0)  # [B, T]
        return self._pool(inputs, weights)


def _check_shape(shape: tuple[int | None, ...]) -> tuple[int | None, int | None, int]:
    features = shape[-1] if len(shape) == 3 else None
    if features is None:
        raise ModelError("layer_shape", received=str(tuple(shape)))
    return shape[0], shape[1], features
