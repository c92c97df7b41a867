"""The choice of the next operation on the weights: which, where, and with what."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.focus import Focus
from attnviz.analysis.surgery.codes import FORMS, INPUT, Name, Operation
from attnviz.drawings.pictured import things
from attnviz.trace import AttentionTrace
from attnviz.ui import offers, operations, session
from attnviz.ui.context import Context
from attnviz.ui.controls.temperature import TEMPERATURES

#: In the order they are offered; `set` is done in the table of weights.
OFFERED: tuple[Name, ...] = (
    *("uniform", "off", "permute", "random", "hot", "move", "temperature", "adversarial"),
    *("lift", "hide", "drop", "blank", "own"),
)

#: Where an operation reaches in a model of many heads.
SCOPES = ("row", "head", "heads", "layer", "all")

#: How far the prediction may move, in total variation.
EPSILONS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)

_TOKENS: tuple[Name, ...] = ("hide", "drop", "blank")


def offered(context: Context, own: AttentionTrace, focus: Focus) -> list[Name]:
    """The operations this model and text offer."""
    block = own.block(focus.block)
    found = list(OFFERED)
    if block.kind != "pooling" or "reweights" not in context.abilities:
        found.remove("adversarial")
    held = context.written is not None and "continues" not in context.abilities  # what is read at once can be lifted
    if held or not offers.lifts(context.card, block):
        found.remove("lift")
    if "blanks" not in context.abilities:
        found.remove("blank")
    return found


def choose_operation(context: Context, own: AttentionTrace, focus: Focus) -> None:
    """Draw the choice and its button; what is applied goes to the list of the session."""
    t, names = context.t, offered(context, own, focus)
    session.within("operation", names)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        operation: Name = st.selectbox(
            t("surgery.operation"), names, format_func=lambda name: t(f"operations.{name}"), key="operation", width=330
        )
        made = _made(context, own, focus, operation)
        st.button(
            t("surgery.apply"),
            key="operation-apply",
            type="primary",
            on_click=lambda: None if made is None else operations.add(made),
            disabled=made is None,
        )
    st.caption(t(f"operations.{operation}_text"))


def _made(context: Context, own: AttentionTrace, focus: Focus, name: Name) -> Operation | None:
    """The operation as it is chosen; None while something is missing."""
    form, t = FORMS[name], context.t
    place = _place(context, own, focus) if "L" in form.place else {}
    keys: tuple[int, ...] = ()
    to: tuple[int, ...] = ()
    value = seed = None
    word = ""
    tokens = own.block(focus.block).key.tokens
    if form.needs == "K":
        shown = {index: f"{index + 1} · {token}" for index, token in enumerate(tokens)}
        if name in _TOKENS:
            keys = _several(context, own, focus, t("surgery.tokens"), f"keys-{name}")
        elif name == "move":
            keys = _several(context, own, focus, t("surgery.from"), "keys-move")
            to = tuple(key for key in _several(context, own, focus, t("surgery.to"), "to-move") if key not in keys)
            if not to:
                return None
        else:
            chosen = st.selectbox(t("surgery.token"), list(shown), format_func=shown.__getitem__, key="key", width=200)
            keys = (chosen,)
        if not keys:
            return None
    if name == "temperature":
        values = [each for each in TEMPERATURES if each != 1]
        value = st.selectbox("τ", values, format_func=lambda tau: f"{tau:g}", key="tau", width=110)
    if name == "adversarial":
        value = st.selectbox("ε", EPSILONS, 2, format_func=lambda epsilon: f"{epsilon:g}", key="epsilon", width=110)
    if form.seed:
        seed = _next_seed(name)
    if name == "lift":
        words = [each for each in form.words if each != "causal" or offers.causal(own.block(focus.block))]
        word = st.selectbox(
            t("surgery.mask"), words, format_func=lambda each: t(f"surgery.mask_{each}"), key="mask", width=180
        )
    block = [each.name for each in own.blocks].index(focus.block)
    block_of = 0 if name in INPUT else block
    return Operation(name, block_of, **place, keys=keys, value=value, seed=seed, word=word, to=to)


def _several(context: Context, own: AttentionTrace, focus: Focus, label: str, key: str) -> tuple[int, ...]:
    """Several keys, one by one; of a composed picture a thing stands for all its regions."""
    block = own.block(focus.block)
    groups = things(own, block.key, context.language)
    names: dict[int, str] = {
        -1 - number: context.t("operations.thing", thing=name, count=len(regions))
        for number, (name, regions) in enumerate(groups.items())
    }
    names |= {index: f"{index + 1} · {token}" for index, token in enumerate(block.key.tokens)}
    chosen = st.multiselect(label, list(names), format_func=names.__getitem__, key=key)
    regions = list(groups.values())
    places = [place for each in chosen for place in (regions[-1 - each] if each < 0 else (each,))]
    return tuple(dict.fromkeys(places))


def _place(context: Context, own: AttentionTrace, focus: Focus) -> dict[str, tuple[int, ...]]:
    """Layers, heads and queries an operation is about."""
    block = own.block(focus.block)
    layers, heads, queries, _ = block.shape
    fitting = [
        scope
        for scope in SCOPES
        if (scope != "row" or queries > 1)
        and (scope not in ("heads", "layer") or heads > 1)
        and (scope != "head" or heads * layers > 1)
    ]
    if len(fitting) == 1:
        return {}
    t = context.t
    scope = st.selectbox(
        t("surgery.scope"),
        fitting,
        fitting.index("head") if "head" in fitting else 0,
        format_func=lambda each: t(f"surgery.scope_{each}"),
        key="scope",
        width=190,
    )
    if scope == "all":
        return {}
    place: dict[str, tuple[int, ...]] = {"layers": (focus.layer,) if layers > 1 else ()}
    if scope == "heads":
        chosen = st.multiselect(
            t("controls.heads"), range(heads), [focus.head], format_func=lambda index: str(index + 1), key="several"
        )
        return place | {"heads": tuple(each for each in chosen if each < heads) or (focus.head,)}
    if scope in ("row", "head") and heads > 1:
        place["heads"] = (focus.head,)
    if scope == "row":
        place["queries"] = (focus.query,)
    return place


def _next_seed(name: Name) -> int:
    """The number of operations of that name so far, and one: another draw each time, the same in the same link."""
    return 1 + sum(operation.name == name for operation in operations.listed())
