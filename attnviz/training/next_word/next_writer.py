"""The kind of model that writes the next word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from attnviz import zoo
from attnviz.families.learning import FILE
from attnviz.families.writing.continuation import ContinuationModel
from attnviz.families.writing.decoding import log_softmax
from attnviz.families.writing.subwords import END_ID, START_ID, Subwords, learn
from attnviz.tokenizers import KINDS
from attnviz.training import recording
from attnviz.training.card import Section, opening, table
from attnviz.training.kind import Learned, stated
from attnviz.training.loop import fit
from attnviz.training.networks import halves
from attnviz.training.next_word import roles
from attnviz.training.next_word.counting import Counts
from attnviz.training.next_word.documents import Documents, arrays
from attnviz.training.next_word.learner import course
from attnviz.training.next_word.recipes import NextWordRecipe
from attnviz.training.next_word.recording import NextWordRecorder
from attnviz.training.run import stamp
from attnviz.training.translation.pairs import Pairs, pairs

#: Sentences of a held-out document, documents looked at in a recording, documents read at once, n of the n-gram.
HELD_OUT, LOOKED_AT, AT_ONCE, ORDER = 6, 16, 32, 5

#: Mean weight on the piece after an earlier copy from which a head is said to be an induction head.
INDUCTION = 0.3

#: Most tokens of a text that is read.
MAX_LENGTH = 64

Ids = list[list[int]]


@dataclass(frozen=True)
class NextWriter:
    """A recipe of a model of the next word; see `kind.Kind`.

    Attributes:
        recipe: What is made.
        quiet: No progress on standard error.
    """

    recipe: NextWordRecipe
    quiet: bool = False

    @cached_property
    def corpus(self) -> Pairs:
        """All pairs; one side of them is read."""
        return pairs(quiet=self.quiet)

    def sentences(self, part: Sequence[tuple[str, str]]) -> list[str]:
        """A part's sentences of the language, each once."""
        side = 0 if self.recipe.languages[0] == "en" else 1
        return list(dict.fromkeys(pair[side] for pair in part))

    @cached_property
    def pieces(self) -> Subwords:
        """Byte pairs learned from the training sentences."""
        plain = self._cutter(None)
        keys = (key for text in self.sentences(self.corpus.train) for key in plain.keys(text))
        return self._cutter(learn(keys, self.recipe.settings.size))

    def _cutter(self, learned: Any) -> Subwords:
        options = dict(self.recipe.tokenizer)
        kind, spaced, lower = options.pop("kind"), options.pop("spaced"), options.pop("lower")
        words: Any = KINDS[kind]
        return Subwords(words(**options), learned, spaced=spaced, lower=lower)

    def ids(self, pieces: Subwords, part: Sequence[tuple[str, str]]) -> Ids:
        """The sentences of a part in pieces."""
        return [[piece.id for piece in pieces.cut(text)] for text in self.sentences(part)]

    def learn(self, models_folder: Path, state: Path) -> Learned:
        settings, pieces = self.recipe.settings, self.pieces
        documents = Documents(self.ids(pieces, self.corpus.train), pieces.size, settings)
        held = held_out(self.ids(pieces, self.corpus.dev), settings.room)
        chosen = course(
            documents,
            lambda model: {"perplexity": perplexity(model, held, settings.room)},
            stamp(asdict(settings), self.recipe.languages[0], self.corpus.train),
        )
        weights, record = fit(
            chosen,
            checkpoint=state / "weights.npz",
            label=self.recipe.name,
            quiet=self.quiet,
            keep=partial(recording.keep, state / recording.SNAPSHOTS),
        )

        def save(path: Path) -> None:
            pieces.pairs.save(str(path))

        return Learned(
            arrays={"weights.npz": halves(weights)},
            files={"pieces.json": save},
            card={
                "family": "continuation",
                "task": "continuation",
                "kinds": ["causal"],
                "labels": [],
                "config": settings.config(pieces.size),
                "tokenizer": self.recipe.tokenizer,
                "max_length": min(MAX_LENGTH, settings.room // 2),
            },
            training=stated(settings, record, len(documents.sentences)),
        )

    def recorder(self, folder: Path, content: Mapping[str, Any]) -> NextWordRecorder:
        model = _loaded(folder)
        held = held_out(self.ids(model.pieces, self.corpus.test), self.recipe.settings.room)[:LOOKED_AT]  # type: ignore[arg-type]
        return NextWordRecorder(model, model.card.examples, *arrays(held, self.recipe.settings.room))

    def measure(self, folder: Path, content: Mapping[str, Any], models_folder: Path) -> dict[str, Any]:
        model, room = _loaded(folder), self.recipe.settings.room
        pieces: Any = model.pieces
        parts = {name: held_out(self.ids(pieces, getattr(self.corpus, name)), room) for name in ("dev", "test")}
        learned = held_out(self.ids(pieces, self.corpus.train), room)
        metrics: dict[str, Any] = {"n_train": len(self.sentences(self.corpus.train))}
        for name, order in (("ngram", ORDER), ("unigram", 1)):
            counts = Counts(order, [[START_ID, *each, END_ID] for each in learned], pieces.size)
            for part, held in parts.items():
                logs = np.concatenate([counts.logs([START_ID, *each, END_ID][: room + 1]) for each in held])
                metrics[f"{part}_perplexity_{name}"] = round(float(np.exp(-logs.mean())), 2)
        for part, held in parts.items():
            metrics[f"{part}_perplexity"] = round(perplexity(model.model, held, room), 2)
            metrics[f"n_{part}"] = int(sum(min(len(each) + 1, room) for each in held))
        metrics["roles"] = roles.heads(
            lambda ids: np.stack([np.asarray(each) for each in model.model.predict_on_batch(ids)["weights"]]),
            pieces.size,
            min(roles.PIECES, (room - 1) // 2),
        )
        return {"metrics": metrics}

    def test_sentences(self, content: Mapping[str, Any]) -> Sequence[str]:
        return self.sentences(self.corpus.test)

    def sections(self, folder: Path, content: Mapping[str, Any]) -> list[Section]:
        """The model card for people."""
        metrics, training = content["metrics"], content["training"]
        model, found = _loaded(folder), content["metrics"]["roles"]
        names = ("previous", "same", "first", "induction")
        rows = [(each["layer"], each["head"], *(f"{each[name]:.1%}" for name in names)) for each in found["heads"]]
        shown = [(text, model.run(model.encode(text), length=12).output.text) for text in content["examples"]]  # type: ignore[union-attr]
        history = [
            (number, f"{each['loss']:.3f}", f"{each['perplexity']:.2f}")
            for number, each in enumerate(training["history"], 1)
        ]
        settings = training["settings"]
        return [
            *opening(content, _ARCHITECTURE, "{key} {value}", _SOURCE, _SPLIT.format(n=metrics["n_train"])),
            Section(
                "How well",
                f"Perplexity per piece on held-out documents of up to {HELD_OUT} sentences, lower is better. The "
                "counting models are interpolated with absolute discounting (0.75) and learned from the same sentences "
                "and pieces.",
                table(
                    ["part", "pieces", "this model", f"{ORDER}-gram", "unigram"],
                    [
                        (part, metrics[f"n_{part}"], *(metrics[f"{part}_perplexity{name}"] for name in _MODELS))
                        for part in ("dev", "test")
                    ],
                ),
            ),
            Section(
                "What its heads do",
                f"On {found['sequences']} sequences of {found['pieces']} random pieces, each standing twice: the mean "
                "weight of a head, over the second time, on the piece before (previous), on the earlier copy (same), "
                "on the start token (first) and on the piece after the earlier copy (induction). Even weights would "
                f"give {found['chance']:.1%}.",
                f"Random pieces that stand twice were mixed into training ({settings['repeated']:.0%} of the "
                f"documents), and sentences that come back ({settings['again']:.0%} of the others): heads that "
                "continue a repetition were asked for.",
                _induction(found),
                table(["layer", "head", *names], rows),
            ),
            Section(
                "What it gets wrong", f"{content['notes']['en']}\n\n{content['notes']['ja']}", table(_GREEDY, shown)
            ),
            Section(
                "Training",
                f"Seed {training['seed']}; {training['epochs']} passes, {training['seconds'] / 60:.0f} minutes; the "
                f"running mean after pass {training['best_epoch']} had the lowest perplexity on dev. Settings: "
                + ", ".join(f"{key} {value}" for key, value in settings.items())
                + ".",
                table(["pass", "training loss (nats)", "dev perplexity"], history),
            ),
            Section("How its attention was learned", _RECORDED if FILE in content["files"] else ""),
        ]


_MODELS = ("", "_ngram", "_unigram")

_GREEDY = ["text", "what it writes (greedy, 12 tokens)"]

_ARCHITECTURE = (
    "A decoder of the Llama kind (RMS norms, rotary positions, gated feed-forward parts; Touvron et al. 2023)"
)

_SOURCE = "- [{name}]({url}), {revision}, {licence}. {attribution}."

_SPLIT = (
    "One side of the pairs of the translation models, with their split: the 500 dev pairs of small_parallel_enja "
    "select, 500 others test, and no sentence of either is learned from. {n:,} different sentences to learn from, put "
    "together anew in each pass into documents of several."
)

_RECORDED = (
    f"`{FILE}` has looks at the training, at logarithmically spaced steps from the untrained model on; the last is the "
    "model as stored. What it wrote after each example is held fixed and read by the model of each look. Loss, share "
    "of tokens more probable than any other and entropy of the last layer's heads are of "
    f"{LOOKED_AT} documents of the test part."
)


def _induction(found: Mapping[str, Any]) -> str:
    """Whether a head continues a repetition."""
    most, chance = max(found["heads"], key=lambda each: each["induction"]), found["chance"]
    formed = "An" if most["induction"] >= INDUCTION else "No"
    return (
        f"{formed} induction head formed (one with at least {INDUCTION:.0%} there). The most is "
        f"{most['induction']:.1%}, {most['induction'] / chance:.1f} times the even share, in head {most['head']} of "
        f"layer {most['layer']}."
    )


def held_out(sentences: Sequence[Sequence[int]], room: int) -> Ids:
    """Documents of a few sentences each, in their order, none twice, that fit."""
    found: Ids = []
    document: list[int] = []
    count = 0
    for sentence in sentences:
        if document and (count == HELD_OUT or len(document) + len(sentence) + 1 > room):
            found.append(document)
            document, count = [], 0
        document, count = [*document, *sentence], count + 1
    return [*found, document] if document else found


def perplexity(full: keras.Model, documents: Ids, room: int) -> float:
    """exp of the mean of −ln p over all pieces and end tokens."""
    total, count = 0.0, 0
    for start in range(0, len(documents), AT_ONCE):
        given, wanted = arrays(documents[start : start + AT_ONCE], room)
        logs: NDArray[np.float64] = log_softmax(np.asarray(full.predict_on_batch(given)["logits"]))
        own, there = np.take_along_axis(logs, wanted[..., None], -1)[..., 0], wanted > 0
        total, count = total - float(own[there].sum()), count + int(there.sum())
    return float(np.exp(total / max(count, 1)))


def _loaded(folder: Path) -> ContinuationModel:
    model = zoo.load(folder)
    assert isinstance(model, ContinuationModel)
    return model
