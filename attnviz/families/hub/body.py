"""A pretrained Transformer with its tokenizer: the body of a checkpoint, run, edited and taken apart."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz.capture import Bucketed, CapturedModel, SiteRun
from attnviz.errors import InputError, ModelError
from attnviz.families.card import ModelCard
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.encoding import text_of, told
from attnviz.families.common.masking import mask_after
from attnviz.families.common.projection import check_indices, head_steps, value_norms
from attnviz.families.hub.pieces import Pieces
from attnviz.families.hub.sentence_model import pooled
from attnviz.families.model import Model
from attnviz.trace import (
    MASK_CAUSAL,
    MASK_NONE,
    AttentionBlock,
    AttentionTrace,
    Edit,
    Embedding,
    Encoded,
    Kind,
    Notice,
    Output,
    Source,
    Steps,
    Tensor,
    Text,
)


class HubModel(Model):
    """A pretrained Transformer with its tokenizer.

    Args:
        backbone: KerasHub's.
        tokenizer: Cuts a text into ids and tokens.
        card: What the model is; its `config` may say what `sentence_model.described` does of a sentence model.
        told: What every trace is to say of the folder.
    """

    encoding = ("second",)

    def __init__(self, backbone: keras.Model, tokenizer: Pieces, card: ModelCard, told: Sequence[Notice] = ()) -> None:
        super().__init__(card)
        self.model = backbone
        self._told = tuple(told)
        self._pieces = tokenizer
        self._captured = CapturedModel(backbone)
        self._causal = type(backbone).__name__ == "GPT2Backbone"
        said = card.details.get("config", {})
        self._limit = int(getattr(backbone, "max_sequence_length", 0)) or 512
        self._taught = min(self._limit, said.get("max_seq_length") or self._limit)
        if said.get("lowercase"):
            tokenizer.lowercase()
        self._bucketed = Bucketed(backbone, self._limit)
        self._observing: dict[str, CapturedModel] = {}
        self._lock = threading.Lock()
        self._check_rows(tokenizer.rows)

    def encode(self, source: Source | str, second: str | None = None) -> Encoded:
        """Clean the text and cut it into the model's pieces.

        Args:
            source: A text; with the model's `separator` in it, as typed, two sentences.
            second: The second of two sentences.

        Returns:
            Inputs `tokens` int32 `[1, token]`, of two sentences also `segments` if the model was taught them; special
            tokens that were not typed have no span.

        Raises:
            InputError: `empty_text`, `not_a_text`; `no_pair`: the model knows no pairs; `separator_typed`: it stands
                in the first of two sentences.
        """
        shown, notices = cleaned(text_of(source))
        if second is not None:
            shown, more = self._joined(shown, second)
            notices += more
        cut = self._pieces(shown, self._limit, pairs=True)
        notices += list(self._told)
        notices += told(cut.axis, cut.text, self.card.languages, self._limit, cut.total)
        if len(cut.ids) > self._taught:  # the Transformer bears more than its author reads for a vector: all is shown
            notices.append(Notice("longer_than_taught", {"limit": self._taught, "total": len(cut.ids)}))
        self._check_rows(max(cut.ids) + 1)
        inputs = {"tokens": np.array([cut.ids], np.int32)}
        if cut.axis.segments is not None:
            taught = self._has_segments
            notices.append(Notice("pair_segments" if taught else "pair", {"separator": self.separator}))
            if taught:
                inputs["segments"] = np.array([cut.axis.segments], np.int32)
        return Encoded(Text(cut.text), inputs, {"tokens": cut.axis}, tuple(notices), {"tokens": tuple(inputs)})

    @property
    def separator(self) -> str:
        """What stands between two sentences, as it is typed; empty for a model that knows no pairs."""
        return self._pieces.separator

    def _joined(self, first: str, second: str) -> tuple[str, list[Notice]]:
        if not self.separator:
            raise InputError("no_pair", model=self.card.name)
        if self.separator in first:
            raise InputError("separator_typed", received=self.separator)
        other, notices = cleaned(second)
        return self._pieces.joined(first, other), notices

    @property
    def _has_segments(self) -> bool:
        named = any(each.name == "segment_ids" for each in self.model.inputs)
        return named and self.model.segment_embedding.input_dim > 1 and self._pieces.tells_segments

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """One run.

        Returns:
            A trace with one block, weights `[layer, head, token, token]`, and an `Embedding` (a sentence model) or a
            `Tensor` `[token, feature]`.

        Raises:
            InputError: For edits `no_such_block`, `no_such_index`, `edit_shape`.
        """
        axis = encoded.axis
        prediction, weights = self._computed(encoded, [self._placed(edit, len(axis)) for edit in edits])
        mask = None
        if self._causal and len(axis) > 1:
            later = np.triu(np.ones((len(axis), len(axis)), bool), 1)
            mask = np.where(later, MASK_CAUSAL, MASK_NONE).astype(np.int8)
        mask = mask_after(mask, edits, self._kind, weights.shape)
        block = AttentionBlock(self._kind, self._kind, axis, axis, weights, mask, self._precision, bool(edits))
        output = self._output(prediction, encoded)
        return AttentionTrace(self.card.name, encoded.source, (block,), output, encoded.notices, tuple(edits))

    def check(self, encoded: Encoded, edits: Sequence[Edit]) -> None:
        """See that edits fit: raises `InputError`, as `run` does."""
        for edit in edits:
            self._placed(edit, len(encoded.axis))

    @property
    def unknown_id(self) -> int:
        """Id of the token that stands for no word: the mask where the model was taught one, else the unknown token.

        Raises:
            AttributeError: The vocabulary has neither.
        """
        found = self._pieces.blank
        if found is None or found >= self.model.token_embedding.input_dim:
            raise AttributeError(f"{self.card.name} has no token for an unknown word")
        return found

    def prepare(self) -> None:
        """Compile every length a text may be padded to, which takes most of a second each, before anybody waits."""
        names = [each.name for each in self.model.inputs]
        if "padding_mask" in names:
            self._bucketed.prepare(names)

    def explain(
        self,
        encoded: Encoded,
        block: str = "",
        layer: int = 0,
        head: int = 0,
        query: int = 0,
        edits: Sequence[Edit] = (),
        tokens: Sequence[str] | None = None,
    ) -> Steps:
        """The computation of one query in one head.

        Returns:
            `query` [feature], `key` and `value` [key, feature], `scores` and `weights` [key], `context` [feature],
            `output_kernel` W_O of this head [feature, model], `output`, its part of the output projection [model].

        Raises:
            InputError: There is no such block, layer, head or query.
        """
        if block not in ("", self._kind):
            raise InputError("no_such_block", received=block, expected=self._kind)
        inputs, sites = self._inputs(encoded), self._captured.sites
        heads, length = sites[0].heads or 1, len(encoded.axis)
        check_indices(layer=(layer, len(sites)), head=(head, heads), query=(query, length))
        site = sites[layer]
        parts: list[Any] = [getattr(site.layer, f"_{part}_dense") for part in ("query", "key", "value")]
        with self._lock:
            observed = self._observing.setdefault(site.name, CapturedModel(self.model, observe=parts))
        run = observed(inputs, [self._placed(edit, length) for edit in edits])
        q, k, v = (np.asarray(run.layers[part.path], np.float32)[0, :, head] for part in parts)
        own: SiteRun = run.sites[site.name]
        scores, weights = own.scores[0, head, query], own.weights[0, head, query]
        return head_steps(site.layer, head, q[query], k, v, scores, weights)

    def value_norms(
        self, encoded: Encoded, block: str = "", tokens: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """How long what each key has to give is in each head: ‖v_j W_O‖, float32 `[layer, head, key]`.

        The value with its bias through the head's own rows of the output projection, whose bias is left out.

        Raises:
            ModelError: `no_value_norms`: a layer has no such projection.

        Source: Kobayashi et al. 2020, "Attention is Not Only a Weight".
        """
        layers = [site.layer for site in self._captured.sites]
        values = [layer._value_dense for layer in layers]
        with self._lock:
            observed = self._observing.setdefault("value_norms", CapturedModel(self.model, observe=values))
        run = observed(self._inputs(encoded))
        vectors = (np.asarray(run.layers[dense.path], np.float32)[0] for dense in values)
        return np.stack([value_norms(layer, each) for layer, each in zip(layers, vectors, strict=True)])

    def gradients(self, encoded: Encoded, target: int | None = None) -> NDArray[np.float32]:
        """Not for a model without classes.

        Raises:
            ModelError: `no_gradients`.
        """
        raise ModelError("no_gradients", model=self.card.name)

    @property
    def _kind(self) -> Kind:
        return "causal" if self._causal else "self"

    def _check_rows(self, needed: int) -> None:
        rows = self.model.token_embedding.input_dim
        if needed > rows:
            raise ModelError("hub_vocabulary", source=self.card.name, received=needed, expected=rows)

    def _inputs(self, encoded: Encoded) -> dict[str, NDArray[np.int32]]:
        ids = encoded.inputs["tokens"]
        segments = encoded.inputs.get("segments", np.zeros_like(ids))
        values = {"token_ids": ids, "padding_mask": np.ones_like(ids), "segment_ids": segments}
        return {name: values[name] for name in (each.name for each in self.model.inputs)}

    def _computed(self, encoded: Encoded, edits: Sequence[Edit]) -> tuple[Any, NDArray[np.float32]]:
        """Prediction, and weights `[layer, head, token, token]`: padded and compiled, or with edits as it is."""
        inputs = self._inputs(encoded)
        if not edits and "padding_mask" in inputs and self._bucketed.length(len(encoded.axis)):
            return self._bucketed(inputs)
        run = self._captured(inputs, edits)
        return run.prediction, np.concatenate([site.weights for site in run.sites.values()])

    @property
    def _precision(self) -> str:
        name: str = self.model.dtype_policy.compute_dtype
        return name

    def _placed(self, edit: Edit, length: int) -> Edit:
        if edit.block != self._kind:
            raise InputError("no_such_block", received=edit.block, expected=self._kind)
        sites = self._captured.sites
        if not 0 <= edit.layer < len(sites):
            raise InputError("no_such_index", what="layer", received=edit.layer, last=len(sites) - 1)
        if edit.weights.shape != (length, length):
            shapes = {"expected": str((length, length)), "received": str(edit.weights.shape)}
            raise InputError("edit_shape", block=edit.block, **shapes)
        return Edit(sites[edit.layer].name, edit.weights, 0, edit.head, edit.label)

    def _output(self, prediction: Any, encoded: Encoded) -> Output:
        values = vectors_of(prediction)[: len(encoded.axis)]
        config = self.card.details.get("config", {})
        if not config.get("pooling"):
            return Tensor(values)
        return Embedding(pooled(values, config["pooling"], bool(config.get("normalize"))))


def vectors_of(prediction: Any) -> NDArray[np.float32]:
    """What the body gives for each token, float32 `[token, feature]`."""
    values = np.asarray(prediction["sequence_output"] if isinstance(prediction, Mapping) else prediction, np.float32)
    first: NDArray[np.float32] = values[0]
    return first
