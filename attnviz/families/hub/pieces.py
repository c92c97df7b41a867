"""The tokenizer of a pretrained model: read with the settings of its folder, its pieces shown as readable text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError
from attnviz.families.common import tokenizer_file
from attnviz.families.hub import japanese, sentence_pieces
from attnviz.families.hub.foreign import LLAMA, SENTENCE_PIECE
from attnviz.families.hub.honoured import check_every_setting, check_settings
from attnviz.families.hub.json_file import read_json
from attnviz.families.hub.spelling import BLANK, BYTES, SIGNS, bytes_of, readable, spelled
from attnviz.trace import TokenAxis

_WORD_PIECE_NAMES = dict(
    unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", mask_token="[MASK]"
)
_ROBERTA_NAMES = dict(cls_token="<s>", sep_token="</s>", unk_token="<unk>", pad_token="<pad>", mask_token="<mask>")
_GPT2_NAMES = dict(unk_token="<|endoftext|>", bos_token="<|endoftext|>", eos_token="<|endoftext|>")


@dataclass(frozen=True)
class Cut:
    """A text in pieces.

    Attributes:
        text: The text, up to the last piece there was room for.
        ids: One for each piece, special tokens included.
        axis: The pieces as shown; of two sentences, with segments.
        total: How many there would be without a limit.
    """

    text: str
    ids: list[int]
    axis: TokenAxis
    total: int


class Pieces:
    """Cuts a text as a pretrained model was taught to; `rows` is how many embeddings its vocabulary needs.

    Args:
        tokenizer: A `tokenizers.Tokenizer`; its post-processor says which special tokens stand around a text.
        mask: What the token that stands for any word is called, where the folder says it.
    """

    def __init__(self, tokenizer: Any, mask: Any = None) -> None:
        from tokenizers import decoders, models

        tokenizer.no_padding()
        tokenizer.no_truncation()
        self.tokenizer = tokenizer
        self._in_bytes = isinstance(tokenizer.decoder, decoders.ByteLevel)
        self._in_sentences = isinstance(tokenizer.model, models.Unigram)  # which shows an unknown piece as it is
        name = "<unk>" if self._in_sentences else getattr(tokenizer.model, "unk_token", None)
        self._unknown: int | None = None if name is None else tokenizer.token_to_id(name)
        named = (tokenizer.token_to_id(each) for each in (mask, "[MASK]", "<mask>") if isinstance(each, str))
        self.mask: int | None = next((each for each in named if each is not None), None)
        self.rows = max(tokenizer.get_vocab(with_added_tokens=False).values(), default=-1) + 1

    def lowercase(self) -> None:
        """Put every text into lower case first, as `sentence-transformers` does where a folder says so."""
        from tokenizers import normalizers

        steps = [normalizers.Lowercase(), *([self.tokenizer.normalizer] if self.tokenizer.normalizer else [])]
        self.tokenizer.normalizer = normalizers.Sequence(steps)

    @property
    def blank(self) -> int | None:
        """Id of the token that stands for no word: the mask, else the unknown token; None if there is neither."""
        return self._unknown if self.mask is None else self.mask

    def name(self, index: int) -> str:
        """How a token is typed; one beyond the vocabulary has its number."""
        return self.tokenizer.id_to_token(index) or f"<{index}>"

    def index(self, name: str) -> int | None:
        """Id of an entry as the vocabulary or `entry` has it; None if there is none."""
        found: int | None = self.tokenizer.token_to_id(name)
        return self._by_entry.get(name) if found is None else found

    @cached_property
    def _by_entry(self) -> dict[str, int]:
        numbers = self.tokenizer.get_vocab().values() if self._in_bytes else ()
        return {self.entry(number): number for number in sorted(numbers, reverse=True)}

    def entry(self, index: int) -> str:
        """An entry of the vocabulary as text, with `▁` for a blank."""
        named = self.name(index)
        if not self._in_bytes or not all(letter in BYTES for letter in named):
            return named
        return spelled(bytes_of(named)).translate(SIGNS)

    @cached_property
    def _pair(self) -> Any:
        return self._encoded("a", "b")

    @property
    def tells_segments(self) -> bool:
        """Whether the second of two sentences is segment 1; RoBERTa's tokenizer gives both the same."""
        return bool(any(self._pair.type_ids))

    @cached_property
    def between(self) -> tuple[int, ...]:
        """Ids of the special tokens that stand between two sentences; none where nothing does."""
        cut = self._pair
        first = [place for place, sentence in enumerate(cut.sequence_ids) if sentence == 0]
        second = [place for place, sentence in enumerate(cut.sequence_ids) if sentence == 1]
        return tuple(cut.ids[first[-1] + 1 : second[0]]) if first and second else ()

    def joined(self, first: str, second: str) -> str:
        """Two sentences as they are typed, cut as a pair is: byte-level pieces would take blanks for text."""
        blank = "" if self._in_bytes else " "
        return f"{first}{blank}{self.separator}{blank}{second}"

    @property
    def separator(self) -> str:
        """How `between` is typed."""
        return "".join(map(self.name, self.between))

    def _encoded(self, *texts: str) -> Any:
        try:
            return self.tokenizer.encode(*texts)
        except BaseException as error:
            if tokenizer_file.is_of_package(error):
                raise ModelError("tokenizer_failed", cause=" ".join(str(error).split())[:200]) from error
            raise

    def __call__(self, text: str, limit: int, pairs: bool = False) -> Cut:
        """Cut a text.

        Args:
            text: Cleaned.
            limit: Most pieces, special tokens included.
            pairs: Whether what is typed on both sides of the separator is two sentences; the first one counts.
        """
        cut = self._encoded(text)
        around = [bool(each) for each in cut.special_tokens_mask]
        total = len(around)
        before = around.index(False) if False in around else total
        after = around[::-1].index(False) if False in around else 0
        kept = [*range(min(total, limit) - after), *range(total - after, total)]
        content = kept[before : len(kept) - after]
        unknown = [cut.ids[place] == self._unknown for place in content]
        tokens = [
            text[slice(*cut.offsets[place])] if bad else self._shown(cut.tokens[place])
            for place, bad in zip(content, unknown, strict=True)
        ]
        spans = [_span(text, cut.offsets[place], token) for place, token in zip(content, tokens, strict=True)]
        first, last = (cut.tokens[:before], cut.tokens[total - after :])
        second = self._second([cut.ids[place] for place in content]) if pairs else 0
        apart = [second - len(self.between) <= place < second for place in range(len(content))]
        axis = TokenAxis.of(
            [*first, *tokens, *last],
            [*[None] * before, *spans, *[None] * after],
            [*[True] * before, *apart, *[True] * after],
            [*[False] * before, *unknown, *[False] * after],
        )
        if second:
            axis = replace(axis, segments=tuple(int(place >= before + second) for place in range(len(axis))))
        shown = text[: max((span[1] for span in spans if span), default=0)] if total > limit else text
        return Cut(shown, [cut.ids[place] for place in kept], axis, total)

    def _second(self, ids: list[int]) -> int:
        """Where the second of two sentences begins; 0 if there is one."""
        marks = list(self.between)
        places = range(1, len(ids) - len(marks)) if marks else ()
        return next((at + len(marks) for at in places if ids[at : at + len(marks)] == marks), 0)

    def _shown(self, piece: str) -> str:
        if self._in_sentences:
            return piece.replace(sentence_pieces.BLANK, " ").strip() or BLANK
        if not self._in_bytes or not all(letter in BYTES for letter in piece):
            return piece.strip() or piece  # the mask takes the blank in front of it
        return readable(bytes_of(piece))


