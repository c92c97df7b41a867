"""What a model and a trace offer: every question of that kind is answered here, and nowhere else."""

from __future__ import annotations

from attnviz.analysis.explain import cases
from attnviz.analysis.focus import Focus
from attnviz.analysis.heads.alignment import written_rows
from attnviz.errors import AttnvizError, ModelError
from attnviz.families.card import ModelCard
from attnviz.families.model import Expects, Explains, Fills, Gradients, Parameters, Reweights, Searches, Values, Writes
from attnviz.trace import MASK_CAUSAL, AttentionBlock, AttentionTrace, Classification, Filled, Written
from attnviz.ui import cache, models
from attnviz.ui.kept import MEGABYTE, kept

#: What a model offers, by the protocol that says so.
OFFERS: dict[str, type] = {
    "writes": Writes,
    "continues": Expects,
    "explains": Explains,
    "edits": Reweights,
    "steps": Parameters,
    "norms": Values,
    "reweights": Searches,
    "gradients": Gradients,
}


@kept(MEGABYTE)
def of_model(name: str) -> frozenset[str]:
    """What a model offers whatever it is given."""
    model = models.load(name)
    found = {code for code, protocol in OFFERS.items() if isinstance(model, protocol)}
    if model.blanks:
        found.add("blanks")
    if "language" in model.encoding:
        found.add("said")
    if model.separator:
        found.add("pairs")
    in_order = "writes" in found or models.card(name).takes != "text" or not model.reorders
    return frozenset(found if in_order else found | {"reordered"})


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
    if isinstance(trace.output, Filled):
        found |= {"filled", "attribution"} if isinstance(models.load(name), Fills) else {"filled"}
    if "pooling" in found and "steps" in offered:
        found.add("steps")
    if "classification" in found and "gradients" in offered:
        found.add("attribution")
        if cases.read(card.details.get("cases")):
            found.add("cases")
    if isinstance(own.output, Written) and own.output.tokens:
        found |= {"written", "attribution"} if "writes" in offered else {"written"}
    if "edits" in offered and _fixed(own):
        found.add("surgery")
    if recorded(name):
        found.add("learning")
    if measured(name):
        found.add("corpus")
    return frozenset(found)


def _fixed(own: AttentionTrace) -> bool:
    """Whether what is written can be held fixed token by token: it has an end, and no piece that cannot be written."""
    output = own.output
    if not isinstance(output, Written):
        return True
    ends = output.finished or output.kind == "continuation"  # which is as long as it is asked to be
    unknown = any(written_rows(own).query.unknown) or any(each.code == "target_unknown" for each in own.notices)
    return ends and not unknown


def recorded(name: str) -> bool:
    """Whether there are looks at a model's training; the view of them says what is wrong where they cannot be read."""
    try:
        return cache.learning(name) is not None
    except ModelError:
        return True


def measured(name: str) -> bool:
    """Whether a model was measured over a corpus; the view of it says what is wrong where that cannot be read."""
    try:
        return cache.corpus(name) is not None
    except AttnvizError:
        return True


def causal(block: AttentionBlock) -> bool:
    """Whether a look ahead is masked."""
    return block.mask is not None and bool((block.mask == MASK_CAUSAL).any())


def lifts(card: ModelCard, block: AttentionBlock) -> bool:
    """Whether there may be a mask to lift."""
    return causal(block) or not models.load(card.name).tells_masks


def separator(card: ModelCard) -> str:
    """What is typed between two sentences."""
    return models.load(card.name).separator


def spaced(card: ModelCard) -> bool:
    """Whether there are blanks between the words of what a model writes, as its pieces say."""
    model = models.load(card.name)
    return isinstance(model, Writes) and model.spaced
