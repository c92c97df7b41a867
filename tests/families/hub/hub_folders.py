"""Tiny Hugging Face folders of random weights, and what each architecture computes, in NumPy float64.

Written from the papers and from Hugging Face's names of arrays, with nothing of KerasHub's.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

LAYERS, HEADS, WIDTH, INNER, EMBEDDING, POSITIONS = 2, 3, 33, 17, 13, 23
PADDING = 1
WORDS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *("the", "cat", "sat", "##s", "caf", "##e", "cafe", "café", "日", "本", "##本", "Cat", "日本", "mat"),
)
ROBERTA = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
Arrays = dict[str, NDArray[Any]]


@dataclass
class Folder:
    """A folder to be: its configuration, arrays by Hugging Face's names, and further files."""

    config: dict[str, Any]
    arrays: Arrays
    files: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        (path / "config.json").write_text(json.dumps(self.config), encoding="utf-8")
        save_file(self.arrays, path / "model.safetensors")
        for name, text in self.files.items():
            (path / name).write_text(text, encoding="utf-8")
        return path


def letters() -> list[str]:
    """GPT-2's letters for the bytes 0 to 255."""
    plain = {byte: chr(byte) for byte in (*range(33, 127), *range(161, 173), *range(174, 256))}
    others = iter(range(256, 512))
    return [plain.get(byte) or chr(next(others)) for byte in range(256)]


def byte_vocabulary(*first: str, merges: tuple[str, ...] = ()) -> dict[str, str]:
    """`vocab.json` and `merges.txt` with some words in front."""
    words = [*first, *letters(), *(merge.replace(" ", "") for merge in merges)]
    vocabulary = {word: index for index, word in enumerate(words)}
    return {
        "vocab.json": json.dumps(vocabulary, ensure_ascii=False),
        "merges.txt": "\n".join(["#version: 0.2", *merges]) + "\n",
    }


def make(kind: str, **config: Any) -> Folder:
    """A folder of an architecture; `config` goes over what is usual for it."""
    return {"bert": bert, "electra": electra, "roberta": roberta, "distilbert": distilbert, "gpt2": gpt2}[kind](
        **config
    )


def bert(**config: Any) -> Folder:
    config = _bert_config("bert", len(WORDS)) | config
    return Folder(config, _bert_arrays(config, "bert."), {"vocab.txt": "\n".join(WORDS) + "\n"})


def electra(**config: Any) -> Folder:
    config = _bert_config("electra", len(WORDS)) | {"embedding_size": EMBEDDING} | config
    return Folder(config, _bert_arrays(config, "electra."), {"vocab.txt": "\n".join(WORDS) + "\n"})


def roberta(**config: Any) -> Folder:
    files = byte_vocabulary(*ROBERTA, merges=("c a", "ca t"))
    own = {"layer_norm_eps": 1e-5, "type_vocab_size": 1, "pad_token_id": PADDING}
    config = _bert_config("roberta", len(json.loads(files["vocab.json"]))) | own | config
    return Folder(config, _bert_arrays(config, "roberta."), files)


