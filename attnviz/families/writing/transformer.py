"""The networks of an encoder–decoder: source–target attention on tokens or regions (Vaswani et al. 2017, pre-norm).

Three Keras models share their layers. `full` is what is trained: all target positions at once. `encoder` is called
once for a source; `step` then writes one token, with the keys and values of those before it kept. Every softmax of
attention lies in a layer of its own kind, `Attend`, so that capture finds the same sites in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

#: Added to a score that is masked, before the softmax.
MASKED = -1e9


@dataclass(frozen=True)
class Networks:
    """Models with common layers; sizes: B batch, S source, T target, L decoder layers, H heads, D features of a head.

    Attributes:
        full: `{"source": int32 [B, S], "target": int32 [B, T]}` to logits float32 `[B, T, vocabulary]`; the target is
            shifted, it begins with the start id. Of regions `source` are their places from 1 on, and `"regions"`
            float32 `[B, S, feature]` what is seen there.
        encoder: ids int32 `[B, S]`, or `{"source", "regions"}`, to `[key_0, value_0, …]`, for each decoder layer what
            source–target attention looks at: `[B, H, S, D]` each.
        step: `{"token": int32 [B, 1], "position": int32 [1], "source": int32 [B, S], "memory": […] as of `encoder`,
            "cache": [key_0, value_0, …] [B, H, longest, D]}` to `{"logits": [B, vocabulary], "cache": […]}`.
    """

    full: keras.Model
    encoder: keras.Model
    step: keras.Model


@keras.saving.register_keras_serializable("attnviz")
class Positions(keras.layers.Layer):
    """Scales vectors by √features and adds sinusoids, from a given first position on."""

    def call(self, vectors: Any, first: Any = None) -> Any:
        """`[B, T, F]`, and `first` int32 `[1]` or None for 0, to `[B, T, F]`."""
        features = vectors.shape[-1]
        rates = np.exp(np.arange(0, features, 2) * (-np.log(10_000.0) / features)).astype(np.float32)  # [F / 2]
        position = ops.cast(ops.arange(ops.shape(vectors)[1]), "float32")
        if first is not None:
            position = position + ops.cast(first, "float32")
        angle = position[:, None] * rates[None]  # [T, F / 2]
        waves = ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
        return vectors * np.sqrt(features).astype(np.float32) + ops.cast(waves, vectors.dtype)[None]


@keras.saving.register_keras_serializable("attnviz")
class Attend(keras.layers.Layer):
    """softmax(q·kᵀ/√d + mask) of heads already parted, and the weighted sum of the values."""

    def __init__(self, dropout: float = 0.0, seed: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.dropout, self.seed = dropout, seed
        self._drop = keras.layers.Dropout(dropout, seed=seed) if dropout else None

    def call(self, inputs: list[Any], training: bool = False) -> tuple[Any, Any]:
        """Queries `[B, H, Q, D]`, keys and values `[B, H, K, D]`, mask bool `[B, 1, Q or 1, K]`.

        Returns:
            Contexts `[B, H, Q, D]` and weights float32 `[B, H, Q, K]`.
        """
        query, key, value, mask = inputs
        scale = 1.0 / np.sqrt(query.shape[-1])
        scores = ops.cast(ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))), "float32") * scale  # [B, H, Q, K]
        weights = ops.softmax(ops.where(mask, scores, MASKED), axis=-1)
        used = self._drop(weights, training=training) if self._drop else weights
        return ops.matmul(ops.cast(used, value.dtype), value), weights

    def compute_output_spec(self, inputs: list[Any], training: bool = False) -> tuple[Any, Any]:
        """Shapes of both."""
        query, key, _, _ = inputs
        weights = (*query.shape[:3], key.shape[2])
        return keras.KerasTensor(query.shape, self.compute_dtype), keras.KerasTensor(weights, "float32")

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "dropout": self.dropout, "seed": self.seed}


@keras.saving.register_keras_serializable("attnviz")
class SourceMask(keras.layers.Layer):
    """Ids int32 `[B, S]` to bool `[B, 1, 1, S]`: padding is not looked at."""

    def call(self, ids: Any) -> Any:
        """True where there is a token."""
        return ops.not_equal(ids, 0)[:, None, None, :]


@keras.saving.register_keras_serializable("attnviz")
class CausalMask(keras.layers.Layer):
    """Ids int32 `[B, T]` to bool `[1, 1, T, T]`: what is not yet written is not looked at."""

    def call(self, ids: Any) -> Any:
        """True at and before the query."""
        position = ops.arange(ops.shape(ids)[1])
        return (position[:, None] >= position[None])[None, None]


@keras.saving.register_keras_serializable("attnviz")
class WrittenMask(keras.layers.Layer):
    """Position int32 `[1]` to bool `[1, 1, 1, longest]`: the same for one query at that position."""

    def __init__(self, longest: int, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest

    def call(self, position: Any) -> Any:
        """True at and before the position."""
        return (ops.arange(self.longest) <= position)[None, None, None, :]

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "longest": self.longest}


@keras.saving.register_keras_serializable("attnviz")
class Keep(keras.layers.Layer):
    """Puts the newest key or value `[B, H, 1, D]` at its position into those kept, `[B, H, longest, D]`."""

    def call(self, inputs: list[Any]) -> Any:
        """Those kept with the newest among them."""
        kept, newest, position = inputs
        here = (ops.arange(kept.shape[2]) == position)[None, None, :, None]
        return ops.where(here, newest, kept)

    def compute_output_spec(self, inputs: list[Any]) -> Any:
        """As those kept: JAX does not know that the newest is one."""
        return keras.KerasTensor(inputs[0].shape, inputs[0].dtype)


@keras.saving.register_keras_serializable("attnviz")
class MeanOfStates(keras.layers.Layer):
    """The mean of the encoder's states over the source, without its padding: what attention is compared with."""

    def call(self, inputs: list[Any]) -> Any:
        """States `[B, S, F]` and mask bool `[B, 1, 1, S]` to `[B, 1, F]`."""
        states, mask = inputs
        present = ops.cast(mask[:, 0, 0, :, None], states.dtype)  # [B, S, 1]
        return ops.sum(states * present, axis=1, keepdims=True) / ops.maximum(
            ops.sum(present, axis=1, keepdims=True), 1
        )


