"""How one model of the next word is trained."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.families.writing.decoder import Shape


@dataclass(frozen=True)
class NextWordSettings:
    """How one model of the next word is trained.

    Attributes:
        size: Entries of the vocabulary of pieces.
        features, layers, heads, groups, hidden: The network, see `families.writing.decoder.Shape`.
        room: Tokens of a document, the start token counted.
        sentences: Most sentences of a document.
        repeated: Share of documents in which random pieces stand twice: what an induction head is learned from.
        again: Share of documents in which a sentence comes back.
        epochs: Passes over the sentences.
        batch_size: Documents per step.
        learning_rate: Of Adam at its highest: a rise from zero, then a straight line back to zero.
        warm_up: Share of the steps in which it rises.
        averaging: What is measured and kept is a running mean over passes; this share of it is the older passes'.
        dropout: On vectors and on what each part adds.
        seed: Of initial weights, documents and dropout.
    """

    size: int = 6000
    features: int = 192
    layers: int = 4
    heads: int = 6
    groups: int = 6
    hidden: int = 512
    room: int = 96
    sentences: int = 12
    repeated: float = 0.1
    again: float = 0.1
    epochs: int = 16
    batch_size: int = 32
    learning_rate: float = 2e-3
    warm_up: float = 0.05
    averaging: float = 0.5
    dropout: float = 0.1
    seed: int = 7

    def config(self, size: int) -> dict[str, int]:
        """The card's `config` for a vocabulary of a size."""
        sizes = {name: getattr(self, name) for name in ("features", "layers", "heads", "groups", "hidden", "room")}
        return {"size": size, **sizes}

    def shape(self, size: int) -> Shape:
        """The network for a vocabulary of a size."""
        return Shape(
            size=size,
            features=self.features,
            layers=self.layers,
            heads=self.heads,
            groups=self.groups,
            head_size=self.features // self.heads,
            hidden=self.hidden,
        )
