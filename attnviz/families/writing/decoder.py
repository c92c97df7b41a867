"""The networks of a model that continues a text: a Transformer of one kind of attention, that to what stands before.

Two Keras models share their layers. `full` reads a whole text: it is what is trained, taken apart and differentiated.
`step` reads some further tokens with the keys and values of those before them kept; with none kept it reads a text.
Every softmax of attention lies in a layer `Attend` called `attention_…`, so that capture finds the same sites in both.

The Llama kind (Touvron et al. 2023) turns queries and keys by their positions (Su et al. 2021), shares keys and values
between heads (Ainslie et al. 2023), and has RMS norms (Zhang and Sennrich 2019) and gated feed-forward parts (Shazeer
2020); the GPT-2 kind (Radford et al. 2019) adds learned vectors of the positions. Both normalise before each part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from attnviz.families.writing.transformer import Attend, Float

#: What the layers of attention are called, before the number of the layer.
SITE = "attention_"


@dataclass(frozen=True)
class Networks:
    """Models with common layers; sizes: B batch, T tokens, P tokens before, L layers, G heads of keys, D features.

    Attributes:
        full: ids int32 `[B, T]` to `{"logits": float32 [B, T, vocabulary], "weights": L × float32 [B, H, T, T]}`.
        step: `{"tokens": int32 [B, T], "cache": [key_0, value_0, …], each [B, G, P, D]}` to `{"logits", "cache"}`, the
            cache then P + T long.
        tail: What `full` does after the embedding: ids, and vectors float32 `[B, T, F]`, to logits after the last.
    """

    full: keras.Model
    step: keras.Model
    tail: Callable[[Any, Any], Any]


@keras.saving.register_keras_serializable("attnviz")
class Angles(keras.layers.Layer):
    """By how much the pairs of queries and keys are turned: each position times θ^(−2i/D)."""

    def __init__(self, theta: float, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.theta, self.size = theta, size

    def call(self, ids: Any, kept: Any = None) -> tuple[Any, Any]:
        """Ids `[B, T]`, and keys kept `[B, G, P, D]` or None, to cosines and sines `[T, D / 2]`."""
        half = self.size // 2
        rates = (self.theta ** (-np.arange(half) / half)).astype(np.float32)
        angle = ops.cast(_places(ids, kept), "float32")[:, None] * rates[None]
        return ops.cast(ops.cos(angle), self.compute_dtype), ops.cast(ops.sin(angle), self.compute_dtype)

    def compute_output_spec(self, ids: Any, kept: Any = None) -> tuple[Any, Any]:
        """Lengths are not known."""
        one, other = (keras.KerasTensor((None, self.size // 2), self.compute_dtype) for _ in range(2))
        return one, other

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "theta": self.theta, "size": self.size}


@keras.saving.register_keras_serializable("attnviz")
class Rotary(keras.layers.Layer):
    """Turns the pairs `(i, i + D/2)` of each query or key (Su et al. 2021)."""

    def call(self, inputs: list[Any]) -> Any:
        """`[B, H, T, D]`, cosines and sines `[T, D / 2]` to `[B, H, T, D]`."""
        x, cosine, sine = inputs
        first, second = ops.split(x, 2, axis=-1)
        return ops.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)

    def compute_output_spec(self, inputs: list[Any]) -> Any:
        """The same shape."""
        return keras.KerasTensor(inputs[0].shape, self.compute_dtype)


@keras.saving.register_keras_serializable("attnviz")
class Placed(keras.layers.Layer):
    """Adds a learned vector for each position."""

    def __init__(self, positions: int, **options: Any) -> None:
        super().__init__(**options)
        self.positions = positions

    def build(self, shape: Any, *_: Any) -> None:
        """One vector a position."""
        self.table = self.add_weight(shape=(self.positions, shape[-1]), initializer="zeros", name="table")

    def call(self, x: Any, kept: Any = None) -> Any:
        """`[B, T, F]`, and keys kept or None, to `[B, T, F]`."""
        return x + ops.cast(ops.take(self.table, _places(x, kept), axis=0), x.dtype)

    def compute_output_spec(self, x: Any, kept: Any = None) -> Any:
        """The same shape."""
        return keras.KerasTensor(x.shape, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "positions": self.positions}


@keras.saving.register_keras_serializable("attnviz")
class LookBack(keras.layers.Layer):
    """Ids `[B, T]`, and keys kept or None, to bool `[1, 1, T, P + T]`: a token looks at itself and what is before."""

    def call(self, ids: Any, kept: Any = None) -> Any:
        """True at and before the query."""
        queries = _places(ids, kept)
        keys = ops.arange(_before(kept) + ops.shape(ids)[1])
        return (queries[:, None] >= keys[None])[None, None]

    def compute_output_spec(self, ids: Any, kept: Any = None) -> Any:
        """Lengths are not known."""
        return keras.KerasTensor((1, 1, None, None), "bool")


@keras.saving.register_keras_serializable("attnviz")
class Shared(keras.layers.Layer):
    """Each head of keys or values for all heads of queries that share it: `[B, G, K, D]` to `[B, G · times, K, D]`."""

    def __init__(self, times: int, **options: Any) -> None:
        super().__init__(**options)
        self.times = times

    def call(self, x: Any) -> Any:
        """Head after head, each so many times."""
        return x if self.times == 1 else ops.take(x, np.repeat(np.arange(x.shape[1]), self.times), axis=1)

    def compute_output_spec(self, x: Any) -> Any:
        """More heads."""
        return keras.KerasTensor((x.shape[0], self.times * x.shape[1], *x.shape[2:]), x.dtype)

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {**super().get_config(), "times": self.times}


def _before(kept: Any) -> Any:
    return 0 if kept is None else ops.shape(kept)[2]


def _places(x: Any, kept: Any) -> Any:
    """Positions of what is new, ids `[B, T]` or vectors `[B, T, F]`: int32 `[T]`."""
    return _before(kept) + ops.arange(ops.shape(x)[1])


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a network of this kind is.

    Attributes:
        size: Entries of the vocabulary.
        features: Length of a token's vector.
        layers, heads: How many.
        groups: Heads of keys and values, a divisor of `heads`.
        head_size: Features of a head.
        hidden: Units of the feed-forward parts.
        norm: `rms` or `layer`.
        epsilon: Of the norms.
        gated: Whether a second projection multiplies the activation in the feed-forward parts.
        activation: Of the feed-forward parts: `silu`, `gelu`, `gelu_tanh`, `relu`.
        theta: Of rotary positions; 0: positions have learned vectors.
        positions: How many of these.
        biased: Which projections have a bias, of `query`, `key`, `value`, `output`, `feed`.
        tied: Whether the logits come from the embedding.
    """

    size: int
    features: int
    layers: int
    heads: int
    groups: int
    head_size: int
    hidden: int
    norm: str = "rms"
    epsilon: float = 1e-5
    gated: bool = True
    activation: str = "silu"
    theta: float = 10_000.0
    positions: int = 0
    biased: Collection[str] = ()
    tied: bool = True

    @property
    def numbers(self) -> int:
        """How many numbers its arrays have, norms and biases left out."""
        attention = self.features * self.head_size * (2 * self.heads + 2 * self.groups)
        feed = (2 + self.gated) * self.features * self.hidden
        return (1 + (not self.tied)) * self.size * self.features + self.layers * (attention + feed)


