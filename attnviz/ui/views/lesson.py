"""A short lesson beside the picture, and a glossary of every term the page uses."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from attnviz.i18n import catalogue, translate
from attnviz.ui.context import Context

#: Chapters in the order they are told; their words are the messages `lesson.<chapter>` and `lesson.<chapter>_text`.
CHAPTERS = ("why", "steps", "published", "order", "query", "honest")

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
    for chapter in CHAPTERS:
        st.subheader(context.t(f"lesson.{chapter}"), anchor=False)
        st.markdown(context.t(f"lesson.{chapter}_text"))
        if chapter == "published":
            left, right = st.columns(2)
            left.markdown(f"**{context.t('lesson.as_published')}**")
            left.code(PUBLISHED.strip(), language="python", wrap_lines=True)
            right.markdown(f"**{context.t('lesson.as_here')}**")
            right.code(OURS.strip(), language="python", wrap_lines=True)
    st.subheader(context.t("lesson.glossary"), anchor=False)
    st.dataframe(glossary(context.language), hide_index=True, width="stretch", height="content", key="glossary")


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
