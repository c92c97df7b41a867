"""Taking a Hugging Face folder into the user's models. Imports nothing heavy and runs nothing of the folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError
from attnviz.families.card import sealed
from attnviz.families.hub import sentence_model
from attnviz.families.hub.json_file import read_json
from attnviz.families.hub.weight_files import INDEX, WEIGHTS, check_weights, shards

#: What makes a folder one of a change to another model.
ADAPTER = "adapter_config.json"

#: What the one file of a model in GGUF is called in its folder.
GGUF = "model.gguf"

#: Hugging Face's `model_type` that are understood, and KerasHub's own names.
MODEL_TYPES = (
    *("bert", "distilbert", "roberta", "xlm-roberta", "camembert", "electra", "gpt2"),
    *("llama", "mistral", "qwen2", "smollm"),
)
#: Of these, RoBERTa's network, and those of them whose text SentencePiece cuts.
ROBERTA = ("roberta", "xlm-roberta", "camembert")
SENTENCE_PIECE = ("xlm-roberta", "camembert")
#: Of these, those of the Llama kind.
LLAMA = ("llama", "mistral", "qwen2", "smollm")
BACKBONES = ("BertBackbone", "DistilBertBackbone", "ElectraBackbone", "RobertaBackbone", "GPT2Backbone")

#: Those whose tokens look at what stands before them.
CAUSAL = (*LLAMA, "gpt2", "GPT2Backbone")

#: Heads of a fine-tuned model that are not read; what one is trained with from the start is no loss.
UNREAD = ("ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice")

#: What is copied beside the weights; nothing else of a folder is needed.
TAKEN = (
    "config.json",
    INDEX,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "README.md",
)

#: What is copied of a folder with a Keras model.
TAKEN_OF_OWN = ("model.keras", "vocabulary.txt", "tokenizer.json", "README.md")


#: How a folder begins that is being put together, with the number of its process.
ADDING = ".adding-"

#: Seconds after which such a folder is left over, whoever made it.
_A_DAY = 86_400.0


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A place beside a folder to be; what was left over by processes that were killed goes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f"{ADDING}*"):
        if left.is_dir() and not left.is_symlink() and _is_left_over(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{ADDING}{os.getpid()}-", dir=target.parent) as place:
        yield Path(place)


def _is_left_over(folder: Path) -> bool:
    process = folder.name.removeprefix(ADDING).partition("-")[0]
    try:
        old = time.time() - folder.stat().st_mtime > _A_DAY
        if old or not process.isdigit() or os.name == "nt":  # where asking for a process would end it
            return old
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def copy(source: Path, target: Path, sha256: str | None, limit: int) -> Path:
    """Check, copy beside the target, then move there in one step.

    Args:
        source: A Hugging Face folder: a download, a snapshot in its cache, a clone. Nothing but `TAKEN` is copied.
        target: The model folder to be.
        sha256: What the SHA-256 of the weights must be, of several files with commas between in the order of their
            names; None accepts any.
        limit: Largest file, in bytes.

    Raises:
        ModelError: As `attnviz.zoo.add` says.
    """
    taken = (*TAKEN, *shards(source))
    for name in taken:
        path = source / name
        if path.is_symlink() and not _within(path, source):
            raise ModelError("add_link", file=name)
        if path.is_file() and _is_program(path):
            raise ModelError("add_executable", file=name)
    card = describe(source, target.name)
    check_weights(source, TAKEN)
    try:
        with _beside(target) as place:
            made = place / "model"
            made.mkdir()
            card["files"] = {name: _taken(source / name, made, limit) for name in taken if (source / name).is_file()}
            weights = shards(source)
            found = ",".join(card["files"][name]["sha256"] for name in weights)
            if sha256 is not None and found != sha256.replace(" ", "").lower():
                raise ModelError("add_checksum", file=", ".join(weights), received=found, expected=sha256[:80])
            readme = made / "README.md"
            licence = _licence(readme.read_text(encoding="utf-8", errors="replace")) if readme.is_file() else ""
            card["licence"] = licence or "not stated"
            card["data"] = [{"name": source.name, "source": f"{', '.join(weights)} sha256:{found}", "licence": licence}]
            _write_card(made, card)
            os.rename(made, target)
    except OSError as error:
        raise ModelError("add_failed", folder=target.name, cause=str(error)) from error
    return target


def gguf_of(source: Path) -> Path | None:
    """The one GGUF file that a path is or a folder has; None where there is none, or several, or another model."""
    if source.is_file():
        return source if source.suffix.lower() == ".gguf" else None
    found = sorted(source.glob("*.gguf")) if source.is_dir() else []
    return found[0] if len(found) == 1 and not any((source / name).exists() for name in (WEIGHTS, INDEX)) else None


def copy_gguf(file: Path, target: Path, sha256: str | None, limit: int, opened: Callable[[Path], Any]) -> Path:
    """As `copy`, for one file in GGUF, which is opened before it is taken.

    Args:
        file: The file.
        target, sha256, limit: As in `copy`.
        opened: Loads a model folder, or says what is wrong with it.

    Raises:
        ModelError: As `attnviz.zoo.add` says, and whatever is wrong with the model.
    """
    if file.is_symlink() and not _within(file, file.parent):
        raise ModelError("add_link", file=file.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=target.parent) as place:
            made = Path(place) / target.name
            made.mkdir()
            taken = _taken(file, made, limit)
            os.rename(made / file.name, made / GGUF)
            if sha256 is not None and taken["sha256"] != sha256.strip().lower():
                raise ModelError("add_checksum", file=file.name, received=taken["sha256"], expected=sha256[:80])
            card = {
                "format": 1,
                "name": target.name,
                "family": "gguf",
                "task": "continuation",
                "writes": "continuation",
                "title": {"en": target.name},
                "kinds": ["causal"],
                "labels": [],
                "files": {GGUF: taken},
                "config": {},
                "tokenizer": {},
                "licence": "not stated",
                "data": [{"name": file.name, "source": f"{file.name} sha256:{taken['sha256']}", "licence": ""}],
            }
            _write_card(made, card)
            model = opened(made)
            card["config"] = {"model_type": "llama", "max_length": model.longest}
            card["licence"] = card["data"][0]["licence"] = model.licence or "not stated"  # type: ignore[index]
            card["languages"] = list(model.languages)
            _write_card(made, card)
            os.rename(made, target)
    except OSError as error:
        raise ModelError("add_failed", folder=target.name, cause=str(error)) from error
    return target


def copy_own(
    source: Path, target: Path, card: dict[str, Any], sha256: str | None, limit: int, opened: Callable[[Path], Any]
) -> Path:
    """As `copy`, for a folder with `model.keras`: it is opened before it is taken.

    Args:
        source, target, sha256, limit: As in `copy`.
        card: The folder's card, whose checksums are computed anew.
        opened: Loads a model folder, or says what is wrong with it.

    Raises:
        ModelError: As `attnviz.zoo.add` says, and whatever is wrong with the model.
    """
    try:
        with _beside(target) as place:
            made = place / target.name
            made.mkdir()
            files = {}
            for path in sorted(source.iterdir()):
                if path.is_symlink():
                    raise ModelError("add_link", file=path.name)
                if path.name in TAKEN_OF_OWN and path.is_file():
                    files[path.name] = _taken(path, made, limit)
            found = files["model.keras"]["sha256"]
            if sha256 is not None and found != sha256.strip().lower():
                raise ModelError("add_checksum", file="model.keras", received=found, expected=sha256[:80])
            card = {**card, "name": target.name, "files": files}
            _write_card(made, card)
            _write_card(made, {**card, "kinds": list(opened(made).card.kinds)})
            os.rename(made, target)
    except OSError as error:
        raise ModelError("add_failed", folder=target.name, cause=str(error)) from error
    return target


def _write_card(folder: Path, card: dict[str, Any]) -> None:
    text = json.dumps(sealed(card), ensure_ascii=False, indent=1)
    (folder / "card.json").write_text(text + "\n", encoding="utf-8")


def _taken(path: Path, folder: Path, limit: int) -> dict[str, Any]:
    size = path.stat().st_size
    if size > limit:
        raise ModelError("file_size", folder=folder.name, file=path.name, received=size, expected=f"≤ {limit}")
    shutil.copyfile(path, folder / path.name)
    with (folder / path.name).open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"bytes": size, "sha256": digest}


def _within(link: Path, folder: Path) -> bool:
    """Whether a link leads to a file beside the folder, as Hugging Face's cache keeps a snapshot as links to blobs."""
    here = folder.resolve()
    home = here.parent.parent if here.parent.name == "snapshots" else here.parent
    target = link.resolve()
    return target.is_file() and home in target.parents