def from_folder(folder: Path, model_type: str) -> Pieces:
    """The tokenizer of a Hugging Face folder.

    `tokenizer.json` goes before vocabulary files; what `tokenizer_config.json` says expressly of letter case, accents,
    Chinese characters and a blank in front goes before both, as in Hugging Face's own tokenizers.

    Args:
        folder: The folder.
        model_type: As its `config.json` has it.

    Raises:
        ModelError: `hub_file_missing`, `hub_unreadable`, `hub_special_token`.
    """
    import tokenizers

    settings = _settings(folder)
    config = read_json(folder, "config.json") if (folder / "config.json").is_file() else {}
    if japanese.is_japanese(settings, config):
        return _japanese(folder, settings)
    damaged = None
    check_settings(settings, model_type, folder)
    if (folder / "tokenizer.json").is_file():
        tokenizer_file.check(folder / "tokenizer.json", folder.name)
        try:
            whole = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            return Pieces(_settled(whole, settings), settings.get("mask_token"))
        except BaseException as error:
            if not tokenizer_file.is_of_package(error):
                raise
            damaged = unreadable(folder, "tokenizer.json", error)
    if model_type in LLAMA:
        raise damaged or ModelError("hub_file_missing", source=folder.name, file="tokenizer.json")
    files = ("vocab.json", "merges.txt") if model_type in ("roberta", "gpt2") else ("vocab.txt",)
    files = (sentence_pieces.FILE,) if model_type in SENTENCE_PIECE else files
    missing = [name for name in files if not (folder / name).is_file()]
    if not missing:
        check_every_setting(settings, folder)
    if missing:
        raise damaged or ModelError("hub_file_missing", source=folder.name, file=missing[0])
    try:
        if model_type in ("roberta", "gpt2"):
            vocabulary, merges = tokenizers.models.BPE.read_file(*(str(folder / name) for name in files))
            made = byte_pairs(vocabulary, merges, settings, framed=model_type == "roberta")
        elif model_type in SENTENCE_PIECE:
            made = sentence_pieces.read(folder, settings, model_type)
        else:
            made = word_pieces(tokenizers.models.WordPiece.read_file(str(folder / "vocab.txt")), settings)
    except ModelError:
        raise
    except _NoSuchToken as error:
        raise ModelError("hub_special_token", source=folder.name, file=files[0], received=str(error)) from error
    except Exception as error:
        raise unreadable(folder, files[0], error) from error
    return Pieces(made, settings.get("mask_token"))


