"""The weights of a Hugging Face folder in KerasHub's backbone of the same architecture.

Our own reading rather than KerasHub's converters, which know no ELECTRA, take the activation and the epsilon of layer
normalisation for given, leave out RoBERTa's row of token types and need one prefix of names. Every name, type and shape
in the header of the file is compared with the configuration before anything is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from attnviz.families.hub.configuration import Sizes, read_sizes
from attnviz.families.hub.heads import ACTIVATIONS, Head, classifier_on, head_over_words
from attnviz.families.hub.tensors import Tensors, opened
from attnviz.families.hub.weight_files import check_weights

_BACKBONES = {
    "bert": "BertBackbone",
    "electra": "ElectraBackbone",
    "roberta": "RobertaBackbone",
    "distilbert": "DistilBertBackbone",
    "gpt2": "GPT2Backbone",
}


@dataclass(frozen=True)
class Part:
    """One module of the checkpoint and its place in the backbone.

    Attributes:
        form: `linear` (PyTorch's, kernel [out, in]), `conv1d` (GPT-2's, [in, out]), `norm` or `table`.
        name: In the file, without `.weight`.
        place: Attributes of the backbone that lead to the layer.
        shape: Of the weight in the file.
        third: Of GPT-2's joined query, key and value, which one.
    """

    form: str
    name: str
    place: str
    shape: tuple[int, ...]
    third: int | None = None


class Built(NamedTuple):
    """What was made of a folder.

    Attributes:
        backbone: KerasHub's, with its weights.
        network: From the backbone's inputs to probabilities `[batch, class]`, where classes were asked for.
        head: From vectors to logits over the vocabulary, where it was asked for and is there.
        pooled: Whether BERT's pooler was there.
    """

    backbone: keras.Model
    network: keras.Model | None
    head: Head | None
    pooled: bool


def backbone_of(folder: Path, classes: int = 0, fills: bool = False) -> Built:
    """KerasHub's backbone with the weights of a Hugging Face folder, as `config.json` describes it.

    Args:
        folder: The folder.
        classes: Of the classifier on top of it; 0 leaves what is there out.
        fills: Whether the head of a masked language model is wanted.

    Raises:
        ModelError: `hub_file_missing`, `hub_pickle`, `hub_unreadable`, `hub_setting`, `hub_tensor_missing`,
            `hub_tensor_shape`.
    """
    check_weights(folder)
    sizes = read_sizes(folder)
    with opened(folder) as tensors:
        parts = list(_checked(tensors, sizes))
        backbone = _built(sizes)
        for part in parts:
            _fill(backbone, part, tensors)
        _finish(backbone, sizes, tensors)
        pooled = "pooler.dense.weight" in tensors and "pooler.dense.bias" in tensors
        network = classifier_on(backbone, sizes, classes, tensors.head(), pooled) if classes else None
        head = head_over_words(backbone, sizes, tensors.head()) if fills else None
    return Built(backbone, network, head, pooled)


def _parts(sizes: Sizes) -> Iterator[Part]:
    """Every module a checkpoint must have."""
    width, embedding = sizes.width, sizes.embedding
    joined = "embeddings." if sizes.kind in ("distilbert", "roberta") else ""
    if sizes.kind == "gpt2":
        yield Part("table", "wte", "token_embedding", (sizes.vocabulary, width))
        yield Part("table", "wpe", "position_embedding", (sizes.positions, width))
        yield Part("norm", "ln_f", "layer_norm", (width,))
    else:
        yield Part("table", "embeddings.word_embeddings", f"{joined}token_embedding", (sizes.vocabulary, embedding))
        shape = (sizes.positions, embedding)
        yield Part("table", "embeddings.position_embeddings", f"{joined}position_embedding", shape)
        yield Part("norm", "embeddings.LayerNorm", "embeddings_layer_norm", (embedding,))
    if sizes.segments:
        place = "" if sizes.kind == "roberta" else "segment_embedding"
        yield Part("table", "embeddings.token_type_embeddings", place, (sizes.segments, embedding))
    if embedding != width:
        yield Part("linear", "embeddings_project", "embeddings_projection", (width, embedding))
    for index in range(sizes.layers):
        yield from _layer(sizes, index)


def _layer(sizes: Sizes, index: int) -> Iterator[Part]:
    place, width, inner = f"transformer_layers.{index}", sizes.width, sizes.inner
    attention = f"{place}._self_attention_layer"
    square = (width, width)
    names: tuple[str, ...]
    if sizes.kind == "gpt2":
        for third, part in enumerate(("query", "key", "value")):
            yield Part("conv1d", f"h.{index}.attn.c_attn", f"{attention}.{part}_dense", (width, 3 * width), third)
        yield Part("conv1d", f"h.{index}.attn.c_proj", f"{attention}.output_dense", square)
        yield Part("norm", f"h.{index}.ln_1", f"{place}._self_attention_layer_norm", (width,))
        yield Part("norm", f"h.{index}.ln_2", f"{place}._feedforward_layer_norm", (width,))
        yield Part("conv1d", f"h.{index}.mlp.c_fc", f"{place}._feedforward_intermediate_dense", (width, inner))
        yield Part("conv1d", f"h.{index}.mlp.c_proj", f"{place}._feedforward_output_dense", (inner, width))
        return
    if sizes.kind == "distilbert":
        stem = f"transformer.layer.{index}"
        names = ("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin")
        names += ("sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm")
    else:
        stem = f"encoder.layer.{index}"
        names = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
        names += ("attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm")
    for name, part in zip(names, ("query", "key", "value", "output"), strict=False):
        yield Part("linear", f"{stem}.{name}", f"{attention}.{part}_dense", square)
    yield Part("norm", f"{stem}.{names[4]}", f"{place}._self_attention_layer_norm", (width,))
    yield Part("linear", f"{stem}.{names[5]}", f"{place}._feedforward_intermediate_dense", (inner, width))
    yield Part("linear", f"{stem}.{names[6]}", f"{place}._feedforward_output_dense", (width, inner))
    yield Part("norm", f"{stem}.{names[7]}", f"{place}._feedforward_layer_norm", (width,))


def _checked(tensors: Tensors, sizes: Sizes) -> Iterator[Part]:
    tensors.start_at("wte.weight" if sizes.kind == "gpt2" else "embeddings.word_embeddings.weight")
    for part in _parts(sizes):
        weight = f"{part.name}.weight"
        tensors.check(tensors.old(weight) if part.form == "norm" else weight, part.shape)
        if part.form != "table":
            bias = f"{part.name}.bias"
            last = part.shape[0] if part.form == "linear" else part.shape[-1]
            tensors.check(tensors.old(bias) if part.form == "norm" else bias, (last,))
        yield part


def _built(sizes: Sizes) -> keras.Model:
    import keras_hub

    rows = {"vocab_size" if sizes.kind == "electra" else "vocabulary_size": sizes.vocabulary}
    more = {"embedding_dim": sizes.embedding} if sizes.kind == "electra" else {}
    if sizes.kind in ("bert", "electra"):
        more["num_segments"] = sizes.segments
    backbone = getattr(keras_hub.models, _BACKBONES[sizes.kind])(
        **rows,
        **more,
        num_layers=sizes.layers,
        num_heads=sizes.heads,
        hidden_dim=sizes.width,
        intermediate_dim=sizes.inner,
        dropout=0.0,
        max_sequence_length=sizes.positions - sizes.offset,
    )
    for layer in backbone.transformer_layers:
        layer._feedforward_intermediate_dense.activation = ACTIVATIONS[sizes.activation]
        layer._self_attention_layer_norm.epsilon = layer._feedforward_layer_norm.epsilon = sizes.epsilon
    last = backbone.layer_norm if sizes.kind == "gpt2" else backbone.embeddings_layer_norm
    last.epsilon = sizes.epsilon
    return backbone


def _fill(backbone: keras.Model, part: Part, tensors: Tensors) -> None:
    if not part.place:
        return
    layer: Any = backbone
    for step in part.place.split("."):
        layer = layer[int(step)] if step.isdecimal() else getattr(layer, step)
    name = f"{part.name}.weight"
    if part.form == "norm":
        layer.gamma.assign(tensors[tensors.old(name)])
        layer.beta.assign(tensors[tensors.old(f"{part.name}.bias")])
        return
    weight = tensors[name]
    if part.form == "table":
        table = layer.position_embeddings if hasattr(layer, "position_embeddings") else layer.embeddings
        table.assign(weight[len(weight) - table.shape[0] :])
        return
    kernel, bias = weight.T if part.form == "linear" else weight, tensors[f"{part.name}.bias"]
    if part.third is not None:
        kernel, bias = np.split(kernel, 3, 1)[part.third], np.split(bias, 3)[part.third]
    layer.kernel.assign(kernel.reshape(layer.kernel.shape))
    layer.bias.assign(bias.reshape(layer.bias.shape))


def _finish(backbone: Any, sizes: Sizes, tensors: Tensors) -> None:
    """What is no module on both sides: RoBERTa's one row of token types; a pooler that is not always there."""
    if sizes.kind == "roberta" and sizes.segments:
        table = backbone.embeddings.position_embedding.position_embeddings
        table.assign_add(np.broadcast_to(tensors["embeddings.token_type_embeddings.weight"][0], table.shape))
    if sizes.kind not in ("bert", "electra"):
        return
    pooler: Mapping[str, tuple[int, ...]] = {
        "pooler.dense.weight": (sizes.width, sizes.width),
        "pooler.dense.bias": (sizes.width,),
    }
    dense = backbone.pooled_dense
    if not all(name in tensors for name in pooler):
        dense.kernel.assign(np.zeros(dense.kernel.shape, np.float32))
        return
    for name, shape in pooler.items():
        tensors.check(name, shape)
    dense.kernel.assign(tensors["pooler.dense.weight"].T)
    dense.bias.assign(tensors["pooler.dense.bias"])
