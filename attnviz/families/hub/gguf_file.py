"""Models in one GGUF file, read with the package `gguf` (an extra): of the Llama kind, with byte-level pieces.

Quantised arrays are computed back to float32. In these files the two numbers of a rotary pair lie beside each other;
here, as in Hugging Face's, half a head apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import ModelError
from attnviz.families.card import ModelCard
from attnviz.families.hub.continuing import HubContinuation
from attnviz.families.hub.foreign import GGUF
from attnviz.families.hub.llama import Names, Part, filled, parts
from attnviz.families.hub.pieces import Pieces, unreadable
from attnviz.families.writing.decoder import Shape

#: Files whose checksums a card must state.
FILES = (GGUF,)

NAMES = Names(
    embedding="token_embd",
    last="output_norm",
    head="output",
    layer="blk.{}.",
    parts={
        "norm": "attn_norm",
        "query": "attn_q",
        "key": "attn_k",
        "value": "attn_v",
        "output": "attn_output",
        "between": "ffn_norm",
        "in": "ffn_gate",
        "gate": "ffn_up",
        "out": "ffn_down",
    },
)

#: `tokenizer.ggml.pre` that are understood.
CUTTERS = ("gpt-2", "smollm")

#: `tokenizer.ggml.token_type` of what stands for no text.
_CONTROL = 3


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> HubContinuation:
    """The model of a folder that `add` made and whose checksums agree.

    Raises:
        ModelError: `gguf_missing`, `hub_unreadable`, `hub_architecture`, `hub_setting`, `hub_tokenizer`,
            `hub_tensor_missing`, `hub_tensor_shape`.
    """
    try:
        import gguf
        import tokenizers  # noqa: F401
    except ImportError as error:
        raise ModelError("gguf_missing", cause=str(error)) from error
    try:
        reader = gguf.GGUFReader(str(folder / GGUF))
        fields = {name: field.contents() for name, field in reader.fields.items()}
    except Exception as error:  # the package checks little
        raise unreadable(folder, GGUF, error) from error
    found = {each.name: each for each in reader.tensors}
    shape, positions = _shape(folder, fields, tied=f"{NAMES.head}.weight" not in found)
    for part in parts(shape, NAMES):  # before anything of the size is made
        here = {"source": folder.name, "file": GGUF, "tensor": part.name}
        if part.name not in found:
            raise ModelError("hub_tensor_missing", **here)
        received = tuple(int(size) for size in found[part.name].shape[::-1])
        if received != part.shape:
            raise ModelError("hub_tensor_shape", **here, received=str(received), expected=str(part.shape))

    def array(part: Part) -> NDArray[np.float32]:
        given = found[part.name]
        try:
            values = np.asarray(gguf.quants.dequantize(given.data, given.tensor_type), np.float32)
        except Exception as error:  # a kind of number the package does not know
            raise unreadable(folder, f"{GGUF}: {part.name}", error) from error
        return apart(values.reshape(part.shape), part.turned)

    tokenizer = Pieces(_tokenizer(folder, fields))
    networks = filled(shape, NAMES, array)
    entries, end = fields["tokenizer.ggml.tokens"], fields.get("tokenizer.ggml.eos_token_id")
    named = entries[end] if isinstance(end, int) and 0 <= end < len(entries) else None
    model = HubContinuation(networks, shape, tokenizer, card, positions, named)
    said, spoken = fields.get("general.license"), fields.get("general.languages")
    model.licence = said[:80] if isinstance(said, str) else ""
    model.languages = tuple(str(each)[:20] for each in spoken) if isinstance(spoken, list) else ()
    return model


def apart(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of queries or keys whose rotary pairs lie beside each other, with the pairs half a head apart."""
    if not heads:
        return rows
    pairs = rows.reshape(heads, -1, 2, *rows.shape[1:])
    return np.swapaxes(pairs, 1, 2).reshape(rows.shape)


def _shape(folder: Path, fields: Mapping[str, Any], tied: bool) -> tuple[Shape, int]:
    kind = fields.get("general.architecture")
    if kind != "llama":
        raise ModelError("hub_architecture", received=str(kind)[:80], expected="llama")

    def number(name: str, default: Any = None, kinds: Any = int) -> Any:
        value = fields.get(f"llama.{name}", default)
        if isinstance(value, bool) or not isinstance(value, kinds) or not 0 < value < 1e12:
            told = {"field": f"llama.{name}", "received": repr(value)[:80], "expected": "> 0"}
            raise ModelError("hub_setting", source=folder.name, **told)
        return value

    scaled = fields.get("llama.rope.scaling.type", "none")
    if scaled != "none":
        told = {"field": "llama.rope.scaling.type", "received": repr(scaled)[:80], "expected": "none"}
        raise ModelError("hub_setting", source=folder.name, **told)
    features, heads = number("embedding_length"), number("attention.head_count")
    head_size = number("attention.key_length", max(features // heads, 1))
    groups, turned = number("attention.head_count_kv", heads), number("rope.dimension_count", head_size)
    if heads % groups or head_size % 2 or turned != head_size:
        told = {"field": "llama.rope.dimension_count", "received": str(turned), "expected": str(head_size)}
        raise ModelError("hub_setting", source=folder.name, **told)
    entries = fields.get("tokenizer.ggml.tokens")
    shape = Shape(
        size=number("vocab_size", len(entries) if isinstance(entries, list) else 0),
        features=features,
        layers=number("block_count"),
        heads=heads,
        groups=groups,
        head_size=head_size,
        hidden=number("feed_forward_length"),
        epsilon=number("attention.layer_norm_rms_epsilon", 1e-5, int | float),
        theta=float(number("rope.freq_base", 10_000.0, int | float)),
        tied=tied,
    )
    return shape, number("context_length", 2048)


def _tokenizer(folder: Path, fields: Mapping[str, Any]) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    def refused(field: str, expected: str) -> ModelError:
        told = {"field": field, "received": repr(fields.get(field))[:80], "expected": expected}
        return ModelError("hub_tokenizer", source=folder.name, **told)

    if fields.get("tokenizer.ggml.model") != "gpt2":
        raise refused("tokenizer.ggml.model", "gpt2")
    cutter = fields.get("tokenizer.ggml.pre", "gpt-2")
    if cutter not in CUTTERS:
        raise refused("tokenizer.ggml.pre", ", ".join(CUTTERS))
    try:
        entries: list[str] = list(fields["tokenizer.ggml.tokens"])
        merges = [tuple(each.split(" ")) for each in fields["tokenizer.ggml.merges"]]
        kinds = fields.get("tokenizer.ggml.token_type", [])
        made = Tokenizer(models.BPE({entry: index for index, entry in enumerate(entries)}, merges))
        special = [entry for entry, kind in zip(entries, kinds, strict=False) if kind == _CONTROL]
        made.add_special_tokens([AddedToken(entry, special=True) for entry in special])
        first = fields.get("tokenizer.ggml.bos_token_id") if fields.get("tokenizer.ggml.add_bos_token") else None
        start = None if first is None else entries[first]
    except Exception as error:  # the package raises bare Exceptions
        raise unreadable(folder, f"{GGUF}: tokenizer.ggml", error) from error
    bytewise = pre_tokenizers.ByteLevel(add_prefix_space=False)
    digits = pre_tokenizers.Digits(individual_digits=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([digits, bytewise]) if cutter == "smollm" else bytewise
    made.decoder = decoders.ByteLevel()
    if start is not None:
        made.post_processor = processors.TemplateProcessing(f"{start} $A", None, [(start, first)])
    return made
