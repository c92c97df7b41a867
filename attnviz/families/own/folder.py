"""Models of the user's own: a folder with `model.keras`, a vocabulary or `tokenizer.json`, and a card."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from attnviz.errors import AttnvizError, ModelError
from attnviz.families.card import ModelCard
from attnviz.families.common import tokenizer_file
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of, told
from attnviz.families.hub.pieces import Cut, Pieces, word_pieces
from attnviz.families.own import archive, blueprint
from attnviz.families.own.inputs import WrappedEncoded
from attnviz.families.own.wrapped import WrappedModel
from attnviz.tokenizers import KINDS, Tokenizer, from_config
from attnviz.trace import AttentionTrace, Classification, Edit, Encoded, Notice, Output, Source, Text, TokenAxis

#: The author may state checksums in the card; `add` does it. Those that are stated must agree.
FILES: tuple[str, ...] = ()

MODEL, VOCABULARY, TOKENIZER = "model.keras", "vocabulary.txt", "tokenizer.json"

#: Tokens, where neither the model nor its card sets a limit; and bytes of a tokenizer file.
MAX_TOKENS = 4096
MAX_TOKENIZER_BYTES = 64 * 1024 * 1024

PAD = "[PAD]"


class Cutter(Protocol):
    """Cuts a cleaned text; `rows` is how many embeddings its ids need."""

    rows: int

    def __call__(self, text: str, limit: int) -> Cut:
        """The text in at most `limit` tokens."""


class Words:
    """One of attnviz's own tokenizers as a `Cutter`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.rows = len(tokenizer.vocabulary)

    def __call__(self, text: str, limit: int) -> Cut:
        """Cut a text; there are no special tokens."""
        tokens = self._tokenizer.tokenize(text)
        kept = tokens[:limit]
        axis = TokenAxis(
            tuple(token.text for token in kept),
            tuple((token.start, token.end) for token in kept),
            (False,) * len(kept),
            tuple(token.unknown for token in kept),
        )
        shown = text[: kept[-1].end] if len(tokens) > limit else text
        return Cut(shown, [token.id for token in kept], axis, len(tokens))


