"""How one translation model is trained."""

from __future__ import annotations

from dataclasses import dataclass

#: Hypotheses kept where translations are searched for.
BEAM = 8


@dataclass(frozen=True)
class TranslationSettings:
    """How one translation model is trained.

    Attributes:
        source_size, target_size: Entries of the vocabularies of pieces.
        features, encoder_layers, decoder_layers, heads, hidden: The network, see `families.writing.transformer.build`.
        epochs: Passes over the training pairs.
        batch_size: Pairs per step.
        learning_rate: Of Adam at its highest: a rise from zero, then a straight line back to zero.
        warm_up: Share of the steps in which it rises.
        averaging: What is measured and kept is a running mean over passes; this share of it is the older passes'.
        dropout: On vectors and on what each part adds.
        label_smoothing: Share of each target spread over the vocabulary.
        pair_dropout: Share of the source's byte pairs left unmerged in training, so that a word is seen in several
            pieces (Provilkov, Emelianenko and Voita 2020).
        written_pair_dropout: The same of the target's. A model that learned to write a word in several ways may begin
            it in one and go on in another, and writes a part of it twice.
        guided: Weight of the alignment in the loss: one head of source–target attention is taught to look where the
            word aligner says (Chen et al. 2016; Garg et al. 2019). 0: none is.
        guided_layer, guided_head: Which, from 0.
        attention: With False, the mean of the encoder's states takes the place of source–target attention.
        recurrent: With True, `recurrent.build` in the place of the Transformer; of the network's sizes it takes
            `features` and `encoder_layers`, and it has one head in one layer.
        half: Train in bfloat16 where the machine is faster in it, with float32 variables.
        seed: Of initial weights, order and dropout.
    """

    source_size: int = 6000
    target_size: int = 5000
    features: int = 256
    encoder_layers: int = 3
    decoder_layers: int = 3
    heads: int = 4
    hidden: int = 768
    epochs: int = 24
    batch_size: int = 128
    learning_rate: float = 1e-3
    warm_up: float = 0.08
    averaging: float = 0.6
    dropout: float = 0.2
    label_smoothing: float = 0.1
    pair_dropout: float = 0.1
    written_pair_dropout: float = 0.0
    guided: float = 0.1
    guided_layer: int = 1
    guided_head: int = 0
    attention: bool = True
    recurrent: bool = False
    half: bool = True
    seed: int = 7

    def network(self) -> dict[str, int | bool]:
        """What `families.writing.transformer.build` takes, dropout and seed left out."""
        names = ("features", "encoder_layers", "decoder_layers", "heads", "hidden", "attention")
        return {name: getattr(self, name) for name in names}
