"""What `config.json` of a Hugging Face folder says of the sizes of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError
from attnviz.families.hub.foreign import ROBERTA
from attnviz.families.hub.json_file import read_json

#: Names of activations that are understood: exact GELU, its approximation by tanh, and others.
EXACT_GELU = ("gelu", "gelu_python")
TANH_GELU = ("gelu_new", "gelu_fast", "gelu_pytorch_tanh")
ACTIVATIONS = (*EXACT_GELU, *TANH_GELU, "relu", "silu", "swish")

#: Settings that would make it another computation than KerasHub's, and the only value that is understood.
_FIXED: dict[str, Any] = {
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
}

#: What `config.json` calls the sizes: layers, heads, width, inner width, activation.
_BERT_FIELDS = ("num_hidden_layers", "num_attention_heads", "hidden_size", "intermediate_size", "hidden_act")
_FIELDS = {
    "bert": _BERT_FIELDS,
    "electra": _BERT_FIELDS,
    "roberta": _BERT_FIELDS,
    "distilbert": ("n_layers", "n_heads", "dim", "hidden_dim", "activation"),
    "gpt2": ("n_layer", "n_head", "n_embd", "n_inner", "activation_function"),
}


@dataclass(frozen=True)
class Sizes:
    """What `config.json` says of a model; of all that have RoBERTa's network, the kind is `roberta`."""

    kind: str
    vocabulary: int
    layers: int
    heads: int
    width: int
    inner: int
    embedding: int
    positions: int
    segments: int
    offset: int
    activation: str
    epsilon: float
    tied: bool


def activation_of(config: Mapping[str, Any]) -> str:
    """The activation of a GPT-2 whose configuration is sound, by its name in `families.writing.decoder`."""
    named = str(config.get("activation_function") or "gelu_new")
    if named in EXACT_GELU:
        return "gelu"
    return "gelu_tanh" if named in TANH_GELU else {"swish": "silu"}.get(named, named)


def read_sizes(folder: Path) -> Sizes:
    """The sizes in `config.json`, checked.

    Raises:
        ModelError: `hub_unreadable`, `hub_setting`.
    """
    config = read_json(folder, "config.json")
    kind = "roberta" if config["model_type"] in ROBERTA else config["model_type"]

    def wrong(field: str, expected: str) -> ModelError:
        return ModelError(
            "hub_setting", source=folder.name, field=field, received=repr(config.get(field))[:80], expected=expected
        )

    def number(field: str, default: int | None = None, least: int = 1) -> int:
        value = config.get(field)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise wrong(field, f"≥ {least}")
        return value

    for field, only in _FIXED.items():
        if config.get(field, only) not in (only, None):
            raise wrong(field, repr(only))
    layers, heads, width, inner, activation = _FIELDS[kind]
    chosen = config.get(activation, "gelu_new" if kind == "gpt2" else "gelu")
    if not isinstance(chosen, str) or chosen not in ACTIVATIONS:
        raise wrong(activation, ", ".join(ACTIVATIONS))
    field = "layer_norm_epsilon" if kind == "gpt2" else "layer_norm_eps"
    epsilon = config.get(field, 1e-5 if kind == "gpt2" else 1e-12)
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise wrong(field, "0 < ε < 1")
    features = number(width)
    if features % number(heads):
        raise wrong(heads, f"{width} / {heads} = 1, 2, …")
    return Sizes(
        kind,
        vocabulary=number("vocab_size"),
        layers=number(layers),
        heads=number(heads),
        width=features,
        inner=number(inner, 4 * features if kind == "gpt2" else None),
        embedding=number("embedding_size", features) if kind == "electra" else features,
        positions=number("n_positions" if kind == "gpt2" else "max_position_embeddings"),
        segments=number("type_vocab_size", 2, 0) if kind in ("bert", "electra", "roberta") else 0,
        offset=number("pad_token_id", 1, 0) + 1 if kind == "roberta" else 0,
        activation=chosen,
        epsilon=1e-12 if kind == "distilbert" else epsilon,
        tied=config.get("tie_word_embeddings") is not False,
    )
