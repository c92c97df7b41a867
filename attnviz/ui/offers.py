"""What a model and a trace offer: every question of that kind is answered here, and nowhere else."""

from __future__ import annotations

from attnviz.analysis.explain import cases
from attnviz.analysis.focus import Focus
from attnviz.errors import ModelError
from attnviz.families.card import ModelCard
from attnviz.trace import MASK_CAUSAL, AttentionBlock, AttentionTrace, Classification, Translation
from attnviz.ui import cache, models
from attnviz.ui.kept import MEGABYTE, kept

#: What a model offers, by the methods that make it.
OFFERS: dict[str, tuple[str, ...]] = {
    "writes": ("write",),
    "steps": ("parameters", "dense_parameters"),
    "norms": ("value_norms",),
    "reweights": ("reweighted",),
    "blanks": ("unknown_id",),
    "gradients": ("probabilities", "gradients", "embed"),
    "next token": ("next_token",),
}

#: Families whose models may hide more than their traces say, so that lifting a mask is always worth trying.
_FOREIGN = ("own", "wrapped")


@kept(MEGABYTE)
def of_model(name: str) -> frozenset[str]:
    """What a model offers whatever it is given."""
    found = {code for code, methods in OFFERS.items() if models.has(name, *methods)}
    return frozenset(found if "writes" in found else found | {"reordered"})


def of_trace(name: str, trace: AttentionTrace, own: AttentionTrace, focus: Focus) -> frozenset[str]:
    """What there is to see of a trace, in the codes that views and fields need.

    Args:
        name: Of the model.
        trace: As it is read.
        own: As the model gave it.
        focus: The row looked at.
    """
    card, offered = models.card(name), of_model(name)
    kind = trace.block(focus.block).kind
    found = {"trace", *(str(block.kind) for block in trace.blocks), *(offered - {"steps"})}
    if kind != "pooling":
        found.add("heads")
    if kind in ("self", "causal"):
        found.add("one sequence")
    if isinstance(trace.output, Classification):
        found.add("classification")
    if "pooling" in found and "steps" in offered:
        found.add("steps")
    if "classification" in found and "gradients" in offered:
        found.add("attribution")
        if cases.read(card.details.get("cases")):
            found.add("cases")
    if "cross" in found and isinstance(own.output, Translation) and own.output.tokens and "next token" in offered:
        found.add("attribution")
    cross = next((block for block in own.blocks if block.kind == "cross"), None)
    # A translation is held fixed token by token: it must have an end, and no piece that cannot be written.
    if not isinstance(own.output, Translation) or (own.output.finished and cross and not any(cross.query.unknown)):
        found.add("surgery")
    if recorded(name):
        found.add("learning")
    return frozenset(found)


def recorded(name: str) -> bool:
    """Whether there are looks at a model's training; the view of them says what is wrong where they cannot be read."""
    try:
        return cache.learning(name) is not None
    except ModelError:
        return True


def causal(block: AttentionBlock) -> bool:
    """Whether a look ahead is masked."""
    return block.mask is not None and bool((block.mask == MASK_CAUSAL).any())


def lifts(card: ModelCard, block: AttentionBlock) -> bool:
    """Whether there may be a mask to lift."""
    return causal(block) or card.family in _FOREIGN


def translates(card: ModelCard) -> bool:
    """Whether a model writes a translation; asked of cards, so that no model is loaded for a list of them."""
    return card.family == "translation"


def spaced(card: ModelCard) -> bool:
    """Whether there are blanks between the words of what a model reads, or of what it writes if it does."""
    return card.languages[-1:] != ("ja",)