def distilbert(**given: Any) -> Folder:
    config: dict[str, Any] = {
        "model_type": "distilbert",
        "vocab_size": len(WORDS),
        "n_layers": LAYERS,
        "n_heads": HEADS,
        "dim": WIDTH,
        "hidden_dim": INNER,
        "max_position_embeddings": POSITIONS,
        "activation": "gelu",
        "sinusoidal_pos_embds": True,
        **given,
    }
    make_one = _Maker("distilbert.")
    make_one.table("embeddings.word_embeddings", config["vocab_size"], WIDTH)
    angle = np.arange(POSITIONS)[:, None] / 10000 ** (2 * (np.arange(WIDTH) // 2) / WIDTH)
    waves = np.where(np.arange(WIDTH) % 2, np.cos(angle), np.sin(angle))
    make_one.arrays["distilbert.embeddings.position_embeddings.weight"] = waves.astype(np.float32)
    make_one.norm("embeddings.LayerNorm", WIDTH)
    for index in range(config["n_layers"]):
        stem = f"transformer.layer.{index}"
        for part in ("q_lin", "k_lin", "v_lin", "out_lin"):
            make_one.linear(f"{stem}.attention.{part}", WIDTH, WIDTH)
        make_one.norm(f"{stem}.sa_layer_norm", WIDTH)
        make_one.linear(f"{stem}.ffn.lin1", WIDTH, INNER)
        make_one.linear(f"{stem}.ffn.lin2", INNER, WIDTH)
        make_one.norm(f"{stem}.output_layer_norm", WIDTH)
    return Folder(config, make_one.arrays, {"vocab.txt": "\n".join(WORDS) + "\n"})


def gpt2(**given: Any) -> Folder:
    files = byte_vocabulary("<|endoftext|>", merges=("c a", "ca t"))
    config: dict[str, Any] = {
        "model_type": "gpt2",
        "vocab_size": len(json.loads(files["vocab.json"])),
        "n_layer": LAYERS,
        "n_head": HEADS,
        "n_embd": WIDTH,
        "n_inner": INNER,
        "n_positions": POSITIONS,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "resid_pdrop": 0.1,
        **given,
    }
    inner = config["n_inner"] or 4 * WIDTH
    make_one = _Maker("transformer.")
    make_one.table("wte", config["vocab_size"], WIDTH)
    make_one.table("wpe", POSITIONS, WIDTH)
    for index in range(config["n_layer"]):
        make_one.norm(f"h.{index}.ln_1", WIDTH)
        make_one.conv1d(f"h.{index}.attn.c_attn", WIDTH, 3 * WIDTH)
        make_one.conv1d(f"h.{index}.attn.c_proj", WIDTH, WIDTH)
        make_one.norm(f"h.{index}.ln_2", WIDTH)
        make_one.conv1d(f"h.{index}.mlp.c_fc", WIDTH, inner)
        make_one.conv1d(f"h.{index}.mlp.c_proj", inner, WIDTH)
    make_one.norm("ln_f", WIDTH)
    return Folder(config, make_one.arrays, files)


def weights_of(folder: Folder, ids: NDArray[np.int32]) -> NDArray[np.float64]:
    """Attention weights `[layer, head, token, token]` of a folder's model for ids `[token]`."""
    return outputs_of(folder, ids)[0]


def outputs_of(folder: Folder, ids: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Attention weights `[layer, head, token, token]` and the last layer's `[token, feature]`."""
    config = folder.config
    prefix = {"gpt2": "transformer."}.get(config["model_type"], f"{config['model_type']}.")
    arrays = {name.removeprefix(prefix): array.astype(np.float64) for name, array in folder.arrays.items()}
    if config["model_type"] == "gpt2":
        return _gpt2_weights(config, arrays, ids)
    return _encoder_weights(config, arrays, ids)


_BERT = (
    *("attention.self.query", "attention.self.key", "attention.self.value"),
    *("attention.output.dense", "attention.output.LayerNorm"),
    *("intermediate.dense", "output.dense", "output.LayerNorm"),
)
_DISTIL = (
    *("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm"),
    *("ffn.lin1", "ffn.lin2", "output_layer_norm"),
)


def _encoder_weights(config: dict[str, Any], arrays: Arrays, ids: NDArray[np.int32]) -> Any:
    distil = config["model_type"] == "distilbert"
    epsilon = 1e-12 if distil else config["layer_norm_eps"]
    heads = config["n_heads" if distil else "num_attention_heads"]
    places = np.arange(len(ids)) + (config["pad_token_id"] + 1 if config["model_type"] == "roberta" else 0)
    x = arrays["embeddings.word_embeddings.weight"][ids] + arrays["embeddings.position_embeddings.weight"][places]
    if not distil:
        x = x + arrays["embeddings.token_type_embeddings.weight"][0]

    def linear(x: Any, name: str) -> Any:
        return x @ arrays[f"{name}.weight"].T + arrays[f"{name}.bias"]

    x = _norm(x, arrays, "embeddings.LayerNorm", epsilon)
    if "embeddings_project.weight" in arrays:
        x = linear(x, "embeddings_project")
    found = []
    for index in range(config["n_layers" if distil else "num_hidden_layers"]):
        stem = f"transformer.layer.{index}" if distil else f"encoder.layer.{index}"
        names = _DISTIL if distil else _BERT
        q, k, v, out, norm, first, second, end = (f"{stem}.{name}" for name in names)
        weights, context = _attention(linear(x, q), linear(x, k), linear(x, v), heads)
        found.append(weights)
        x = _norm(x + linear(context, out), arrays, norm, epsilon)
        inner = _activation(config["activation" if distil else "hidden_act"], linear(x, first))
        x = _norm(x + linear(inner, second), arrays, end, epsilon)
    return np.stack(found), x


def _gpt2_weights(config: dict[str, Any], arrays: Arrays, ids: NDArray[np.int32]) -> Any:
    def conv1d(x: Any, name: str) -> Any:
        return x @ arrays[f"{name}.weight"] + arrays[f"{name}.bias"]

    epsilon = config["layer_norm_epsilon"]
    x = arrays["wte.weight"][ids] + arrays["wpe.weight"][: len(ids)]
    found = []
    for index in range(config["n_layer"]):
        normed = _norm(x, arrays, f"h.{index}.ln_1", epsilon)
        q, k, v = np.split(conv1d(normed, f"h.{index}.attn.c_attn"), 3, axis=-1)
        weights, context = _attention(q, k, v, config["n_head"], causal=True)
        found.append(weights)
        x = x + conv1d(context, f"h.{index}.attn.c_proj")
        inner = conv1d(_norm(x, arrays, f"h.{index}.ln_2", epsilon), f"h.{index}.mlp.c_fc")
        x = x + conv1d(_activation(config["activation_function"], inner), f"h.{index}.mlp.c_proj")
    return np.stack(found), _norm(x, arrays, "ln_f", epsilon)


def _attention(q: Any, k: Any, v: Any, heads: int, causal: bool = False) -> Any:
    q, k, v = (each.reshape(len(each), heads, -1).transpose(1, 0, 2) for each in (q, k, v))
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    context = (weights @ v).transpose(1, 0, 2)
    return weights, context.reshape(len(context), -1)


def _norm(x: Any, arrays: Arrays, name: str, epsilon: float) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
    return scaled * arrays[f"{name}.weight"] + arrays[f"{name}.bias"]


def _activation(name: str, x: Any) -> Any:
    if name == "relu":
        return np.maximum(x, 0)
    if name == "gelu":
        return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2
    assert name == "gelu_new"
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


class _Maker:
    """Random arrays under the names of Hugging Face, wide enough that every part of the model matters."""

    def __init__(self, prefix: str) -> None:
        self.arrays: Arrays = {}
        self._prefix, self._random = prefix, np.random.default_rng(29)

    def _put(self, name: str, *shape: int, scale: float = 1.0, middle: float = 0.0) -> None:
        drawn = middle + scale * self._random.standard_normal(shape)
        self.arrays[self._prefix + name] = drawn.astype(np.float32)

    def table(self, name: str, *shape: int) -> None:
        self._put(f"{name}.weight", *shape)

    def linear(self, name: str, into: int, out: int) -> None:
        self._put(f"{name}.weight", out, into, scale=1.5 / math.sqrt(into))
        self._put(f"{name}.bias", out, scale=0.5)

    def conv1d(self, name: str, into: int, out: int) -> None:
        self._put(f"{name}.weight", into, out, scale=1.5 / math.sqrt(into))
        self._put(f"{name}.bias", out, scale=0.5)

    def norm(self, name: str, size: int) -> None:
        self._put(f"{name}.weight", size, scale=0.3, middle=1.0)
        self._put(f"{name}.bias", size, scale=0.3)


def _bert_config(kind: str, words: int) -> dict[str, Any]:
    return {
        "model_type": kind,
        "vocab_size": words,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 5,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.1,
    }


def _bert_arrays(config: dict[str, Any], prefix: str) -> Arrays:
    make_one, width = _Maker(prefix), config["hidden_size"]
    embedding = config.get("embedding_size", width)
    make_one.table("embeddings.word_embeddings", config["vocab_size"], embedding)
    make_one.table("embeddings.position_embeddings", config["max_position_embeddings"], embedding)
    make_one.table("embeddings.token_type_embeddings", config["type_vocab_size"], embedding)
    make_one.norm("embeddings.LayerNorm", embedding)
    if embedding != width:
        make_one.linear("embeddings_project", embedding, width)
    for index in range(config["num_hidden_layers"]):
        stem = f"encoder.layer.{index}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            make_one.linear(f"{stem}.attention.{part}", width, width)
        make_one.norm(f"{stem}.attention.output.LayerNorm", width)
        make_one.linear(f"{stem}.intermediate.dense", width, config["intermediate_size"])
        make_one.linear(f"{stem}.output.dense", config["intermediate_size"], width)
        make_one.norm(f"{stem}.output.LayerNorm", width)
    return make_one.arrays
