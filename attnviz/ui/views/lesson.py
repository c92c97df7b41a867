"""The way into the lectures, the published code beside ours, and a glossary of every term the page uses."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from attnviz import lectures
from attnviz.families.card import ModelCard
from attnviz.i18n import catalogue, translate
from attnviz.lectures import Lecture, Slide, in_language
from attnviz.ui import lecture
from attnviz.ui.context import Context
from attnviz.ui.controls.chart import ROW, table_height
from attnviz.ui.fields import Field
from attnviz.ui.words import literal

#: What can be looked at here.
PARTS = ("lecture", "published", "glossary")

FIELDS = (Field("part", PARTS, PARTS[0]),)

#: The published example, as it is widely copied.
PUBLISHED = """
class Attention(Layer):
    def build(self, input_shape):     # (B, T, F)
        self.W = self.add_weight(
            shape=(input_shape[-1], 1),
            initializer="random_normal")
        self.b = self.add_weight(     # (T,)
            shape=(input_shape[1],),
            initializer="zeros")

    def call(self, x):
        # (B, T, 1) + (T,) -> (B, T, T): the mistake
        score = K.dot(x, self.W) + self.b
        # column j has b_j everywhere: it cancels
        weights = K.softmax(score, axis=1)
        # runs only if T == 1, T == F or F == 1
        return K.sum(x * weights, axis=1)
"""


#: Ours in short; the view of the steps shows the layer's full lines.
OURS = """
class AttentionPooling(Layer):
    def build(self, input_shape):     # (B, T, F)
        self.kernel = self.add_weight(
            shape=(input_shape[-1], 1),
            initializer="random_normal")
        self.bias = self.add_weight(  # (max_length, 1)
            shape=(self.max_length, 1),
            initializer="zeros")

    def call(self, x, mask):
        # (B, T, 1) + (T, 1) -> (B, T, 1)
        scores = ops.matmul(x, self.kernel) + self.bias[:T]
        scores = ops.where(mask, scores[..., 0], -1e9)
        # padding gets exactly 0
        weights = ops.softmax(scores, axis=-1)
        return ops.einsum("bt,btf->bf", weights, x), weights
"""


def render(context: Context) -> None:
    """Draw the view."""
    st.segmented_control(
        context.t("lesson.part"),
        PARTS,
        format_func=lambda part: context.t(f"lesson.part_{part}"),
        key="part",
        required=True,
        label_visibility="collapsed",
    )
    {"lecture": _lectures, "published": _published, "glossary": _glossary}[context.state.part](context)


def begin(held: Lecture, card: ModelCard) -> Slide:
    """The slide that explains what a model is: the first of those that name most of what it has, and nothing else."""
    traits = {*card.kinds, *(["picture"] if card.takes != "text" else [])}
    told = [slide for slide in held.slides if slide.about and traits.issuperset(slide.about)]
    return max(told, key=lambda slide: len(slide.about), default=held.slides[0])


def _lectures(context: Context) -> None:
    st.markdown(context.t("lesson.text"))
    sound, wrong = lectures.every()
    for held in sound.values():
        with st.container(border=True, key=f"lecture-of-{held.name}"):
            _lecture(context, held)
    for error in wrong.values():
        st.error(literal(error.message(context.language)))
    st.caption(context.t("lesson.own"))


def _lecture(context: Context, held: Lecture) -> None:
    """One lecture: where this model is explained, from the beginning, its short form, and each of its slides."""
    language, here = context.language, begin(held, context.card)
    st.subheader(literal(in_language(held.title, language)), anchor=False)
    if held.summary:
        st.markdown(literal(in_language(held.summary, language)))
    length = "lesson.length" if held.minutes else "lesson.length_unknown"
    st.caption(context.t(length, slides=len(held.slides), minutes=held.minutes))

    def to(place: str, words: str, slide: Slide, kind: str, tour: bool = False) -> None:
        """A button that opens a slide."""
        click = partial(lecture.open_slide, held.name, slide.number, tour)
        st.button(words, key=f"{place}-{held.name}-{slide.number}", on_click=click, type=kind)  # type: ignore[arg-type]

    def named(slide: Slide) -> str:
        return literal(in_language(slide.title, language))

    with st.container(horizontal=True, gap="small", key=f"begin-{held.name}"):
        to("here", context.t("lesson.here", number=here.number, title=named(here)), here, "primary")
        if here.number > 1:
            to("start", context.t("lesson.start"), held.slides[0], "secondary")
        if held.tour:
            to("tour", context.t("lesson.tour", count=len(held.tour)), held.tour[0], "secondary", tour=True)
        st.download_button(
            context.t("lesson.file"),
            data=partial(lecture.as_file, held.name, language),
            file_name=f"attnviz-{held.name}-{language}.html",
            mime="text/html",
            key=f"file-{held.name}",
            on_click="ignore",
            help=context.t("lesson.file_help"),
        )
    with st.expander(context.t("lesson.slides")):
        for slide in held.slides:
            to("slide", f"{slide.number}\\. {named(slide)}", slide, "tertiary")


def _published(context: Context) -> None:
    st.subheader(context.t("lesson.published"), anchor=False)
    left, right = st.columns(2)
    left.markdown(f"**{context.t('lesson.as_published')}**")
    left.code(PUBLISHED.strip(), language="python", wrap_lines=True)
    right.markdown(f"**{context.t('lesson.as_here')}**")
    right.code(OURS.strip(), language="python", wrap_lines=True)
    st.markdown(context.t("lesson.published_text"))


def _glossary(context: Context) -> None:
    terms = glossary(context.language)
    height = table_height(len(terms))
    st.dataframe(terms, hide_index=True, width="stretch", key="glossary", height=height, row_height=ROW)


def glossary(language: str) -> pd.DataFrame:
    """Every term in English and Japanese with its meaning in the interface's language."""
    terms = [key.split(".")[1] for key in catalogue("en") if key.startswith("terms.")]
    return pd.DataFrame(
        {
            "English": [translate("en", f"terms.{term}") for term in terms],
            "日本語": [translate("ja", f"terms.{term}") for term in terms],
            translate(language, "lesson.meaning"): [translate(language, f"meanings.{term}") for term in terms],
        }
    )