def _is_program(path: Path) -> bool:
    with path.open("rb") as content:
        start = content.read(4)
    return start.startswith((b"#!", b"MZ", b"\x7fELF", b"PK\x03\x04", b"\x1f\x8b"))


def _licence(readme: str) -> str:
    """What the head of a Hugging Face README says."""
    found = re.search(r"^license:\s*([\w.+-]+)\s*$", readme[:5000], re.M)
    return found[1] if found else ""


def describe(folder: Path, name: str) -> dict[str, Any]:
    """What the folder's own configuration says, in the form of a card.

    Raises:
        ModelError: As `kind_of`.
    """
    kind, config = kind_of(folder), read_json(folder, "config.json")
    sentence = sentence_model.described(folder)
    pooling = sentence.get("pooling")
    labels = labels_of(folder, config) if kind in MODEL_TYPES else ()
    goes_on = not pooling and not labels and continues(kind, config)
    task = "continuation" if goes_on else "filling" if fills(kind, config) else ""
    own = config["config"] if kind in BACKBONES and isinstance(config.get("config"), dict) else {}
    length = own.get("max_sequence_length") or config.get("max_position_embeddings") or config.get("n_positions")
    if not isinstance(length, int):
        length = None
    elif kind in ROBERTA:  # its first positions stand for padding
        length -= 1 + (config["pad_token_id"] if isinstance(config.get("pad_token_id"), int) else 1)
    return {
        "format": 1,
        "name": name,
        "family": "hub",
        "task": "embedding" if pooling else "classification" if labels else task,
        "writes": "continuation" if goes_on else "",
        "title": {"en": name},
        "kinds": ["causal" if kind in CAUSAL else "self"],
        "labels": list(labels),
        "files": {},
        "config": {"model_type": kind, "max_length": length, **sentence},
        "tokenizer": {},
    }


