"""Pretrained Transformers: Hugging Face folders and KerasHub presets, through KerasHub (an extra)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError
from attnviz.families.card import ModelCard
from attnviz.families.hub import pieces
from attnviz.families.hub.body import HubModel
from attnviz.families.hub.classifying import HubClassifier
from attnviz.families.hub.configuration import activation_of
from attnviz.families.hub.continuing import HubContinuation
from attnviz.families.hub.filling import HubFilling
from attnviz.families.hub.foreign import (
    BACKBONES,
    LLAMA,
    TAKEN,
    UNREAD,
    describe,
    fills,
    head_of,
    kind_of,
)
from attnviz.families.hub.json_file import read_json
from attnviz.families.hub.weight_files import WEIGHTS, check_weights, shards
from attnviz.families.model import Model
from attnviz.trace import Notice

#: Files whose checksums a card must state, beside those of the weights.
FILES = ("config.json",)


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> Model:
    """The model of a folder that `add` made and whose checksums agree.

    Raises:
        ModelError: `card_field`: the card lists no checksum of a file of weights; what `from_folder` says.
    """
    for name in shards(folder) if kind_of(folder) not in BACKBONES else (WEIGHTS,):
        if name not in card.details["files"]:
            raise ModelError("card_field", folder=folder.name, field=f"files.{name}", expected="sha256, bytes")
    return _open(folder, card)


def from_folder(folder: Path) -> Model:
    """The model of a local Hugging Face folder (or a KerasHub preset saved to one), as it lies there.

    Raises:
        ModelError: `hub_missing`, `hub_architecture`, `hub_vocabulary`, and what `checkpoint` and `pieces` say.
    """
    return _open(folder, ModelCard.from_dict(describe(folder, folder.name)))


def from_preset(name: str) -> Model:
    """A KerasHub preset by name; KerasHub fetches it if it is not in its cache.

    Raises:
        ModelError: `hub_missing`, `hub_architecture`, `hub_unreadable`.
    """
    return _from_keras_hub(_hub(), name, ModelCard(name, family="hub"))


def _head_named(config: Mapping[str, Any]) -> str:
    """The head of a model, with what it is for where another of its name is read."""
    problem = config.get("problem_type")
    more = f" ({problem})" if problem in ("multi_label_classification", "regression") else ""
    return f"{config['architectures'][0]}{more}"


def _open(folder: Path, card: ModelCard) -> Model:
    hub, kind = _hub(), kind_of(folder)
    if kind in BACKBONES:
        for name in ("config.json", "tokenizer.json"):
            _only_keras(folder, name, read_json(folder, name))
        return _from_keras_hub(hub, str(folder.resolve()), card)
    from attnviz.families.hub import checkpoint, llama

    config = read_json(folder, "config.json")
    goes_on = card.writes == "continuation"
    if kind in LLAMA and not goes_on:
        other = head_of(config) or "1_Pooling"
        raise ModelError("hub_architecture", received=f"{kind} {other}"[:80], expected=f"{kind}ForCausalLM")
    check_weights(folder, TAKEN)
    if kind in LLAMA:
        tokenizer = pieces.from_folder(folder, kind)
        networks, shape, positions = llama.from_folder(folder)
        return HubContinuation(networks, shape, tokenizer, card, positions, _end(folder))
    tokenizer = pieces.from_folder(folder, kind)
    wanted = fills(kind, config) and not card.details.get("config", {}).get("pooling")
    built = checkpoint.backbone_of(folder, len(card.labels), wanted)
    if goes_on:
        networks, shape = llama.of_gpt2(built.backbone, activation_of(config))
        return HubContinuation(networks, shape, tokenizer, card, shape.positions, _end(folder))
    if built.network is not None:
        missing = config["model_type"] == "bert" and not built.pooled
        told = (Notice("pooler_missing"),) if missing else ()
        return HubClassifier(built.backbone, built.network, tokenizer, card, told)
    if built.head is not None:
        return HubFilling(built.backbone, built.head, tokenizer, card)
    left = "head_left_out" if head_of(config) in UNREAD else "head_missing" if wanted else ""
    told = (Notice(left, {"head": _head_named(config)}),) if left else ()
    return HubModel(built.backbone, tokenizer, card, told)


def _end(folder: Path) -> str | None:
    """The token that ends a text, as the folder names it."""
    settings = read_json(folder, "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    named = settings.get("eos_token")
    named = named.get("content") if isinstance(named, dict) else named
    return named if isinstance(named, str) else None


def _from_keras_hub(hub: Any, source: str, card: ModelCard) -> Model:
    try:
        backbone = hub.models.Backbone.from_preset(source)
        kind = type(backbone).__name__
        if kind not in BACKBONES:
            raise ModelError("hub_architecture", received=kind, expected=", ".join(BACKBONES))
        tokenizer = pieces.from_keras_hub(hub.models.Tokenizer.from_preset(source))
        if kind == "GPT2Backbone":
            from attnviz.families.hub import llama

            networks, shape = llama.of_gpt2(backbone, "gelu_tanh")
            card = replace(card, writes="continuation", kinds=("causal",))
            return HubContinuation(networks, shape, tokenizer, card, shape.positions)
        return HubModel(backbone, tokenizer, card)
    except ModelError:
        raise
    except Exception as error:  # whatever KerasHub says of a file that is not sound or not there
        if not Path(source).exists() and _offline(error):
            raise ModelError("hub_no_network", source=source[:80], cause=type(error).__name__) from error
        raise pieces.unreadable(Path(source), "", error) from error


def _offline(error: BaseException | None) -> bool:
    """Whether an error is that of a network that is not there."""
    while error is not None:
        said = f"{type(error).__name__} {error}"
        if re.search(r"Connection|Max retries|resolve|Network|getaddrinfo|URLError|ProxyError|Timeout", said):
            return True
        error = error.__cause__ or error.__context__
    return False


def _only_keras(folder: Path, file: str, value: Any) -> None:
    """Refuse a configuration that asks for a class from anywhere else than Keras and KerasHub."""
    if isinstance(value, dict):
        module = value.get("module", "keras")
        if not isinstance(module, str) or module.split(".")[0] not in ("keras", "keras_hub"):
            raise ModelError("hub_unreadable", source=folder.name, cause=f"{file}: module {module!r}"[:200])
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _only_keras(folder, file, each)


def _hub() -> Any:
    try:
        import keras_hub
        import safetensors  # noqa: F401
        import tokenizers  # noqa: F401
    except ImportError as error:
        raise ModelError("hub_missing", cause=str(error)) from error
    return keras_hub