class _OfTexts(keras.layers.Layer):
    """What is there for several texts about each source, which stand one after the other."""

    def __init__(self, texts: int, **options: Any) -> None:
        super().__init__(**options)
        self.texts = texts

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "texts": self.texts}


@keras.saving.register_keras_serializable("attnviz")
class Each(_OfTexts):
    """A source's row once for each of its texts."""

    def call(self, inputs: Any) -> Any:
        """`[B, …]` to `[B · texts, …]`."""
        return ops.repeat(inputs, self.texts, axis=0)


@keras.saving.register_keras_serializable("attnviz")
class Together(_OfTexts):
    """The texts of a source beside each other: one matrix product takes its keys and values once, not once a text."""

    def call(self, vectors: Any) -> Any:
        """`[B · texts, T, F]` to `[B, texts · T, F]`."""
        return ops.reshape(vectors, (-1, self.texts * ops.shape(vectors)[1], vectors.shape[2]))

    def compute_output_spec(self, vectors: Any) -> Any:
        """How many texts there are is not known, nor how long they are."""
        return keras.KerasTensor((None, None, vectors.shape[2]), vectors.dtype)


@keras.saving.register_keras_serializable("attnviz")
class Apart(_OfTexts):
    """The way back."""

    def call(self, given: Any) -> Any:
        """`[B, texts · T, F]` to `[B · texts, T, F]`; weights `[B, H, texts · T, S]` to `[B · texts, H, T, S]`."""
        shape = ops.shape(given)
        length = shape[-2] // self.texts
        if len(given.shape) == 3:
            return ops.reshape(given, (-1, length, given.shape[2]))
        parted = ops.reshape(given, (-1, given.shape[1], self.texts, length, shape[3]))
        return ops.reshape(ops.transpose(parted, (0, 2, 1, 3, 4)), (-1, given.shape[1], length, shape[3]))

    def compute_output_spec(self, given: Any) -> Any:
        """How long a text is is not known."""
        return keras.KerasTensor((None, *given.shape[1:-2], None, given.shape[-1]), given.dtype)


