"""The network of a Transformer encoder classifier: self-attention in layers and heads, a learned [CLS] token."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("attnviz")
class ClassToken(keras.layers.Layer):
    """Puts a learned vector before the first token and adds a learned vector for each position.

    Args:
        max_length: Most tokens of a sentence, the learned one not counted.
    """

    def __init__(self, max_length: int, **options: Any) -> None:
        super().__init__(**options)
        self.max_length = max_length

    def build(self, shape: Any) -> None:
        """Make the variables: `cls` `[1, 1, feature]` and `positions` `[max_length + 1, feature]`."""
        initial = keras.initializers.RandomNormal(stddev=0.02, seed=1)
        self.cls = self.add_weight(shape=(1, 1, shape[-1]), initializer=initial, name="cls")
        self.positions = self.add_weight(
            shape=(self.max_length + 1, shape[-1]), initializer=initial.clone(), name="positions"
        )

    def call(self, vectors: Any) -> Any:
        """`[batch, token, feature]` to `[batch, 1 + token, feature]`."""
        first = self.cls + keras.ops.zeros_like(vectors[:, :1])  # [B, 1, F]
        everything = keras.ops.concatenate([first, vectors], axis=1)  # [B, 1 + T, F]
        return everything + self.positions[None, : keras.ops.shape(everything)[1]]

    def compute_output_shape(self, shape: Any) -> Any:
        """One position more."""
        return (shape[0], None if shape[1] is None else shape[1] + 1, shape[2])

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "max_length": self.max_length}


@keras.saving.register_keras_serializable("attnviz")
class KeyMask(keras.layers.Layer):
    """Ids int32 `[batch, token]` to bool `[batch, 1, 1 + token]`: every token may look at the text.

    Args:
        first: Whether every token may look at [CLS], too.
    """

    def __init__(self, first: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.first = first

    def call(self, ids: Any) -> Any:
        """True where there is something to look at."""
        first = (keras.ops.ones_like if self.first else keras.ops.zeros_like)(ids[:, :1], dtype="bool")
        return keras.ops.concatenate([first, keras.ops.not_equal(ids, 0)], axis=1)[:, None, :]

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "first": self.first}


@keras.saving.register_keras_serializable("attnviz")
class WaitingMask(keras.layers.Layer):
    """A `KeyMask` without [CLS] to bool `[batch, 1 + token, 1 + token]`: the same, but [CLS] sees itself alone."""

    def call(self, text: Any) -> Any:
        """True where there is something to look at."""
        place = keras.ops.arange(keras.ops.shape(text)[-1])
        cls = (place == 0)[None, :, None]  # as a query
        return keras.ops.where(cls, keras.ops.transpose(cls, (0, 2, 1)), text)


@keras.saving.register_keras_serializable("attnviz")
class FirstToken(keras.layers.Layer):
    """`[batch, token, feature]` to the first token's `[batch, feature]`."""

    def call(self, vectors: Any) -> Any:
        """The vector at [CLS]."""
        return vectors[:, 0]


def build(
    *,
    classes: int,
    vocabulary_size: int,
    features: int = 128,
    max_length: int = 128,
    layers: int = 2,
    heads: int = 4,
    hidden: int = 256,
    late: int = False,
    dropout: float = 0.0,
    feature_dropout: float = 0.0,
    seed: int = 1,
) -> keras.Model:
    """A pre-norm Transformer encoder (Xiong et al. 2020) whose [CLS] vector goes into `Dense(softmax)`.

    Args:
        classes: Number of classes.
        vocabulary_size: Rows of the embedding; id 0 is padding, id 1 an unknown token.
        features: Length of a token's vector, a multiple of `heads`.
        max_length: Longest sentence, in tokens.
        layers: Attention and feed-forward, so many times.
        heads: Per layer.
        hidden: Units of the feed-forward part.
        late: [CLS] takes nothing in before the last layer, where it reads the words and nothing else: the layers
            before mix words with words, and what the model says rests on that one row. Else [CLS] looks on, and is
            looked at, from the first layer.
        dropout: In training, on what each part adds and on the [CLS] vector.
        feature_dropout: In training, on the embedding vectors.
        seed: Of dropout.

    Returns:
        A model from token ids int32 `[batch, token]` to probabilities float32 `[batch, class]`.
    """
    seeds = iter(range(seed * 100, seed * 100 + 100))

    def drop(x: Any, rate: float) -> Any:
        return keras.layers.Dropout(rate, seed=next(seeds))(x) if rate else x

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    mask = KeyMask(first=not late, name="key_mask")(tokens)  # [B, 1, 1 + T]
    before = WaitingMask(name="waiting_mask")(mask) if late else mask
    vectors = keras.layers.Embedding(vocabulary_size, features, name="embedding")(tokens)  # [B, T, F]
    x = ClassToken(max_length, name="class_token")(drop(vectors, feature_dropout))  # [B, 1 + T, F]
    for i in range(layers):
        normed = keras.layers.LayerNormalization(epsilon=1e-5, name=f"attention_norm_{i}")(x)
        attention = keras.layers.MultiHeadAttention(heads, features // heads, name=f"attention_{i}")
        seen = mask if i == layers - 1 else before
        context, _ = attention(normed, normed, attention_mask=seen, return_attention_scores=True)
        x = keras.layers.Add(name=f"attention_sum_{i}")([x, drop(context, dropout)])
        normed = keras.layers.LayerNormalization(epsilon=1e-5, name=f"feed_forward_norm_{i}")(x)
        inner = keras.layers.Dense(hidden, activation="relu", name=f"feed_forward_in_{i}")(normed)
        outer = keras.layers.Dense(features, name=f"feed_forward_out_{i}")(inner)
        x = keras.layers.Add(name=f"feed_forward_sum_{i}")([x, drop(outer, dropout)])
    vector = keras.layers.LayerNormalization(epsilon=1e-5, name="final_norm")(FirstToken(name="first_token")(x))
    prediction = keras.layers.Dense(classes, activation="softmax", name="prediction")(drop(vector, dropout))
    return keras.Model(tokens, prediction, name="encoder_classifier")
