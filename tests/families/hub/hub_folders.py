"""Tiny Hugging Face folders of random weights, and what each architecture computes, in NumPy float64.

Written from the papers and from Hugging Face's names of arrays, with nothing of KerasHub's.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from tests.families.writing.continuation_reference import Computed, Layer, run

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
    raw: dict[str, bytes] = field(default_factory=dict)

    def write(self, path: Path, shards: int = 1) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        (path / "config.json").write_text(json.dumps(self.config), encoding="utf-8")
        if shards == 1:
            save_file(self.arrays, path / "model.safetensors")
        else:
            named = [f"model-{n + 1:05}-of-{shards:05}.safetensors" for n in range(shards)]
            placed = {name: named[n % shards] for n, name in enumerate(sorted(self.arrays))}
            for file in named:
                save_file({name: self.arrays[name] for name in placed if placed[name] == file}, path / file)
            index = {"metadata": {}, "weight_map": placed}
            (path / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
        for name, text in self.files.items():
            (path / name).write_text(text, encoding="utf-8")
        for name, content in self.raw.items():
            (path / name).write_bytes(content)
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
    if kind in LLAMA:
        return llama(kind, **config)
    if kind in SENTENCES:
        return sentences(kind, **config)
    return {"bert": bert, "electra": electra, "roberta": roberta, "distilbert": distilbert, "gpt2": gpt2}[kind](
        **config
    )


LLAMA = ("llama", "mistral", "qwen2", "smollm")


def llama(kind: str = "llama", **given: Any) -> Folder:
    """Of the Llama kind: 6 heads of 4 numbers, 3 of keys and values; Qwen2 has biases and a norm of its own."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    files = byte_vocabulary("<|endoftext|>", merges=("a t", "Ġ c", "Ġc at", "c at"))
    vocabulary = json.loads(files["vocab.json"])
    merges: list[Any] = [tuple(line.split(" ")) for line in files["merges.txt"].splitlines()[1:]]
    cutter = Tokenizer(models.BPE(vocabulary, merges))
    cutter.pre_tokenizer, cutter.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    cutter.add_special_tokens(["<|endoftext|>"])
    config: dict[str, Any] = {
        "model_type": kind,
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": len(vocabulary) + 2,  # more rows than there are entries
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 6,
        "num_key_value_heads": 3,
        "hidden_size": 24,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
        "rms_norm_eps": 1e-5,
        "rope_theta": 500.0,
        "tie_word_embeddings": kind == "smollm",
        **given,
    }
    width, inner, size = config["hidden_size"], config["intermediate_size"], config.get("head_dim", 4)
    queries, keys = (config[f"num_{part}_heads"] * size for part in ("attention", "key_value"))
    make_one = _Maker("model.")
    make_one.table("embed_tokens", config["vocab_size"], width)
    for index in range(config["num_hidden_layers"]):
        stem = f"layers.{index}"
        make_one.scale(f"{stem}.input_layernorm", width)
        biased = kind == "qwen2" or config.get("attention_bias", False)
        for part, into, out in (("q", width, queries), ("k", width, keys), ("v", width, keys)):
            make_one.linear(f"{stem}.self_attn.{part}_proj", into, out, bias=biased)
        make_one.linear(f"{stem}.self_attn.o_proj", queries, width, bias=bool(config.get("attention_bias")))
        make_one.scale(f"{stem}.post_attention_layernorm", width)
        for part, into, out in (("gate", width, inner), ("up", width, inner), ("down", inner, width)):
            make_one.linear(f"{stem}.mlp.{part}_proj", into, out, bias=False)
    make_one.scale("norm", width)
    if not config["tie_word_embeddings"]:
        make_one.linear("lm_head", width, config["vocab_size"], bias=False)
        make_one.arrays["lm_head.weight"] = make_one.arrays.pop("model.lm_head.weight")
    return Folder(config, make_one.arrays, {"tokenizer.json": cutter.to_str()})


def computed(folder: Folder, ids: list[int]) -> Computed:
    """What a folder of the Llama kind computes, in float64."""
    config = folder.config
    w = {name.removeprefix("model."): array.astype(np.float64) for name, array in folder.arrays.items()}
    own = {"query": "q", "key": "k", "value": "v", "output": "o"}
    layers = []
    for index in range(config["num_hidden_layers"]):
        stem = f"layers.{index}"
        biases = {
            part: w[f"{stem}.self_attn.{short}_proj.bias"]
            for part, short in own.items()
            if f"{stem}.self_attn.{short}_proj.bias" in w
        }
        projections = [w[f"{stem}.self_attn.{short}_proj.weight"].T for short in own.values()]
        feeds = [w[f"{stem}.mlp.{part}_proj.weight"].T for part in ("gate", "up", "down")]
        before, between = (w[f"{stem}.{norm}_layernorm.weight"] for norm in ("input", "post_attention"))
        arguments: list[Any] = [before, *projections, between, *feeds, biases]
        layers.append(Layer(*arguments))
    table = w["embed_tokens.weight"]
    return run(
        table[ids],
        layers,
        w["norm.weight"],
        (table if config["tie_word_embeddings"] else w["lm_head.weight"]).T,
        queries=config["num_attention_heads"],
        keys=config["num_key_value_heads"],
        theta=config["rope_theta"],
        epsilon=config["rms_norm_eps"],
    )


