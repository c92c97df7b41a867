"""Models of the Llama kind: what `config.json` says of them, and where their arrays belong.

Llama, Mistral and Qwen2 differ in sizes, in biases and in how far they look back; SmolLM is a small Llama.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.errors import ModelError
from attnviz.families.common.arrays import names
from attnviz.families.hub.json_file import read_json
from attnviz.families.hub.tensors import Tensors, opened
from attnviz.families.hub.weight_files import check_weights
from attnviz.families.writing import decoder
from attnviz.families.writing.decoder import SITE, Networks, Shape

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Names:
    """What a file calls the arrays.

    Attributes:
        embedding, last, head: The embedding, the norm behind all layers, the output where it is not tied.
        layer: Before the parts of a layer, with the place of its number.
        parts: Of a layer, by what they are.
    """

    embedding: str
    last: str
    head: str
    layer: str
    parts: Mapping[str, str]


HUGGING_FACE = Names(
    embedding="embed_tokens",
    last="norm",
    head="lm_head",
    layer="layers.{}.",
    parts={
        "norm": "input_layernorm",
        **{part: f"self_attn.{part[0]}_proj" for part in ("query", "key", "value", "output")},
        "between": "post_attention_layernorm",
        "in": "mlp.gate_proj",
        "gate": "mlp.up_proj",
        "out": "mlp.down_proj",
    },
)


@dataclass(frozen=True)
class Part:
    """One array of a file and its place.

    Attributes:
        name: In the file.
        place: In the network, `layer/variable`.
        shape: In the file.
        matrix: A kernel, in the file `[out, in]`.
        turned: Heads whose rows rotary positions turn; 0: none.
    """

    name: str
    place: str
    shape: tuple[int, ...]
    matrix: bool = False
    turned: int = 0


def parts(shape: Shape, known: Names) -> Iterator[Part]:
    """Every array a file must have."""
    width, inner = shape.features, shape.hidden
    queries, keys = shape.heads * shape.head_size, shape.groups * shape.head_size
    yield Part(f"{known.embedding}.weight", "embedding/embeddings", (shape.size, width))
    for i in range(shape.layers):

        def named(part: str, i: int = i) -> str:
            return known.layer.format(i) + known.parts[part]

        yield Part(f"{named('norm')}.weight", f"{SITE}{i}_norm/scale", (width,))
        for part, size in (("query", queries), ("key", keys), ("value", keys), ("output", width)):
            place, into = f"{SITE}{i}_{part}", queries if part == "output" else width
            turned = {"query": shape.heads, "key": shape.groups}.get(part, 0)
            yield Part(f"{named(part)}.weight", f"{place}/kernel", (size, into), True, turned)
            if part in shape.biased:
                yield Part(f"{named(part)}.bias", f"{place}/bias", (size,), turned=turned)
        yield Part(f"{named('between')}.weight", f"feed_{i}_norm/scale", (width,))
        for part, sizes in (("in", (inner, width)), ("gate", (inner, width)), ("out", (width, inner))):
            yield Part(f"{named(part)}.weight", f"feed_{i}_{part}/kernel", sizes, True)
            if "feed" in shape.biased:
                yield Part(f"{named(part)}.bias", f"feed_{i}_{part}/bias", sizes[:1])
    yield Part(f"{known.last}.weight", "last_norm/scale", (width,))
    if not shape.tied:
        yield Part(f"{known.head}.weight", "embedding/reverse_embeddings", (shape.size, width), True)


def filled(shape: Shape, known: Names, array: Callable[[Part], Floats]) -> Networks:
    """The networks of a shape with the arrays of a file.

    Args:
        shape: Of the model.
        known: What the file calls its arrays.
        array: Gives one.
    """
    networks = decoder.build(shape, trained=True)
    variables = names(networks.full)
    for part in parts(shape, known):
        values = array(part)
        variable = variables.pop(part.place)
        variable.assign((values.T if part.matrix else values).reshape(variable.shape))
    if variables:
        raise ValueError(f"Expected all arrays in the file. Received none of {sorted(variables)[:3]}")
    return networks


def from_folder(folder: Path) -> tuple[Networks, Shape, int]:
    """The networks of a Hugging Face folder, their shape, and how many tokens it was taught to look back over.

    Raises:
        ModelError: As `checkpoint.backbone_of`.
    """
    check_weights(folder)
    shape, positions = read_shape(folder)
    with opened(folder) as tensors:
        whole = tensors.head()
        tensors.start_at("embed_tokens.weight")

        def of(part: Part) -> Tensors:
            return whole if part.name.startswith(HUGGING_FACE.head) else tensors

        for part in parts(shape, HUGGING_FACE):  # before anything of the size is made
            of(part).check(part.name, part.shape)
        return filled(shape, HUGGING_FACE, lambda part: of(part)[part.name]), shape, positions


def read_shape(folder: Path) -> tuple[Shape, int]:
    """The shape in `config.json`, checked, and the most positions.

    Raises:
        ModelError: `hub_unreadable`, `hub_setting`.
    """
    config = read_json(folder, "config.json")
    kind = config["model_type"]

    def wrong(field: str, expected: str) -> ModelError:
        told = {"field": field, "received": repr(config.get(field))[:80], "expected": expected}
        return ModelError("hub_setting", source=folder.name, **told)

    def number(field: str, default: int | None = None) -> int:
        value = config.get(field)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise wrong(field, "≥ 1")
        return value

    def real(field: str, given: Any) -> float:
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < 1e12:
            raise wrong(field, "> 0")
        return float(given)

    if config.get("hidden_act", "silu") not in ("silu", "swish"):
        raise wrong("hidden_act", "silu")
    rotary = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if not isinstance(rotary, dict) or rotary.get("rope_type", rotary.get("type", "default")) not in ("default", None):
        raise wrong("rope_parameters" if config.get("rope_parameters") else "rope_scaling", "default")
    features, heads = number("hidden_size"), number("num_attention_heads")
    groups, head_size = number("num_key_value_heads", heads), number("head_dim", features // heads or 1)
    if heads % groups:
        raise wrong("num_key_value_heads", f"{heads} / 1, 2, …")
    if head_size % 2:
        raise wrong("head_dim", "2, 4, …")
    biased = {"query", "key", "value"} if config.get("attention_bias", kind == "qwen2") else set()
    biased |= {"output"} if config.get("attention_bias") and kind != "qwen2" else set()
    positions = number("max_position_embeddings", 2048)
    if config.get("sliding_window") is not None and config.get("use_sliding_window", kind != "qwen2"):
        positions = min(positions, number("sliding_window"))  # so far it looks at all that is before
    shape = Shape(
        size=number("vocab_size"),
        features=features,
        layers=number("num_hidden_layers"),
        heads=heads,
        groups=groups,
        head_size=head_size,
        hidden=number("intermediate_size"),
        epsilon=real("rms_norm_eps", config.get("rms_norm_eps", 1e-6)),
        theta=real("rope_theta", rotary.get("rope_theta", config.get("rope_theta", 10_000.0))),
        biased=tuple(sorted(biased | ({"feed"} if config.get("mlp_bias") else set()))),
        tied=bool(config.get("tie_word_embeddings", False)),
    )
    return shape, positions


def of_gpt2(backbone: keras.Model, activation: str) -> tuple[Networks, Shape]:
    """KerasHub's GPT-2 as networks that continue a text.

    Args:
        backbone: With its weights.
        activation: Of `decoder.ACTIVATIONS`.
    """
    embedding, table = backbone.token_embedding, backbone.position_embedding.position_embeddings
    layers: list[Any] = list(backbone.transformer_layers)
    width, heads = backbone.hidden_dim, backbone.num_heads
    shape = Shape(
        size=embedding.input_dim,
        features=width,
        layers=len(layers),
        heads=heads,
        groups=heads,
        head_size=width // heads,
        hidden=backbone.intermediate_dim,
        norm="layer",
        epsilon=backbone.layer_norm.epsilon,
        gated=False,
        activation=activation,
        theta=0.0,
        positions=int(table.shape[0]),
        biased=("query", "key", "value", "output", "feed"),
    )
    given: dict[str, Any] = {"embedding/embeddings": embedding.embeddings, "positions/table": table}
    for i, layer in enumerate(layers):
        attention = layer._self_attention_layer
        dense = {f"{SITE}{i}_{part}": getattr(attention, f"_{part}_dense") for part in ("query", "key", "value")}
        dense[f"{SITE}{i}_output"] = attention._output_dense
        dense[f"feed_{i}_in"], dense[f"feed_{i}_out"] = (
            layer._feedforward_intermediate_dense,
            layer._feedforward_output_dense,
        )
        for name, each in dense.items():
            given |= {f"{name}/kernel": each.kernel, f"{name}/bias": each.bias}
        norms = {f"{SITE}{i}_norm": layer._self_attention_layer_norm, f"feed_{i}_norm": layer._feedforward_layer_norm}
        for name, each in norms.items():
            given |= {f"{name}/gamma": each.gamma, f"{name}/beta": each.beta}
    given |= {"last_norm/gamma": backbone.layer_norm.gamma, "last_norm/beta": backbone.layer_norm.beta}
    networks = decoder.build(shape, trained=True)
    for name, variable in names(networks.full).items():
        variable.assign(keras.ops.reshape(keras.ops.cast(given[name], "float32"), variable.shape))
    return networks, shape
