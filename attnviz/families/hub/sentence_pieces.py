"""The file of SentencePiece that XLM-RoBERTa and CamemBERT come with, as a Unigram tokenizer of `tokenizers`.

Source: Kudo and Richardson 2018, "SentencePiece". Which row of the embedding a piece has is fairseq's doing: it puts
tokens of its own in front, and the mask behind.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError

FILE = "sentencepiece.bpe.model"

#: How SentencePiece writes a blank.
BLANK = "▁"

#: Rows in front of the pieces, by architecture, and how many of the pieces, which begin with `_FIRST`, are left out.
_FRONT = {
    "xlm-roberta": ("<s>", "<pad>", "</s>", "<unk>"),
    "camembert": ("<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"),
}
_LEFT_OUT = {"xlm-roberta": 3, "camembert": 1}
_FIRST = ("<unk>", "<s>", "</s>")

#: Names of special tokens, which all such models share.
_NAMES = dict(cls_token="<s>", sep_token="</s>", unk_token="<unk>", pad_token="<pad>", mask_token="<mask>")

_UNIGRAM, _NORMAL = 1, 1


def read(folder: Path, settings: Mapping[str, Any], model_type: str) -> Any:
    """The tokenizer of a folder, special tokens included.

    Args:
        folder: With the file.
        settings: Of the folder; they may say nothing that is not so.
        model_type: `xlm-roberta` or `camembert`.

    Raises:
        ModelError: `hub_missing`; `hub_tokenizer`: the file or a setting asks for what is not done here.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    content = _content(folder)
    for field, value, expected in _asked(content, settings):
        if value != expected:
            told = {"field": field, "received": repr(value)[:80], "expected": repr(expected)}
            raise ModelError("hub_tokenizer", source=folder.name, **told)
    lowest = min(piece.score for piece in content.pieces)
    pieces = [(piece.piece, piece.score) for piece in content.pieces[_LEFT_OUT[model_type] :]]
    rows = [*((name, lowest) for name in _FRONT[model_type]), *pieces, (_NAMES["mask_token"], lowest)]
    made = Tokenizer(models.Unigram(rows, _FRONT[model_type].index("<unk>"), False))
    made.normalizer = normalizers.Sequence(
        [
            *_mapped(content.normalizer_spec.precompiled_charsmap),
            normalizers.Strip(left=False, right=True),
            normalizers.Replace(Regex(" {2,}"), BLANK),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    made.decoder = decoders.Metaspace(prepend_scheme="always")
    first, last = _NAMES["cls_token"], _NAMES["sep_token"]
    places = {name: made.token_to_id(name) or 0 for name in (first, last)}
    around = processors.RobertaProcessing((last, places[last]), (first, places[first]), trim_offsets=False)
    made.post_processor = around
    names = [AddedToken(name, lstrip=name == _NAMES["mask_token"]) for name in dict.fromkeys(_NAMES.values())]
    made.add_special_tokens(names)
    _agrees(made, settings, folder)
    return made


def _content(folder: Path) -> Any:
    """The file, read as data."""
    try:
        messages = importlib.import_module("sentencepiece.sentencepiece_model_pb2")
    except ImportError as error:
        raise ModelError("hub_missing", cause=str(error)) from error
    content = messages.ModelProto()
    content.ParseFromString((folder / FILE).read_bytes())
    return content


def _asked(content: Any, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """What the file and the settings ask for: the name, the value, and the only one that is done here."""
    trained, normal = content.trainer_spec, content.normalizer_spec
    yield f"{FILE}: model_type", trained.model_type, _UNIGRAM
    yield f"{FILE}: byte_fallback", trained.byte_fallback, False
    yield f"{FILE}: treat_whitespace_as_suffix", trained.treat_whitespace_as_suffix, False
    for field in ("add_dummy_prefix", "remove_extra_whitespaces", "escape_whitespaces"):
        yield f"{FILE}: {field}", getattr(normal, field), True
    yield f"{FILE}: pieces", tuple(each.piece for each in content.pieces[:3]), _FIRST
    # What is no plain piece would be cut out of the text before all else, or never.
    yield f"{FILE}: {next((p.piece for p in content.pieces[3:] if p.type != _NORMAL), '')}", _plain(content), True
    for field, name in _NAMES.items():
        yield field, settings.get(field, name), name


def _plain(content: Any) -> bool:
    return all(each.type == _NORMAL for each in content.pieces[3:])


def _mapped(characters: bytes) -> list[Any]:
    """What the file puts in the place of characters; nothing where it leaves them as they are."""
    from tokenizers import normalizers

    return [normalizers.Precompiled(characters)] if characters else []


def _agrees(made: Any, settings: Mapping[str, Any], folder: Path) -> None:
    """See that added tokens of the settings stand where they say."""
    added = settings.get("added_tokens_decoder") or {}
    for number, each in added.items() if isinstance(added, Mapping) else ():
        name = each.get("content") if isinstance(each, Mapping) else each
        if not isinstance(name, str) or str(made.token_to_id(name)) != str(number):
            told = {"field": "added_tokens_decoder", "received": f"{number}: {name!r}"[:80]}
            raise ModelError("hub_tokenizer", source=folder.name, **told, expected=f"{name!r}"[:80])