def gguf(path: Path, folder: Folder, quantised: bool = False) -> Path:
    """A folder of the Llama kind as one file; with `quantised`, feed-forward kernels in Q8_0 (widths are then 32·n)."""
    import gguf as package

    config, writer = folder.config, package.GGUFWriter(str(path), "llama")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_license("apache-2.0")
    writer.add_languages(["en"])
    cutter = json.loads(folder.files["tokenizer.json"])["model"]
    entries = [*cutter["vocab"], "<|spare-1|>", "<|spare-2|>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(entries)
    writer.add_token_types([3 if entry.startswith("<|") else 1 for entry in entries])
    writer.add_token_merges([" ".join(each) for each in cutter["merges"]])
    writer.add_eos_token_id(0)
    for name, array in folder.arrays.items():
        stem = name.removesuffix(".weight").removeprefix("model.")
        if stem.endswith(("q_proj", "k_proj")):  # the numbers of a pair beside each other
            heads = config["num_attention_heads" if stem.endswith("q_proj") else "num_key_value_heads"]
            array = array.reshape(heads, 2, -1, array.shape[1]).swapaxes(1, 2).reshape(array.shape)
        stem = "output_norm" if stem == "norm" else stem
        for long, short in _GGUF:
            stem = stem.replace(long, short)
        if quantised and "ffn" in stem and array.ndim == 2:
            kind = package.GGMLQuantizationType.Q8_0
            writer.add_tensor(f"{stem}.weight", package.quants.quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(f"{stem}.weight", np.ascontiguousarray(array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


_GGUF = (
    *(("layers.", "blk."), ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k")),
    *(("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"), ("input_layernorm", "attn_norm")),
    *(("post_attention_layernorm", "ffn_norm"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up")),
    *(("mlp.down_proj", "ffn_down"), ("embed_tokens", "token_embd"), ("lm_head", "output")),
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


#: RoBERTa's network under other names, and how many rows stand in front of SentencePiece's own.
SENTENCES = {"xlm-roberta": 1, "camembert": 4}


def sentence_model(**options: Any) -> bytes:
    """A file of SentencePiece that was trained on a few sentences."""
    import sentencepiece

    corpus = ["the cat sat on the mat", "a cat and a car", "日本の猫 と 車", "the cats sat", "ＡＢＣ the café"] * 3
    made = io.BytesIO()
    given = {"vocab_size": 67, "character_coverage": 1.0, "hard_vocab_limit": False, "num_threads": 1, **options}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_writer=made, minloglevel=2, bos_id=1, eos_id=2, unk_id=0, **given
    )
    return made.getvalue()


def sentences(kind: str, **config: Any) -> Folder:
    """XLM-RoBERTa or CamemBERT with nothing but SentencePiece's file."""
    import sentencepiece

    content = sentence_model()
    pieces = sentencepiece.SentencePieceProcessor(model_proto=content)
    own = {"layer_norm_eps": 1e-5, "type_vocab_size": 1, "pad_token_id": PADDING}
    config = _bert_config(kind, len(pieces) + SENTENCES[kind] + 1) | own | config
    return Folder(config, _bert_arrays(config, "roberta."), raw={"sentencepiece.bpe.model": content})


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


def outputs_of(
    folder: Folder, ids: NDArray[np.int32], segments: Any = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Attention weights `[layer, head, token, token]` and the last layer's `[token, feature]`; segments `[token]`."""
    config = folder.config
    own = {"gpt2": "transformer."} | dict.fromkeys(SENTENCES, "roberta.")
    prefix = own.get(config["model_type"], f"{config['model_type']}.")
    arrays = {name.removeprefix(prefix): array.astype(np.float64) for name, array in folder.arrays.items()}
    if config["model_type"] == "gpt2":
        return _gpt2_weights(config, arrays, ids)
    return _encoder_weights(config, arrays, ids, segments)


_BERT = (
    *("attention.self.query", "attention.self.key", "attention.self.value"),
    *("attention.output.dense", "attention.output.LayerNorm"),
    *("intermediate.dense", "output.dense", "output.LayerNorm"),
)
_DISTIL = (
    *("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm"),
    *("ffn.lin1", "ffn.lin2", "output_layer_norm"),
)


def _encoder_weights(config: dict[str, Any], arrays: Arrays, ids: NDArray[np.int32], segments: Any) -> Any:
    distil = config["model_type"] == "distilbert"
    epsilon = 1e-12 if distil else config["layer_norm_eps"]
    heads = config["n_heads" if distil else "num_attention_heads"]
    moved = config["model_type"] in ("roberta", *SENTENCES)
    places = np.arange(len(ids)) + (config["pad_token_id"] + 1 if moved else 0)
    x = arrays["embeddings.word_embeddings.weight"][ids] + arrays["embeddings.position_embeddings.weight"][places]
    if not distil:
        x = x + arrays["embeddings.token_type_embeddings.weight"][segments]

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

    def linear(self, name: str, into: int, out: int, bias: bool = True) -> None:
        self._put(f"{name}.weight", out, into, scale=1.5 / math.sqrt(into))
        if bias:
            self._put(f"{name}.bias", out, scale=0.5)

    def scale(self, name: str, size: int) -> None:
        self._put(f"{name}.weight", size, scale=0.3, middle=1.0)

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