class OwnModel(WrappedModel):
    """A Keras model from a model folder, with its tokenizer and card.

    Args:
        model: From token ids `[batch, token]` to anything.
        cutter: Cuts text into tokens with ids.
        card: What the model is; with `labels`, the prediction is a distribution over them, or the one number of a
            sigmoid where there are two.
        padding: Id put behind a text where the model takes one length only.

    Raises:
        ModelError: `own_inputs`, `own_length`, `own_rows`, `own_labels`, `own_failed`, `nothing_to_capture`.
    """

    def __init__(self, model: keras.Model, cutter: Cutter, card: ModelCard, padding: int = 0) -> None:
        super().__init__(model, _never, name=card.name)
        self._cutter = cutter
        self._padding = padding
        self._length = _input_length(model, card.name)
        self._limit = _limit(model, card, self._length)
        self._card = card
        self._pads_shown = False
        self._check_rows()
        self._try()

    @property
    def card(self) -> ModelCard:
        """The card of the folder, completed by what the model shows."""
        return replace(self._card, kinds=self._kinds or self._card.kinds, max_length=self._limit)

    def encode(self, source: Source | str) -> WrappedEncoded:
        """Clean, cut into tokens, look up, and fill up with padding where the model takes one length only.

        Returns:
            Inputs `tokens` int32 `[1, token]`.

        Raises:
            InputError: `empty_text`, `not_a_text`.
        """
        shown, notices = cleaned(text_of(source))
        cut = self._cutter(shown, self._limit)
        notices += told(cut.axis, cut.text, self._card.languages, self._limit, cut.total)
        return self._encoded(cut.text, cut.ids, cut.axis, tuple(notices))

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """One run of the model, as a wrapped model's.

        Raises:
            InputError: As a wrapped model's.
            ModelError: As a wrapped model's, and `own_failed`: the model cannot be run on this text.
        """
        try:
            return super().attend(encoded, edits)
        except ModelError as error:
            if "model" in error.parameters:  # the author's name for it may be another
                raise ModelError(error.code, **{**error.parameters, "model": self._card.name}) from error
            raise
        except AttnvizError as error:
            if error.code == "run_failed":  # said of a folder's model as of its text
                raise ModelError("own_failed", model=self._card.name, cause=error.parameters["cause"]) from error
            raise
        except Exception as error:  # whatever TensorFlow or a layer says
            cause = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise ModelError("own_failed", model=self._card.name, cause=cause) from error

    def _encoded(self, text: str, ids: Sequence[int], axis: TokenAxis, notices: tuple[Notice, ...]) -> WrappedEncoded:
        missing = (self._length or len(ids)) - len(ids)
        values = np.array([[*ids, *[self._padding] * missing]], np.int32)
        if missing and self._pads_shown:
            pads = (PAD,) * missing
            axis = TokenAxis.of(
                [*axis.tokens, *pads],
                [*axis.spans, *[None] * missing],
                [*axis.special, *[True] * missing],
                [*axis.unknown, *[False] * missing],
            )
        return WrappedEncoded(Text(text), {"tokens": values}, {"tokens": axis}, notices, structure="tokens")

    def _check_rows(self) -> None:
        """Every id of the tokenizer has a row in the embedding that reads it."""
        entry = self.model.inputs[0]
        for layer in self.model._flatten_layers():
            read = any(entry is each for node in layer._inbound_nodes for each in node.input_tensors)
            if read and isinstance(layer, keras.layers.Embedding) and layer.input_dim < self._cutter.rows:
                raise ModelError(
                    "own_rows", model=self._card.name, received=self._cutter.rows, expected=layer.input_dim
                )

    def _try(self) -> None:
        """One run on a few tokens: what cannot be read is refused now; whether padding is seen by the attention."""
        count = min(3, self._limit)
        axis = TokenAxis.of(["a"] * count)
        encoded = self._encoded("a", [1] * count, axis, ())
        trace = self.run(encoded)
        given = encoded.inputs["tokens"].shape[1]
        longest = max(size for block in trace.blocks for size in block.shape[2:])
        if longest > blueprint.MAX_STRETCH * given:
            raise ModelError(
                "own_stretch", model=self._card.name, received=longest, given=given, expected=blueprint.MAX_STRETCH
            )
        if encoded.inputs["tokens"].shape[1] > count:
            self._pads_shown = any(notice.code == "axis_by_position" for notice in trace.notices)

    def _output(self, prediction: Any) -> tuple[Output, tuple[Notice, ...]]:
        labels = self._card.labels
        if not labels:
            return super()._output(prediction)
        arrays = keras.tree.flatten(prediction)
        values = np.asarray(arrays[0], np.float64).reshape(-1)
        if len(labels) == 2 and values.size == 1:
            values = np.array([1 - values[0], values[0]])
        if values.size != len(labels) or not (values >= 0).all() or abs(values.sum() - 1) > 1e-2:
            shape = str(list(np.shape(arrays[0])))
            raise ModelError("own_labels", model=self._card.name, received=shape, expected=len(labels))
        notices = (Notice("first_output_only", {"count": len(arrays)}),) if len(arrays) > 1 else ()
        return Classification(labels, values.astype(np.float32)), notices


def _never(text: str) -> Any:
    raise NotImplementedError(text)  # OwnModel.encode does it


def _input_length(model: keras.Model, name: str) -> int | None:
    """The one length a model takes, or None for any."""
    inputs = getattr(model, "inputs", None) or []
    shapes = [tuple(each.shape) for each in inputs]
    if len(inputs) != 1 or len(shapes[0]) != 2 or inputs[0].dtype == "string":
        raise ModelError("own_inputs", model=name, received=str(shapes)[:120])
    length: int | None = shapes[0][1]
    if length is not None and not 1 <= length <= MAX_TOKENS:
        raise ModelError("own_length", model=name, received=length, expected=MAX_TOKENS)
    return length


def _limit(model: keras.Model, card: ModelCard, length: int | None) -> int:
    """Most tokens: what the input, a layer with so many positions, or the card allows."""
    limits = [length, card.max_length]
    for layer in model._flatten_layers():
        limits += [getattr(layer, name, None) for name in ("max_length", "sequence_length")]
    return min([MAX_TOKENS, *(each for each in limits if isinstance(each, int) and each > 0)])


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> OwnModel:
    """The model of a folder, after everything in it has been looked at.

    Raises:
        ModelError: As `read_model`, `read_tokenizer` and `OwnModel`.
    """
    settings = card.details["tokenizer"]
    cutter = read_tokenizer(folder, settings)
    padding = settings.get("padding", 0)
    if not isinstance(padding, int) or not 0 <= padding < cutter.rows:
        raise ModelError("card_field", folder=folder.name, field="tokenizer.padding", expected=f"0–{cutter.rows - 1}")
    return OwnModel(read_model(folder), cutter, card, padding)


