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
        guided: Weight in the loss of teaching heads where to look, see `taught`; 0: none is taught.
        epochs: Passes over the scenes, each with other sentences.
        batch_size: Scenes of a step.
        sentences: About each scene of a step, in each language.
        learning_rate: Of Adam at its highest.
        warm_up: Share of the steps in which it rises.
        dropout: See `transformer.build`.
        label_smoothing: See `training.writing.Smoothed`.
        averaging: What is kept after a pass is a running mean over passes; this share of it is the older passes'.
        half: Train in bfloat16 where the machine is faster in it, with float32 variables.
        seed: Of initial weights, order, sentences and dropout.
    """

    scenes: int = 60_000
    features: int = 192
    layers: int = 3
    heads: int = 4
    hidden: int = 768
    attention: bool = True
    guided: float = 0.3
    epochs: int = 8
    batch_size: int = 32
    sentences: int = 2
    learning_rate: float = 1.5e-3
    warm_up: float = 0.05
    dropout: float = 0.0
    label_smoothing: float = 0.0
    averaging: float = 0.0
    half: bool = True
    seed: int = 1

    @property
    def taught(self) -> dict[str, tuple[int, int]]:
        """Layer and head of each look that is taught.

        Returns:
            `named`: while a word is written that is about a thing, at that thing; `next`: at every word, at the thing
            that is named next; `read`: after a word about a thing, at that thing. Each in a layer of its own where
            there are three: what was named, what is to be named and how they lie to each other is known before a word
            is chosen.
        """
        if not (self.guided and self.attention):
            return {}
        last = self.layers - 1
        return {"named": (last, 0), "next": (max(last - 1, 0), 1), "read": (0, 2)}

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
