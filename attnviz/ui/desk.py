"""Where views ask for results: of the chosen model unless another is named, computed when asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from attnviz.analysis.explain.measures import Measures
from attnviz.analysis.focus import Focus
from attnviz.analysis.heads.alignment import Head
from attnviz.analysis.heads.roles import Similarity
from attnviz.analysis.reading import PiecesKey, SpecialKey
from attnviz.analysis.surgery.operations import Operated
from attnviz.errors import AttnvizError
from attnviz.families.card import ModelCard
from attnviz.families.model import Expected
from attnviz.trace import AttentionBlock, AttentionTrace, Axis, Steps
from attnviz.ui import cache, models, questions
from attnviz.ui.questions import Asked, OfCase, OfClass, OfMask, OfWritten
from attnviz.ui.way import OWN_WAY, Way

if TYPE_CHECKING:
    import numpy as np

    from attnviz.corpus import Measured
    from attnviz.families.learning import Learning
    from attnviz.figures import Figure

Tokens = tuple[str, ...] | None


@dataclass(frozen=True)
class Desk:
    """What can be asked for about one model.

    Attributes:
        model: Its name.
        language: In which it writes, where it has a choice.
    """

    model: str
    language: str = ""

    def names(self) -> list[str]:
        """Names of all models offered."""
        return models.names()

    def beside(self) -> list[str]:
        """Names of those that are the same but for one thing, and are shown beside it only."""
        return [card.name for card in models.beside().get(self.model, ())]

    def card(self, name: str) -> ModelCard:
        """The card of any of them."""
        return models.card(name)

    def trace(self, text: str, shuffle: int = 0, way: Way = OWN_WAY, model: str = "") -> AttentionTrace:
        """See `cache.trace`; of another model where one is named."""
        return cache.trace(model or self.model, text, shuffle, way, self.language)

    def read(self, trace: AttentionTrace, special: SpecialKey, pieces: PiecesKey) -> AttentionTrace:
        """Another reading of a trace."""
        return cache.read(trace, special, pieces)

    def readable(self, trace: AttentionTrace) -> tuple[bool, bool]:
        """Whether a trace has special tokens to hide, and pieces to merge."""
        return cache.readable(trace)

    def expected(self, text: str) -> Expected:
        """What is expected at each token of a text, see `cache.expected`."""
        return cache.expected(self.model, text)

    def axis(self, text: str) -> Axis:
        """The tokens of a text as the model reads it."""
        return cache.axis(self.model, text)

    def vocabulary(self) -> tuple[str, ...]:
        """Entries of the vocabulary that the model writes with."""
        return cache.vocabulary(self.model)

    def surgery(
        self, text: str, codes: Sequence[str], tokens: Tokens = None
    ) -> tuple[Operated, dict[int, AttnvizError]]:
        """The run after operations, see `cache.surgery`."""
        return cache.surgery(self.model, text, tuple(codes), tokens, self.language)

    def rewritten(self, text: str, codes: Sequence[str], tokens: tuple[str, ...]) -> AttentionTrace:
        """What would be written after operations, see `cache.rewritten`."""
        return cache.rewritten(self.model, text, tuple(codes), tokens, self.language)

    def uniform(self, text: str) -> AttentionTrace:
        """The run with all weights made equal."""
        return cache.uniform(self.model, text)

    def steps(self, text: str, weights: tuple[float, ...] | None = None) -> Steps:
        """The sum taken apart, see `cache.steps`."""
        return cache.steps(self.model, text, weights)

    def explain(self, text: str, focus: Focus, tokens: Tokens = None) -> Steps:
        """The arrays behind one row of weights."""
        return cache.explain(self.model, text, focus, tokens, self.language)

    def tempered(self, text: str, focus: Focus, temperature: float) -> AttentionTrace:
        """The run with one row at another temperature."""
        return cache.tempered(self.model, text, focus, temperature, self.language)

    def random_products(self, widths: tuple[int, ...], keys: int) -> NDArray[np.float64]:
        """q·k of random vectors, float64 `[width, draw, key]`."""
        return cache.random_products(widths, keys)

    def of_class(self, text: str, target: int, focus: Focus) -> Asked:
        """What the probability of a class depends on, beside attention of a row."""
        return OfClass(self.model, text, target, focus.layer, focus.head, focus.query)

    def of_mask(self, text: str, mask: int, token: str, focus: Focus) -> Asked:
        """What that of a token in the place of a mask depends on."""
        return OfMask(self.model, text, mask, token, focus.layer, focus.head)

    def of_case(self, text: str) -> Asked:
        """What the answer to a worked case depends on."""
        return OfCase(self.model, text)

    def of_written(self, text: str, way: Way, place: int, token: str, heads: tuple[Head, ...]) -> Asked:
        """What the probability of a written token depends on."""
        return OfWritten(self.model, text, way, place, token, heads, self.language)

    def values(self, asked: Asked) -> Measures:
        """All measures, without the curves along them, see `questions.values`."""
        return questions.values(asked)

    def measures(self, asked: Asked) -> Measures:
        """All measures and the curves."""
        return questions.measures(asked)

    def figure(self, draw: Callable[..., Figure], *what: Any, **how: Any) -> Figure:
        """A drawing, see `cache.figure`."""
        return cache.figure(draw, *what, **how)

    def similarity(self, block: AttentionBlock) -> Similarity:
        """How alike the heads of a block are."""
        return cache.similarity(block)

    def value_norms(self, text: str, block: str, tokens: Tokens = None) -> NDArray[np.float32]:
        """Norms of the projected values, float32 `[layer, head, key]`."""
        return cache.value_norms(self.model, text, block, tokens, self.language)

    def learning(self) -> Learning | None:
        """The looks at the model's training; None if there are none.

        Raises:
            ModelError: They cannot be read.
        """
        return cache.learning(self.model)

    def corpus(self) -> Measured | None:
        """What was measured of the model over a corpus; None if nothing was.

        Raises:
            ModelError: It cannot be read.
        """
        return cache.corpus(self.model)

    def parameters(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """W `[feature]` and b `[max_length]` of a pooling model."""
        return cache.parameters(self.model)

    def dense_parameters(self) -> dict[str, NDArray[np.float32]]:
        """Kernels and biases of its dense layers."""
        return cache.dense_parameters(self.model)