@keras.saving.register_keras_serializable("attnviz")
class Float(keras.layers.Layer):
    """Logits in float32, whatever the policy."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "dtype": "float32"})

    def call(self, logits: Any) -> Any:
        """The same numbers."""
        return ops.cast(logits, "float32")


class _Builder:
    """Makes each layer once and puts it where it belongs."""

    def __init__(self, features: int, heads: int, hidden: int, dropout: float, seed: int) -> None:
        self.features, self.heads, self.hidden, self.dropout = features, heads, hidden, dropout
        self._seed = seed * 1000
        self._layers: dict[str, keras.layers.Layer] = {}

    def once(self, name: str, make: Any) -> Any:
        if name not in self._layers:
            self._layers[name] = make(name=name)
        return self._layers[name]

    def seed(self) -> int:
        self._seed += 1
        return self._seed

    def drop(self, name: str, x: Any) -> Any:
        if not self.dropout:
            return x
        return self.once(f"{name}_drop", lambda name: keras.layers.Dropout(self.dropout, seed=self.seed(), name=name))(
            x
        )

    def norm(self, name: str, x: Any) -> Any:
        return self.once(name, lambda name: keras.layers.LayerNormalization(epsilon=1e-5, name=name))(x)

    def heads_of(self, name: str, x: Any) -> Any:
        size = (self.heads, None, self.features // self.heads)
        make = lambda name: keras.layers.EinsumDense("btf,fhd->bhtd", size, bias_axes="hd", name=name)  # noqa: E731
        return self.once(name, make)(x)

    def attend(self, name: str, query: Any, key: Any, value: Any, mask: Any) -> tuple[Any, Any]:
        context, weights = self.once(name, lambda name: Attend(name=name))([query, key, value, mask])
        make = lambda name: keras.layers.EinsumDense(  # noqa: E731
            "bhtd,hdf->btf", (None, self.features), bias_axes="f", name=name
        )
        return self.once(f"{name}_output", make)(context), weights

    def add(self, name: str, x: Any, more: Any) -> Any:
        return self.once(f"{name}_sum", keras.layers.Add)([x, self.drop(name, more)])

    def feed_forward(self, name: str, x: Any) -> Any:
        inner = self.once(f"{name}_in", lambda name: keras.layers.Dense(self.hidden, activation="relu", name=name))
        outer = self.once(f"{name}_out", lambda name: keras.layers.Dense(self.features, name=name))
        return self.add(name, x, outer(inner(self.norm(f"{name}_norm", x))))


def build(
    *,
    source_size: int,
    target_size: int,
    features: int = 256,
    encoder_layers: int = 3,
    decoder_layers: int = 3,
    heads: int = 4,
    hidden: int = 1024,
    longest: int = 64,
    attention: bool = True,
    region_features: int = 0,
    texts: int = 1,
    dropout: float = 0.0,
    seed: int = 1,
) -> Networks:
    """An untrained encoder–decoder.

    Args:
        source_size, target_size: Entries of the vocabularies; id 0 is padding. Of regions there are no more than
            `source_size - 1`.
        features: Length of a token's vector, a multiple of `heads`.
        encoder_layers, decoder_layers: How deep.
        heads: Per layer, in all three kinds of attention.
        hidden: Units of the feed-forward parts.
        longest: Most target tokens that `step` can write.
        attention: With False, the mean of the encoder's states takes the place of source–target attention.
        region_features: Numbers of a region, where the source is a picture; 0: it is a text.
        texts: Targets of each source in `full`, one after the other.
        dropout: In training, on vectors, on what each part adds and inside the feed-forward parts.
        seed: Of dropout.
    """
    b = _Builder(features, heads, hidden, dropout, seed)
    # ── encoder
    source = keras.Input((None,), dtype="int32", name="source")
    source_mask = SourceMask(name="source_mask")
    mask = source_mask(source)
    sources = {"source": source}
    if region_features:
        sources["regions"] = keras.Input((None, region_features), name="regions")
        normal = keras.layers.LayerNormalization(epsilon=1e-5, name="regions_norm")(sources["regions"])
        x = keras.layers.Dense(features, name="source_embedding")(normal)
        places = keras.layers.Embedding(
            source_size, features, embeddings_initializer=_grid(source_size, features), name="source_places"
        )
        x = b.drop("source_vectors", keras.layers.Add(name="source_sum")([x, places(source)]))
    else:
        x = keras.layers.Embedding(
            source_size, features, embeddings_initializer=_normal(features), name="source_embedding"
        )(source)
        x = b.drop("source_vectors", Positions(name="source_positions")(x))
    for i in range(encoder_layers):
        name = f"encoder_{i}"
        normed = b.norm(f"{name}_norm", x)
        q, k, v = (b.heads_of(f"{name}_{part}", normed) for part in ("query", "key", "value"))
        x = b.add(name, x, b.attend(name, q, k, v, mask)[0])
        x = b.feed_forward(f"{name}_feed_forward", x)
    states = b.norm("encoder_norm", x)  # [B, S, F]
    memory = []
    for i in range(decoder_layers):
        if attention:
            memory += [b.heads_of(f"cross_{i}_{part}", states) for part in ("key", "value")]
        else:
            memory += [MeanOfStates(name=f"cross_{i}_mean")([states, mask])]

    embed = keras.layers.ReversibleEmbedding(
        target_size, features, embeddings_initializer=_normal(features), name="target_embedding"
    )
    position_layer = Positions(name="target_positions")
    flat = Float(name="logits")

    def decoder(x: Any, memory: list[Any], source_mask: Any, own: Any, texts: int = 1) -> tuple[Any, list[Any]]:
        together, apart = (make(texts) if texts > 1 else (lambda x: x) for make in (Together, Apart))
        seen = []
        for i in range(decoder_layers):
            name = f"decoder_{i}"
            normed = b.norm(f"{name}_norm", x)
            q, k, v = (b.heads_of(f"{name}_{part}", normed) for part in ("query", "key", "value"))
            k, v, mask = own(i, k, v)
            x = b.add(name, x, b.attend(name, q, k, v, mask)[0])
            name = f"cross_{i}"
            if attention:
                q = b.heads_of(f"{name}_query", together(b.norm(f"{name}_norm", x)))
                together_context, weights = b.attend(name, q, memory[2 * i], memory[2 * i + 1], source_mask)
                context = apart(together_context)
                seen.append(apart(weights))
            else:
                dense = b.once(f"{name}_output", lambda name: keras.layers.Dense(features, name=name))
                context = keras.layers.Add(name=None)([keras.ops.zeros_like(x), dense(memory[i])])
            x = b.add(name, x, context)
            x = b.feed_forward(f"decoder_{i}_feed_forward", x)
        return flat(embed(b.norm("decoder_norm", x), reverse=True)), seen

    # ── all positions at once
    target = keras.Input((None,), dtype="int32", name="target")
    causal = CausalMask(name="causal_mask")(target)
    y = b.drop("target_vectors", position_layer(embed(target)))
    repeated = memory if attention or texts == 1 else [Each(texts)(mean) for mean in memory]
    logits, weights = decoder(y, repeated, mask, lambda _, k, v: (k, v, causal), texts)
    full = keras.Model({**sources, "target": target}, {"logits": logits, "weights": weights}, name="full")
    # ── one position
    token = keras.Input((1,), dtype="int32", name="token")
    position = keras.Input(batch_shape=(1,), dtype="int32", name="position")
    size = features // heads
    remembered = [keras.Input((*m.shape[1:],), dtype=m.dtype, name=f"memory_{i}") for i, m in enumerate(memory)]
    cache = [keras.Input((heads, longest, size), name=f"cache_{i}") for i in range(2 * decoder_layers)]
    written = WrittenMask(longest, name="written_mask")(position)
    newest: list[Any] = []

    def own(i: int, k: Any, v: Any) -> tuple[Any, Any, Any]:
        newest.extend(b.once(f"keep_{2 * i + n}", Keep)([cache[2 * i + n], x, position]) for n, x in enumerate((k, v)))
        return newest[-2], newest[-1], written

    y = b.drop("target_vectors", position_layer(embed(token), position))
    step_logits, _ = decoder(y, remembered, mask, own)
    step = keras.Model(
        {"token": token, "position": position, "source": source, "memory": remembered, "cache": cache},
        {"logits": step_logits[:, 0], "cache": newest},
        name="step",
    )
    return Networks(full, keras.Model(sources if region_features else source, memory, name="encoder"), step)


def last(full: keras.Model, states: str = "decoder_norm", words: str = "target_embedding") -> keras.Model:
    """A network of the logits after the last token alone: of a large vocabulary, those after every token would be most
    of what has to be held.

    Args:
        full: As that of `Networks`, or of `decoder.Networks`; the layers are shared.
        states: The layer after which come the logits.
        words: The embedding that they come from.

    Returns:
        From what `full` takes, by name, to float32 `[B, vocabulary]`.
    """
    logits = full.get_layer(words)(full.get_layer(states).output[:, -1], reverse=True)
    return keras.Model({each.name: each for each in full.inputs}, full.get_layer("logits")(logits), name="last")


def _normal(features: int) -> Any:
    return keras.initializers.RandomNormal(stddev=features**-0.5, seed=3)


def _grid(size: int, features: int) -> Any:
    """Places of a square grid from 1 on, at first: half of the numbers tell the row by sinusoids, half the column."""
    side = int(np.ceil(np.sqrt(size - 1)))
    rates = np.geomspace(1.0, 1.0 / (2 * side), -(-features // 4))  # [F / 4]
    angle = np.stack(divmod(np.arange(size - 1), side), axis=-1)[:, :, None] * rates  # [place, 2, F / 4]
    waves = np.concatenate([np.sin(angle), np.cos(angle)], axis=-1).reshape(size - 1, -1)[:, :features]
    return keras.initializers.Constant(np.pad(waves, ((1, 0), (0, 0))).astype(np.float32))