def _gelu(x: Any) -> Any:
    return keras.activations.gelu(x, approximate=False)


def _gelu_tanh(x: Any) -> Any:
    return keras.activations.gelu(x, approximate=True)


ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "silu": keras.activations.silu,
    "relu": keras.activations.relu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
}


class _Builder:
    """Makes each layer once and puts it where it belongs."""

    def __init__(self, shape: Shape, dropout: float, seed: int, trained: bool) -> None:
        self.shape, self.dropout, self._seed, self._trained = shape, dropout, seed * 1000, trained
        self._layers: dict[str, keras.layers.Layer] = {}

    def once(self, name: str, make: Callable[..., Any]) -> Any:
        if name not in self._layers:
            self._layers[name] = make(name=name)
        return self._layers[name]

    def normal(self, name: str, x: Any) -> Any:
        kind = keras.layers.RMSNormalization if self.shape.norm == "rms" else keras.layers.LayerNormalization
        return self.once(name, lambda name: kind(epsilon=self.shape.epsilon, name=name))(x)

    def drop(self, name: str, x: Any) -> Any:
        if not self.dropout:
            return x
        self._seed += 1
        make = lambda name: keras.layers.Dropout(self.dropout, seed=self._seed, name=name)  # noqa: E731
        return self.once(f"{name}_drop", make)(x)

    def project(self, name: str, part: str, equation: str, shape: tuple[int | None, ...], bias: str, x: Any) -> Any:
        def make(name: str) -> keras.layers.Layer:
            axes = bias if part in self.shape.biased else None
            # What is given its weights need not draw any first.
            start = "zeros" if self._trained else "glorot_uniform"
            return keras.layers.EinsumDense(equation, shape, bias_axes=axes, kernel_initializer=start, name=name)

        return self.once(name, make)(x)

    def heads_of(self, i: int, part: str, heads: int, x: Any) -> Any:
        shape = (heads, None, self.shape.head_size)
        return self.project(f"{SITE}{i}_{part}", part, "btf,fhd->bhtd", shape, "hd", x)

    def feed_forward(self, i: int, x: Any) -> Any:
        shape, name = self.shape, f"feed_{i}"
        normed, into = self.normal(f"{name}_norm", x), (None, shape.hidden)
        inner = self.project(f"{name}_in", "feed", "btf,fh->bth", into, "h", normed)
        active = self.once(f"{name}_active", _Active.of(shape.activation))(inner)
        if shape.gated:
            gate = self.project(f"{name}_gate", "feed", "btf,fh->bth", into, "h", normed)
            active = self.once(f"{name}_product", keras.layers.Multiply)([active, gate])
        outer = self.project(f"{name}_out", "feed", "bth,hf->btf", (None, shape.features), "f", active)
        return self.once(f"{name}_sum", keras.layers.Add)([x, self.drop(name, outer)])

    def attend(
        self, i: int, x: Any, mask: Any, angles: list[Any], kept: tuple[Any, Any] | None
    ) -> tuple[Any, Any, tuple[Any, Any]]:
        """What a layer of attention makes of vectors, its weights, and the keys and values it then keeps."""
        shape, name = self.shape, f"{SITE}{i}"
        normed = self.normal(f"{name}_norm", x)
        query = self.heads_of(i, "query", shape.heads, normed)
        key, value = (self.heads_of(i, part, shape.groups, normed) for part in ("key", "value"))
        if shape.theta:
            query, key = (
                self.once(f"{name}_{part}_turned", Rotary)([each, *angles])
                for part, each in (("query", query), ("key", key))
            )
        if kept is not None:
            key, value = (
                self.once(f"{name}_{part}_kept", lambda name: keras.layers.Concatenate(axis=2, name=name))([old, new])
                for part, old, new in (("key", kept[0], key), ("value", kept[1], value))
            )
        times = shape.heads // shape.groups
        looked = [self.once(f"{name}_shared", lambda name: Shared(times, name=name))(each) for each in (key, value)]
        context, weights = self.once(name, lambda name: Attend(name=name))([query, *looked, mask])
        out = self.project(f"{name}_output", "output", "bhtd,hdf->btf", (None, shape.features), "f", context)
        return self.once(f"{name}_sum", keras.layers.Add)([x, self.drop(name, out)]), weights, (key, value)