def _japanese(folder: Path, settings: Mapping[str, Any]) -> Pieces:
    import tokenizers

    if not (folder / "vocab.txt").is_file():
        raise ModelError("hub_file_missing", source=folder.name, file="vocab.txt")
    try:
        vocabulary = tokenizers.models.WordPiece.read_file(str(folder / "vocab.txt"))
        made = japanese.tokenizer(vocabulary, settings, folder)
        return Pieces(_framed(made, vocabulary, settings), settings.get("mask_token"))
    except ModelError:
        raise
    except _NoSuchToken as error:
        raise ModelError("hub_special_token", source=folder.name, file="vocab.txt", received=str(error)) from error
    except Exception as error:
        raise unreadable(folder, "vocab.txt", error) from error


def from_keras_hub(given: Any) -> Pieces:
    """The same cutting as one of KerasHub's tokenizers, whose own gives no places in the text."""
    names = {name: getattr(given, name) for name in _WORD_PIECE_NAMES if isinstance(getattr(given, name, None), str)}
    if hasattr(given, "merges"):
        if given.backbone_cls.__name__ == "RobertaBackbone":
            names |= {"cls_token": given.start_token, "sep_token": given.end_token}
        lines = [each for each in map(str, given.merges) if not each.startswith("#version")]
        merges = [(left, right) for left, right in (each.split(" ") for each in lines)]
        settings = {**names, "add_prefix_space": bool(given.add_prefix_space)}
        return Pieces(byte_pairs(dict(given.vocabulary), merges, settings, framed="cls_token" in settings))
    vocabulary = {word: index for index, word in enumerate(given.get_vocabulary())}
    settings = {
        **names,
        "unk_token": given.oov_token,
        "do_lower_case": bool(given.lowercase),
        "strip_accents": bool(given.strip_accents),
        "tokenize_chinese_chars": bool(given.split_on_cjk),
    }
    return Pieces(word_pieces(vocabulary, settings))


