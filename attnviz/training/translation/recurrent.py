"""A recurrent encoder–decoder with additive attention, the way of 2015, to try beside the Transformer.

The encoder reads with GRUs in both directions. The decoder's lower GRU reads what is written; its state is the query of
additive attention (Bahdanau, Cho and Bengio 2015), vᵀ·tanh(W·query + U·key); the upper GRU reads state and context (as
in Wu et al. 2016). The lower one does not see the context, so all positions are trained at once.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from attnviz.families.writing.transformer import Float, Networks


def build(
    *, source_size: int, target_size: int, features: int, encoder_layers: int, dropout: float, seed: int
) -> Networks:
    """An untrained recurrent encoder–decoder.

    Args:
        source_size, target_size: Entries of the vocabularies; id 0 is padding.
        features: Length of a token's vector and of a state, even.
        encoder_layers: How many GRUs in each direction.
        dropout: In training, on vectors and on the outputs of each part.
        seed: Of dropout.

    Returns:
        As `transformer.build`, with one head in one layer: `full` gives weights `[[B, 1, T, S]]`, the memory is keys
        and values `[B, S, features]` and the two first states, the cache the two states `[B, features]`.
    """
    seeds = iter(range(1000 * seed + 1, 1000 * seed + 1000))

    def drop() -> Any:
        return keras.layers.Dropout(dropout, seed=next(seeds))

    # ── encoder
    source = keras.Input((None,), dtype="int32", name="source")
    x = keras.layers.Embedding(source_size, features, mask_zero=True, name="source_embedding")(source)
    for i in range(encoder_layers):
        gru = keras.layers.GRU(features // 2, return_sequences=True, name=f"encoder_{i}")
        x = keras.layers.Bidirectional(gru, name=f"encoder_{i}_both")(drop()(x))
    values = drop()(x)
    keys = keras.layers.Dense(features, name="key")(values)
    mean = keras.layers.GlobalAveragePooling1D(name="mean")(values)  # without the padding: the mask comes along
    first = [keras.layers.Dense(features, activation="tanh", name=f"first_{i}")(mean) for i in range(2)]
    memory = [keys, values, *first]

    # ── decoder
    embed = keras.layers.ReversibleEmbedding(target_size, features, name="target_embedding")
    lower, upper = (
        keras.layers.GRU(features, return_sequences=True, return_state=True, name=f"decoder_{i}") for i in range(2)
    )
    query = keras.layers.Dense(features, use_bias=False, name="query")
    attend = keras.layers.AdditiveAttention(name="attend")
    join = keras.layers.Concatenate(name="join")
    combine = keras.layers.Dense(features, activation="tanh", name="combine")
    flat = Float(name="logits")
    drops = [drop() for _ in range(3)]

    def decoder(ids: Any, memory: Any, states: Any, present: Any) -> tuple[Any, Any, list[Any]]:
        keys, values = memory[:2]
        low, *low_state = lower(drops[0](embed(ids)), initial_state=states[0])  # [B, T, F]
        context, weights = attend([query(low), values, keys], mask=[None, present], return_attention_scores=True)
        high, *high_state = upper(drops[1](join([low, context])), initial_state=states[1])
        output = drops[2](combine(join([high, context])))
        return flat(embed(output, reverse=True)), ops.expand_dims(weights, 1), [low_state[0], high_state[0]]

    # ── all positions at once
    target = keras.Input((None,), dtype="int32", name="target")
    logits, weights, _ = decoder(target, memory, first, ops.not_equal(source, 0))
    full = keras.Model({"source": source, "target": target}, {"logits": logits, "weights": [weights]}, name="full")
    # ── one position
    token = keras.Input((1,), dtype="int32", name="token")
    position = keras.Input(batch_shape=(1,), dtype="int32", name="position")
    remembered = [keras.Input((*m.shape[1:],), dtype=m.dtype, name=f"memory_{i}") for i, m in enumerate(memory)]
    cache = [keras.Input((features,), name=f"cache_{i}") for i in range(2)]
    begins = ops.equal(position, 0)
    states = [ops.where(begins, start, kept) for start, kept in zip(remembered[2:], cache, strict=True)]
    logits, _, newest = decoder(token, remembered, states, ops.not_equal(source, 0))
    step = keras.Model(
        {"token": token, "position": position, "source": source, "memory": remembered, "cache": cache},
        {"logits": logits[:, 0], "cache": newest},
        name="step",
    )
    return Networks(full, keras.Model(source, memory, name="encoder"), step)