@keras.saving.register_keras_serializable("attnviz")
class _Active(keras.layers.Layer):
    """An activation by its name."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    @classmethod
    def of(cls, kind: str) -> Callable[..., Any]:
        return lambda name: cls(kind, name=name)

    def call(self, x: Any) -> Any:
        return ACTIVATIONS[self.kind](x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind}


def build(shape: Shape, *, dropout: float = 0.0, seed: int = 1, trained: bool = False) -> Networks:
    """Networks of a shape.

    Args:
        shape: What they are.
        dropout: In training, on vectors and on what each part adds.
        seed: Of dropout.
        trained: Weights will be put in: none are drawn.
    """
    b = _Builder(shape, dropout, seed, trained)
    start: Any = "zeros" if trained else keras.initializers.RandomNormal(stddev=shape.features**-0.5, seed=3)
    embed = keras.layers.ReversibleEmbedding(
        shape.size, shape.features, tie_weights=shape.tied, embeddings_initializer=start, name="embedding"
    )
    look, flat = LookBack(name="look_back"), Float(name="logits")

    def network(tokens: Any, vectors: Any, kept: list[Any], last: bool = False) -> tuple[Any, list[Any], list[Any]]:
        first = kept[0] if kept else None
        x, mask, angles = vectors, look(tokens, first), list[Any]()
        if not shape.theta:
            x = b.once("positions", lambda name: Placed(shape.positions, name=name))(x, first)
        else:
            angles = list(b.once("angles", lambda name: Angles(shape.theta, shape.head_size, name=name))(tokens, first))
        x = b.drop("vectors", x)
        weights, cache = list[Any](), list[Any]()
        for i in range(shape.layers):
            x, seen, now = b.attend(i, x, mask, angles, (kept[2 * i], kept[2 * i + 1]) if kept else None)
            x = b.feed_forward(i, x)
            weights.append(seen)
            cache += now
        x = b.normal("last_norm", x)
        return flat(embed(x[:, -1] if last else x, reverse=True)), weights, cache

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    vectors = embed(tokens)
    logits, weights, _ = network(tokens, vectors, [])
    full = keras.Model(tokens, {"logits": logits, "weights": weights}, name="full")
    more = keras.Input((None,), dtype="int32", name="tokens")
    kept = [keras.Input((shape.groups, None, shape.head_size), name=f"kept_{i}") for i in range(2 * shape.layers)]
    further, _, cache = network(more, embed(more), kept)
    step = keras.Model({"tokens": more, "cache": kept}, {"logits": further, "cache": cache}, name="step")
    return Networks(full, step, lambda tokens, vectors: network(tokens, vectors, [], last=True)[0])
