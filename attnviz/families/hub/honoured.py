"""Which settings of a tokenizer are honoured: what would cut a text otherwise than the model was taught is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError
from attnviz.families.hub.foreign import LLAMA, SENTENCE_PIECE
from attnviz.families.hub.json_file import read_json

#: Settings that change how a text is cut, and the values that are what is done anyway.
_ONLY: dict[str, tuple[Any, ...]] = {
    "do_basic_tokenize": (True, None),
    "never_split": (None, [], ()),
    "split_special_tokens": (False, None),
    "add_bos_token": (False, None),
    "add_eos_token": (False, None),
    "auto_map": (None,),
    "sp_model_kwargs": (None, {}),
}

#: As much, where SentencePiece cuts the text: its file says itself what becomes of letter case and of blanks.
_ONLY_IN_SENTENCES: dict[str, tuple[Any, ...]] = {
    "do_lower_case": (False, None),
    "strip_accents": (False, None),
    "add_prefix_space": (True, None),
}

#: Settings that are honoured, or that say nothing of how a text is cut.
_KNOWN = frozenset(
    (
        *("do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "tokenizer_class", "errors"),
        *("model_max_length", "max_len", "max_length", "name_or_path", "special_tokens_map_file", "tokenizer_file"),
        *("clean_up_tokenization_spaces", "padding_side", "truncation_side", "trim_offsets", "use_fast", "stride"),
        *("added_tokens_decoder", "additional_special_tokens", "extra_special_tokens", "truncation_strategy"),
        *(
            "pad_to_multiple_of",
            "pad_token_type_id",
            "model_input_names",
            "from_slow",
            "full_tokenizer_file",
            "init_inputs",
        ),
        *("chat_template", "tokenizer_type", "is_local", "backend", "verbose", "vocab_file", "init_inputs"),
        *_ONLY,
    )
)

#: Classes of tokenizers whose vocabulary files are read, by architecture.
_CLASSES = {
    "bert": ("Bert",),
    "distilbert": ("DistilBert", "Bert"),
    "electra": ("Electra", "Bert"),
    "roberta": ("Roberta",),
    "xlm-roberta": ("XLMRoberta",),
    "camembert": ("Camembert",),
    "gpt2": ("GPT2",),
}


def check_settings(settings: Mapping[str, Any], model_type: str, folder: Path) -> None:
    """Refuse what is said to be done and is not.

    Raises:
        ModelError: `hub_tokenizer`.
    """
    expected = _ONLY | (_ONLY_IN_SENTENCES if model_type in SENTENCE_PIECE else {})
    for field, only in expected.items():
        # Those of the Llama kind always come whole: `tokenizer.json` says itself what stands around a text.
        if settings.get(field) not in only and not (model_type in LLAMA and field == "add_bos_token"):
            raise _refused(folder, field, settings[field], repr(only[0]))
    named = settings.get("tokenizer_class")
    whole = (folder / "tokenizer.json").is_file()  # says all there is to say
    classes = [f"{each}Tokenizer{end}" for each in _CLASSES.get(model_type, ()) for end in ("", "Fast")]
    if named is not None and not whole and named not in classes:
        raise _refused(folder, "tokenizer_class", named, ", ".join(classes))


def check_every_setting(settings: Mapping[str, Any], folder: Path) -> None:
    """Without `tokenizer.json` the settings are all there is: refuse one that nobody here has heard of.

    Raises:
        ModelError: `hub_tokenizer`.
    """
    more = folder / "added_tokens.json"
    if more.is_file() and read_json(folder, more.name):
        raise _refused(folder, more.name, read_json(folder, more.name), "{}")
    for field, value in settings.items():
        unheard = field not in _KNOWN and not field.endswith(("_token", "_token_id"))
        if unheard and value not in (None, False, [], {}, ""):
            raise _refused(folder, field, value, ", ".join(sorted(_KNOWN))[:160])


def _refused(folder: Path, field: str, value: Any, expected: str) -> ModelError:
    told = {"field": field, "received": repr(value)[:80], "expected": expected}
    return ModelError("hub_tokenizer", source=folder.name, **told)
