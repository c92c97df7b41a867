"""The picture of what a model writes, and the heads shown in it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from attnviz.analysis.heads import alignment
from attnviz.analysis.heads.alignment import Head
from attnviz.drawings.pictured import Caption
from attnviz.drawings.writing import named
from attnviz.families.writing.subwords import SPECIAL, UNKNOWN_ID
from attnviz.figures import describe
from attnviz.trace import AttentionBlock, Written
from attnviz.ui import actions, session
from attnviz.ui.components.writing import writing
from attnviz.ui.context import Context
from attnviz.ui.controls.said import offered

#: Stands for what a typed text has and the vocabulary lacks.
UNKNOWN = SPECIAL[UNKNOWN_ID]


def shows(context: Context) -> bool:
    """Whether something is written about the selected sentence."""
    return context.selected is not None and isinstance(context.trace.output, Written)


def picture(context: Context, small: bool) -> None:
    """Draw it.

    Args:
        context: The page.
        small: Without the player, the map and the alternatives, where a view is drawn beneath.
    """
    block, state = written_block(context), context.state
    heads = chosen_heads(context, block)
    language = state.said if offered(context) else (context.card.languages or ("",))[-1]
    writing(
        context,
        Caption(context.trace, block, alignment.combined(block, heads), language),
        heads_name(context, block, heads),
        second=_second(context, heads),
        scale=state.scale,
        key=_key(context),
        start=_step(block, context.way.path[-1][0]) if context.way.path else 0,
        at=_step(block, state.at),
        rest=_rest(context, block, small),
        speed=state.speed if session.applied() and not small else 0,
        alt=in_words(context),
        text=state.text,
        small=small,
        on_event=actions.writing_changed,
    )


def in_words(context: Context) -> str:
    """The picture in words."""
    block = written_block(context)
    heads = chosen_heads(context, block)
    values, name = alignment.combined(block, heads), heads_name(context, block, heads)
    return describe.translation(context.trace, block, values, name, context.language)


def known(output: Written) -> list[int]:
    """Places of the tokens that the model can write, the end among them; what is typed may have others."""
    return [place for place, token in enumerate(output.tokens) if token != UNKNOWN]


def asked(output: Written, target: int) -> int:
    """The token whose reasons are asked for: where none was chosen, -1, the one to which the model gave the least
    probability, for there is most to ask about."""
    return target if target >= 0 else min(known(output), key=lambda place: float(output.log_probabilities[place]))


def _rest(context: Context, block: AttentionBlock, small: bool) -> int | None:
    """The word that is looked at once all is written: of the row that a view shows, or that was chosen in one."""
    output = context.whole.output
    if context.state.view == "attribution" and isinstance(output, Written):
        step = _step(block, asked(output, context.state.target))
        return step if step >= 0 else None
    shows = block.kind == "cross" and context.focus.block == block.name
    return context.focus.query if shows and (small or context.query is not None) else None


def _second(context: Context, heads: tuple[Head, ...]) -> Caption | None:
    """The caption in the other language, where both are wanted."""
    others = [code for code in offered(context) if code != context.state.said]
    if not (context.state.both and others and context.selected):
        return None
    trace = context.read(replace(context.desk, language=others[0]).trace(context.selected.text))
    block = alignment.written_rows(trace)
    return Caption(trace, block, alignment.combined(block, heads), others[0])


def written_block(context: Context) -> AttentionBlock:
    """The rows with which it was written."""
    return alignment.written_rows(context.trace)


def head_codes(block: AttentionBlock) -> list[str]:
    """All heads, as the field `cross` has them."""
    layers, heads, _, _ = block.shape
    return [f"{layer}.{head}" for layer in range(1, layers + 1) for head in range(1, heads + 1)]


def chosen_heads(context: Context, block: AttentionBlock) -> tuple[Head, ...]:
    """The heads that are shown together."""
    options = head_codes(block)
    listed = (each.split(".") for each in context.state.cross if each in options)
    chosen = tuple((int(layer) - 1, int(head) - 1) for layer, head in listed)
    return chosen or alignment.alignment_heads(block, context.card.details.get("alignment"))


def heads_name(context: Context, block: AttentionBlock, heads: tuple[Head, ...]) -> str:
    """What heads of a block are called together; an average is called one."""
    return named(context, block, heads, context.card.details.get("alignment"))


def _key(context: Context) -> str:
    """Names a translation, whatever is shown of it."""
    parts = (context.card.name, context.whole.text, context.written, context.way, context.state.pieces)
    special = context.state.special != "show"
    return hashlib.sha256(repr((*parts, special)).encode("utf-8", "replace")).hexdigest()[:16]


def _step(block: AttentionBlock, place: int) -> int:
    """The query shown that stands for a token of the translation; -1 for none."""
    return next((step for step, group in enumerate(alignment.groups(block)) if place in group), -1)
