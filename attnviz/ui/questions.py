"""What the page asks about a sentence – what its answer depends on – and what was found, kept between runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from attnviz import zoo
from attnviz.analysis.explain.measures import Measures, Question, about_class, about_mask
from attnviz.analysis.focus import focus
from attnviz.analysis.heads import alignment
from attnviz.families.card import ModelCard
from attnviz.families.model import Fills, Gradients, Writes
from attnviz.trace import Classification, Written
from attnviz.ui import cache, models
from attnviz.ui.kept import kept
from attnviz.ui.models import in_worker
from attnviz.ui.way import OWN_WAY, Way


class Asked(Protocol):
    """What is asked, as small plain values; hashable."""

    def task(self) -> Callable[[], Question]:
        """What makes the question where models run."""


@kept(cache.TRACES // 16)
def values(asked: Asked) -> Measures:
    """Attention, and what a probability depends on; without the curves, which are most of the work."""
    task = asked.task()
    return in_worker(lambda: task().values())


@kept(cache.TRACES // 16)
def measures(asked: Asked) -> Measures:
    """The same with the curves."""
    found, task = values(asked), asked.task()
    return in_worker(lambda: task().erased(found))


@dataclass(frozen=True)
class OfClass:
    """Of a class; layer, head and query as for `analysis.focus`."""

    name: str
    text: str
    target: int
    layer: int | None = None
    head: int | None = None
    query: int | None = None

    def task(self) -> Callable[[], Question]:
        """See `Asked`."""

        def asked() -> Question:
            model = zoo.load(self.name)
            encoded = model.encode(self.text)
            trace = model.run(encoded)
            row = focus(trace, self.layer, self.head, self.query)
            attention = row.row(trace)[[not special for special in row.keys(trace).special]]
            return about_class(model, encoded, self.target, attention)

        return asked


@dataclass(frozen=True)
class OfMask:
    """Of a token in the place of a mask, beside what the mask looks at in one head."""

    name: str
    text: str
    mask: int
    token: str
    layer: int
    head: int

    def task(self) -> Callable[[], Question]:
        """See `Asked`."""

        def asked() -> Question:
            model = zoo.load(self.name)
            encoded = model.encode(self.text)
            gap = cache.offering(model, Fills).gap(encoded, self.mask)
            row = model.run(encoded).blocks[0].weights[self.layer, self.head, gap.place]
            attention = row[[not special for special in gap.encoded.axis.special]]
            return about_mask(model, encoded, self.mask, self.token, attention)

        return asked


@dataclass(frozen=True)
class OfCase:
    """Of a worked case, as its figures on the card were taken: of the predicted class, over all heads."""

    name: str
    text: str

    def task(self) -> Callable[[], Question]:
        """See `Asked`."""

        def asked() -> Question:
            model = zoo.load(self.name)
            encoded = model.encode(self.text)
            output = model.run(encoded).output
            assert isinstance(output, Classification)
            return about_class(model, encoded, output.predicted)

        return asked


@dataclass(frozen=True)
class OfWritten:
    """Of a token that was written, beside source–target attention.

    Attributes:
        name: Of the model.
        text: The sentence.
        way: How what was written came about.
        place: Of the token in it; those before it stay as they are.
        token: Entry of the vocabulary: the one that stands there or another.
        heads: Whose mean row of weights is compared; the weight of the end token is left out.
        language: In which it writes, where it has a choice.
    """

    name: str
    text: str
    way: Way
    place: int
    token: str
    heads: tuple[alignment.Head, ...]
    language: str = ""

    def task(self) -> Callable[[], Question]:
        """See `Asked`."""
        shown = cache.trace(self.name, self.text, 0, self.way, self.language)

        def asked() -> Question:
            model = zoo.load(self.name)
            encoded = cache.encode(model, self.text, self.language)
            block = alignment.written_rows(shown)
            step = cache.offering(model, Writes).next_token(encoded, self.place, cache.written(shown))
            target = step.index(self.token)
            first = alignment.source_place(encoded.axis, block.key)
            return Question(
                encoded,
                alignment.combined(block, self.heads)[self.place, first : first + len(encoded.axis)],
                target,
                run=step.probabilities,
                gradients=lambda features: step.gradients(encoded, target, features),
                embed=step.embed,
                unknown=step.blank(encoded),
            )

        return asked


def first(card: ModelCard, text: str, language: str = "") -> Asked | None:
    """What may be asked first about a text, whatever is looked at: of the class predicted, or of the first token
    written; None where the model tells nothing of that kind."""
    trace, model = cache.trace(card.name, text, language=language), models.load(card.name)
    output = trace.output
    if isinstance(output, Classification) and isinstance(model, Gradients):
        return OfClass(card.name, text, output.predicted)
    if isinstance(output, Written) and output.tokens and isinstance(model, Writes):
        heads = alignment.alignment_heads(alignment.written_rows(trace), card.details.get("alignment"))
        return OfWritten(card.name, text, OWN_WAY, 0, output.tokens[0], heads, language)
    return None
