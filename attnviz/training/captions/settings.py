"""How a captioner is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CaptionSettings:
    """How a captioner is trained.

    Attributes:
        scenes: To learn from.
        features, layers, heads, hidden: The decoder, see `families.writing.transformer.build`.
        attention: With False, the mean of the regions takes the place of source–target attention.
        guided: Weight in the loss of teaching one head to look at the object a word is about; 0: none is taught.
        guided_layer, guided_head: Which.
        epochs: Passes over the scenes, each with other sentences.
        batch_size: Scenes of a step.
        sentences: About each scene of a step, in each language.
        learning_rate: Of Adam at its highest.
        warm_up: Share of the steps in which it rises.
        dropout: See `transformer.build`.
        label_smoothing: See `training.writing.Smoothed`.
        averaging: What is kept after a pass is a running mean over passes; this share of it is the older passes'.
        seed: Of initial weights, order, sentences and dropout.
    """

    scenes: int = 30_000
    features: int = 128
    layers: int = 3
    heads: int = 4
    hidden: int = 512
    attention: bool = True
    guided: float = 0.3
    guided_layer: int = 2
    guided_head: int = 0
    epochs: int = 7
    batch_size: int = 32
    sentences: int = 2
    learning_rate: float = 1e-3
    warm_up: float = 0.05
    dropout: float = 0.1
    label_smoothing: float = 0.0
    averaging: float = 0.4
    seed: int = 1

    def network(self) -> dict[str, Any]:
        """What `families.writing.transformer.build` takes, sizes of vocabularies, dropout and seed left out."""
        return {
            "features": self.features,
            "encoder_layers": 0,
            "decoder_layers": self.layers,
            "heads": self.heads,
            "hidden": self.hidden,
            "attention": self.attention,
        }