def read_model(folder: Path, file: str = MODEL) -> keras.Model:
    """A stranger's Keras model: checked, packed anew from what was checked, then loaded in safe mode.

    Raises:
        ModelError: `file_missing`, and what `attnviz.families.own.archive` and `.blueprint` say.
    """
    path = _plain(folder, file, archive.MAX_BYTES)
    parts = archive.members(path, folder.name, file)
    version = keras_version(parts[archive.METADATA])
    if version.startswith(("1.", "2.")):
        raise ModelError("keras_2_file", file=f"{folder.name}/{file}", received=version)
    stored = archive.count_weights(parts[archive.WEIGHTS], folder.name, f"{file}/{archive.WEIGHTS}")
    config = blueprint.read(parts[archive.CONFIG], folder.name, file)
    blueprint.check_size(config, stored, folder.name, file)
    with tempfile.TemporaryDirectory(prefix="attnviz-") as place:
        clean = Path(place) / MODEL
        with zipfile.ZipFile(clean, "w") as packed:
            packed.writestr(archive.CONFIG, json.dumps(config))
            packed.writestr(archive.METADATA, parts[archive.METADATA])
            packed.writestr(archive.WEIGHTS, parts[archive.WEIGHTS])
        try:
            model = keras.saving.load_model(clean, compile=False, safe_mode=True)
        except Exception as error:  # whatever Keras says of weights that do not fit
            cause = " ".join(f"{type(error).__name__}: {error}".split())[:300].replace(place, "")
            raise ModelError("file_unreadable", folder=folder.name, file=file, cause=cause) from error
    model.trainable = False
    return model


def read_tokenizer(folder: Path, settings: Mapping[str, Any]) -> Cutter:
    """The tokenizer a card describes.

    Args:
        folder: Holds `vocabulary.txt`, or `tokenizer.json` for the kind `json`.
        settings: `kind` – `words` or `sudachi` (attnviz's own), `wordpiece` (BERT's) or `json` (a file of the package
            `tokenizers`) – and what that kind takes.

    Raises:
        ModelError: `tokenizer_kind`, `file_missing`, `file_size`, `file_unreadable`, `own_tokenizers`.
    """
    options = {name: value for name, value in settings.items() if name not in ("kind", "padding")}
    kind = settings.get("kind")
    if kind in KINDS:
        path = _plain(folder, VOCABULARY, MAX_TOKENIZER_BYTES)
        return Words(from_config({"kind": kind, **options}, path))
    if kind not in ("wordpiece", "json"):
        raise ModelError("tokenizer_kind", received=str(kind)[:80], expected=", ".join((*KINDS, "wordpiece", "json")))
    path = _plain(folder, VOCABULARY if kind == "wordpiece" else TOKENIZER, MAX_TOKENIZER_BYTES)
    try:
        import tokenizers
    except ImportError as error:
        raise ModelError("own_tokenizers", folder=folder.name, cause=str(error)) from error
    if kind == "json":
        tokenizer_file.check(path, folder.name)
    try:
        text = path.read_text(encoding="utf-8")
        if kind == "json":
            return Pieces(tokenizers.Tokenizer.from_str(text))
        vocabulary = {word: index for index, word in enumerate(text.removesuffix("\n").split("\n"))}
        return Pieces(word_pieces(vocabulary, {"do_lower_case": bool(options.get("lowercase", True))}))
    except Exception as error:  # the package raises bare Exceptions
        cause = f"{type(error).__name__}: {error}"[:200]
        raise ModelError("file_unreadable", folder=folder.name, file=path.name, cause=cause) from error


def keras_version(metadata: bytes) -> str:
    """Which Keras wrote a `.keras` file; empty where it does not say."""
    try:
        return str(json.loads(metadata).get("keras_version", ""))
    except (ValueError, AttributeError):
        return ""


def _plain(folder: Path, file: str, limit: int) -> Path:
    """A file that is no link and not too large."""
    path = folder / file
    if path.is_symlink() or not path.is_file():
        raise ModelError("file_missing", folder=folder.name, file=file)
    size = path.stat().st_size
    if size > limit:
        raise ModelError("file_size", folder=folder.name, file=file, received=size, expected=f"≤ {limit}")
    return path