def word_pieces(vocabulary: dict[str, int], settings: Mapping[str, Any]) -> Any:
    """BERT's tokenizer (Devlin et al., 2019; WordPiece)."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    names = {**_WORD_PIECE_NAMES, **{name: settings[name] for name in _WORD_PIECE_NAMES if name in settings}}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token=names["unk_token"]))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    return _settled(_framed(made, vocabulary, settings), settings)


def _framed(made: Any, vocabulary: Mapping[str, int], settings: Mapping[str, Any]) -> Any:
    """BERT's special tokens around a text."""
    from tokenizers import processors

    names = {**_WORD_PIECE_NAMES, **{name: settings[name] for name in _WORD_PIECE_NAMES if name in settings}}
    first, last, _ = (_placed(vocabulary, names[name]) for name in ("cls_token", "sep_token", "unk_token"))
    made.post_processor = processors.BertProcessing(last, first)
    made.add_special_tokens([name for name in names.values() if name in vocabulary])
    return made


def byte_pairs(
    vocabulary: dict[str, int], merges: Sequence[tuple[str, str]], settings: Mapping[str, Any], framed: bool
) -> Any:
    """GPT-2's tokenizer (Radford et al., 2019; byte-level BPE); `framed` with special tokens around, as RoBERTa's."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    defaults = _ROBERTA_NAMES if framed else _GPT2_NAMES
    names = {**defaults, **{name: settings[name] for name in defaults if name in settings}}
    made = Tokenizer(models.BPE(vocabulary, list(merges)))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    if framed:
        first, last = (_placed(vocabulary, names[name]) for name in ("cls_token", "sep_token"))
        made.post_processor = processors.RobertaProcessing(last, first, trim_offsets=False)
    known = [name for name in dict.fromkeys(names.values()) if name in vocabulary]
    made.add_special_tokens([AddedToken(name, lstrip=name == names.get("mask_token")) for name in known])
    return _settled(made, settings)


class _NoSuchToken(Exception):
    """A special token that the vocabulary does not have."""


def _placed(vocabulary: Mapping[str, int], name: str) -> tuple[str, int]:
    if name not in vocabulary:
        raise _NoSuchToken(name)
    return name, vocabulary[name]


def _settings(folder: Path) -> dict[str, Any]:
    """`tokenizer_config.json`, and over it `special_tokens_map.json`; special tokens as plain strings."""
    found: dict[str, Any] = {}
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        if not (folder / file).is_file():
            continue
        for name, value in read_json(folder, file).items():
            if name.endswith("_token"):
                value = value.get("content") if isinstance(value, dict) else value
                if not isinstance(value, str):
                    continue
            elif name in _SWITCHES and not (isinstance(value, bool) or value is None):
                raise ModelError("hub_unreadable", source=folder.name, cause=f"{file}: {name} = {value!r}"[:200])
            found[name] = value
    return found


#: Settings of `tokenizer_config.json` and what they are called in the package `tokenizers`.
_SWITCHES = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
    "add_prefix_space": "add_prefix_space",
}


def _settled(tokenizer: Any, settings: Mapping[str, Any]) -> Any:
    """The tokenizer with what the settings say expressly."""
    from tokenizers import normalizers, pre_tokenizers

    normalizer, cutter = tokenizer.normalizer, tokenizer.pre_tokenizer
    for setting, name in _SWITCHES.items():
        if setting not in settings or (settings[setting] is None and setting != "strip_accents"):
            continue
        if setting == "add_prefix_space":
            if isinstance(cutter, pre_tokenizers.ByteLevel):
                cutter.add_prefix_space = settings[setting]
        elif isinstance(normalizer, normalizers.BertNormalizer):
            setattr(normalizer, name, settings[setting])
    return tokenizer


def unreadable(folder: Path, file: str, error: BaseException) -> ModelError:
    """A library's error about a file (empty where it names one itself), without the path of the machine."""
    said = str(error).replace(str(folder.resolve()), folder.name).replace(str(folder), folder.name)
    where = f"{file}: " if file else ""
    return ModelError("hub_unreadable", source=folder.name, cause=f"{where}{type(error).__name__}: {said}"[:300])


def _span(text: str, place: tuple[int, int], token: str) -> tuple[int, int] | None:
    """A place without the blanks in front that byte-level pieces carry; a blank has one unless it was put in."""
    start, end = place
    if token == BLANK:
        start = min(start, max(end - 1, 0))
        return (start, end) if text[start:end].isspace() else None
    while start < end - 1 and text[start].isspace():
        start += 1
    return start, end