def continues(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether a folder's model writes what comes next: it looks back only, and has no other head."""
    return kind in CAUSAL and head_of(config) in ("", "ForCausalLM")


def fills(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether a folder's model says what stands in the place of a mask."""
    return head_of(config) == "ForMaskedLM" or (kind, head_of(config)) == ("bert", "ForPreTraining")


def head_of(config: Mapping[str, Any]) -> str:
    """What stands on top of the body, as `config.json` names it: `ForSequenceClassification`; empty if nothing does."""
    named = config.get("architectures")
    first = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""
    return first[first.index("For") :] if "For" in first else ""


def labels_of(folder: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the classes of a fine-tuned classifier of whole texts, one of which is right; empty for anything else.

    Raises:
        ModelError: `hub_setting`: `id2label` is not a name for each number.
    """
    several = config.get("problem_type") in ("multi_label_classification", "regression")
    if head_of(config) != "ForSequenceClassification" or several:
        return ()
    named = config.get("id2label", {"0": "LABEL_0", "1": "LABEL_1"})
    wanted = [str(place) for place in range(len(named))] if isinstance(named, dict) else []
    if not wanted or sorted(named) != sorted(wanted) or len(set(map(str, named.values()))) < len(named):
        where = {"source": folder.name, "field": "id2label", "received": repr(named)[:80]}
        raise ModelError("hub_setting", **where, expected='{"0": "…", "1": "…"}')
    return tuple(str(named[place]) for place in wanted) if len(named) > 1 else ()


def kind_of(folder: Path) -> str:
    """Of `MODEL_TYPES` for a Hugging Face folder, of `BACKBONES` for a KerasHub preset.

    Raises:
        ModelError: `hub_adapter`, `hub_file_missing`, `hub_unreadable`, `hub_architecture`.
    """
    if not (folder / "config.json").is_file() and (folder / ADAPTER).is_file():
        raise ModelError("hub_adapter", source=folder.name)
    if not (folder / "config.json").is_file():
        raise ModelError("hub_file_missing", source=folder.name, file="config.json")
    config = read_json(folder, "config.json")
    kind = config.get("model_type") or str(config.get("registered_name", "")).rpartition(">")[2]
    if kind not in (*MODEL_TYPES, *BACKBONES):
        raise ModelError("hub_architecture", received=str(kind)[:80], expected=", ".join(MODEL_TYPES))
    return str(kind)
