"""How one model is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

#: Settings that say something of one family only.
_OWN = {
    "pooling": ("context_dropout", "hidden_dropout", "sharpness"),
    "encoder": ("dropout", "distillation", "guided"),
}


@dataclass(frozen=True)
class Settings:
    """How one model is trained.

    Attributes:
        epochs: Most passes over the training part.
        patience: Passes without a better validation figure after which training stops.
        batch_size: Sentences per step.
        learning_rate: Of Adam at its highest; it falls to zero along half a cosine.
        warm_up: Share of the steps in which the learning rate first rises from zero.
        weight_decay: Decoupled (AdamW). Pooling: on W alone, since a shorter W gives less sharp weights; encoder: on
            every matrix.
        averaging: What is kept after a pass is a running mean over passes; this share of it is the older passes'.
        word_dropout: Share of tokens shown as unknown, so that the unknown token learns what to be.
        feature_dropout: Dropout on the embedding vectors.
        context_dropout: Pooling: dropout on the context vector.
        hidden_dropout: Pooling: dropout on the hidden layer.
        dropout: Encoder: dropout on what each part adds, and on the [CLS] vector.
        distillation: Encoder: share of the teacher's probabilities in the targets of the training sentences; if there
            is one, mixtures of them are learned as well, see `distillation`. The teacher is the sibling, unless the
            recipe names a pretrained one.
        guided: Encoder: weight in the loss of teaching the last layer where to look: how far its [CLS] row, mean over
            heads, is from the weights of the sibling, which pools by attention (Kullback–Leibler divergence, nats).
        label_smoothing: Share of each target spread over all classes.
        auxiliary: Weight of the finer task in the loss; its head is thrown away.
        sharpness: Pooling: weight of the mean entropy of the attention weights (nats) in the loss: spread costs.
        balance: Weight classes by how rare they are, for macro accuracy.
        max_tokens: Longer training sentences are cut here, for speed.
        seed: Of initial weights, order and dropout.
    """

    epochs: int = 30
    patience: int = 8
    batch_size: int = 128
    learning_rate: float = 2e-3
    warm_up: float = 0.0
    weight_decay: float = 0.0
    averaging: float = 0.0
    word_dropout: float = 0.1
    feature_dropout: float = 0.3
    context_dropout: float = 0.0
    hidden_dropout: float = 0.3
    dropout: float = 0.0
    distillation: float = 0.0
    guided: float = 0.0
    label_smoothing: float = 0.05
    auxiliary: float = 0.0
    sharpness: float = 0.0
    balance: bool = False
    max_tokens: int = 64
    seed: int = 1

    def stated(self, family: str) -> dict[str, Any]:
        """What a card says of them: those that this family uses, the seed left out."""
        foreign = {name for other, names in _OWN.items() if other != family for name in names}
        return {key: value for key, value in asdict(self).items() if key not in foreign | {"seed"}}
