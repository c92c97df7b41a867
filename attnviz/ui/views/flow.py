"""Maps made of several heads or of more than weights: averages, rollout, weights times norms; each with its formula."""

from __future__ import annotations

import streamlit as st

from attnviz import figures
from attnviz.analysis.heads import maps
from attnviz.figures import describe
from attnviz.figures.maps import TOLD
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import chart
from attnviz.ui.controls.head import choose_head
from attnviz.ui.fields import Field

FIELDS = (Field("map", maps.MAPS, maps.MAPS[0]),)

FORMULAS: dict[maps.MapKey, str] = {
    "weights": r"A^{(l,h)} = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right)",
    "mean": r"\bar A^{(l)} = \frac{1}{H} \sum_{h=1}^{H} A^{(l,h)}",
    "all": r"\bar A = \frac{1}{L H} \sum_{l=1}^{L} \sum_{h=1}^{H} A^{(l,h)}",
    "rollout": r"R^{(l)} = \left(\tfrac{1}{2} \bar A^{(l)} + \tfrac{1}{2} I\right) R^{(l-1)} \qquad R^{(0)} = I"
    r" \qquad \bar A^{(l)} = \frac{1}{H} \sum_h A^{(l,h)}",
    "norms": r"\left\| a_{ij}\, v_j W_O^{(h)} \right\| = a_{ij} \left\| v_j W_O^{(h)} \right\|"
    r" \qquad v_j = x_j W_V^{(h)} + b_V^{(h)}",
}

#: What there is to choose of for each map.
PARTS: dict[maps.MapKey, tuple[str, ...]] = {
    "weights": ("layer", "head"),
    "mean": ("layer",),
    "all": (),
    "rollout": ("layer",),
    "norms": ("layer", "head"),
}


def render(context: Context) -> None:
    """Draw the view."""
    block, own = (trace.block(context.focus.block) for trace in (context.trace, context.whole))
    with st.container(key="map-choice", horizontal=True, vertical_alignment="center", gap="medium"):
        kind = _kind(context)
        choose_head(context, PARTS[kind])
    layer, head = context.focus.layer, context.focus.head
    layers, heads, _, keys = block.shape
    if kind in ("rollout", "norms"):
        text = context.whole.text if context.selected is None else context.selected.text
        norms = context.desk.value_norms(text, block.name, context.written) if kind == "norms" else None
        values = maps.shown(maps.values(own, kind, layer, head, norms), block)
        if block.parts is not None:
            st.caption(context.t("maps.own_tokens"))
    else:
        values = maps.values(block, kind, layer, head)
    if keys > TOLD:
        st.caption(context.t("maps.no_numbers", limit=TOLD))
    manner = {"language": context.language, "theme": context.theme}
    figure = figures.attention_map(block, values, kind, layer=layer, head=head, scale=context.state.scale, **manner)
    alt = describe.attention_map(context.trace, block, values, kind, layer, head, context.language)
    column = "weight" if kind == "weights" else kind
    chart(context, f"map-{kind}", figure, alt, lambda: maps.table(block, values, column))
    st.markdown(context.t(f"maps.{kind}_text", layer=layer + 1, layers=layers, heads=_averaged(kind, layers, heads)))
    st.latex(FORMULAS[kind])


def settle(context: Context) -> dict[str, str]:
    """Another map if this model does not have the one chosen."""
    offered = _offered(context)
    return {"map": context.state.map if context.state.map in offered else offered[0]}


def _offered(context: Context) -> tuple[maps.MapKey, ...]:
    own = context.whole.block(context.focus.block)
    return maps.offered(own, "norms" in context.abilities)


def _kind(context: Context) -> maps.MapKey:
    st.segmented_control(
        context.t("maps.choice"),
        _offered(context),
        format_func=lambda key: context.t(f"maps.{key}"),
        key="map",
        required=True,
        label_visibility="collapsed",
        width="content",
    )
    kind: maps.MapKey = context.state.map
    return kind


def _averaged(kind: maps.MapKey, layers: int, heads: int) -> int:
    return layers * heads if kind == "all" else heads
