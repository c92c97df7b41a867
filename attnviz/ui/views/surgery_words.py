"""Operations in words, numbered and named as the page counts."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.analysis.surgery.codes import INPUT, Operation
from attnviz.drawings.pictured import things
from attnviz.trace import AttentionBlock, AttentionTrace
from attnviz.ui.context import Context

#: Most tokens that are named one by one.
_LISTED = 6


def said(context: Context, own: AttentionTrace, operation: Operation) -> str:
    """One operation in words: what, on which tokens, where.

    Args:
        context: The page.
        own: The model's own trace of the sentence, whose tokens are named.
        operation: May name places the sentence does not have.
    """
    t = context.t
    block = own.blocks[operation.block] if operation.block < len(own.blocks) else None
    what = t(
        f"operations.{operation.name}_said" + (f"_{operation.word}" if operation.word else ""),
        keys=_keys(context, own, block, operation.keys),
        to=_keys(context, own, block, operation.to),
        value="" if operation.value is None else f"{operation.value:g}",
        seed="" if operation.seed is None else operation.seed,
    )
    if operation.name in INPUT or block is None or block.kind == "pooling":
        return what
    return t("surgery.said", what=what, where=_where(context, own, operation))


def _where(context: Context, own: AttentionTrace, operation: Operation) -> str:
    t, queries = context.t, own.blocks[operation.block].query.tokens
    parts = [own.blocks[operation.block].name] if len(own.blocks) > 1 else []
    for name, places in (("layers", operation.layers), ("heads", operation.heads)):
        if places:
            parts.append(t(f"surgery.{name}_named", numbers=", ".join(str(place + 1) for place in places)))
    if operation.queries:
        named = [_named(context, queries, each) for each in operation.queries]
        parts.append(t("surgery.queries_named", tokens=t("alt.separator").join(named)))
    if not operation.layers and not operation.heads and not operation.queries:
        parts.append(t("surgery.everywhere"))
    return t("alt.separator").join(parts)


def _keys(context: Context, own: AttentionTrace, block: AttentionBlock | None, places: Sequence[int]) -> str:
    """Keys by name: the regions of a thing as that thing, of many the first few."""
    t = context.t
    axis = None if block is None else block.key
    for name, regions in things(own, axis, context.language).items():
        if set(places) == set(regions):
            return t("surgery.quoted_thing", thing=name)
    tokens = () if block is None else block.key.tokens
    listed = t("alt.separator").join(_named(context, tokens, key) for key in places[:_LISTED])
    rest = len(places) - _LISTED
    return t("operations.more", tokens=listed, count=rest) if rest > 0 else listed


def _named(context: Context, tokens: Sequence[str], place: int) -> str:
    """A token with its number, or the number alone where there is no such token."""
    if place >= len(tokens):
        return str(place + 1)
    return context.t("surgery.quoted", token=tokens[place], number=place + 1)
