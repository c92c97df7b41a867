"""The obvious app: what one writes in ten minutes to see attention weights. The measure for the page's latency."""

from typing import Any

import keras
import numpy as np
import plotly.express as px
import streamlit as st

import attnviz


@st.cache_resource
def load() -> tuple:
    shipped: Any = attnviz.load("topics-en")
    _, weights = shipped.model.get_layer("attention_pooling").output
    return shipped, keras.Model(shipped.model.input, [shipped.model.output, weights])


shipped, model = load()
text = st.text_input("Sentence", "please book a table for two")
encoded = shipped.encode(text)
tokens = list(encoded.axes["tokens"].tokens)
prediction, weights = model(encoded.inputs["tokens"])
weights = np.array(weights).reshape(1, -1)

st.plotly_chart(px.imshow(weights, x=tokens, y=["weight"], text_auto=".2f", color_continuous_scale="Blues"))
st.plotly_chart(px.bar(x=tokens, y=weights[0]))
st.write(shipped.card.labels[int(np.argmax(prediction))])
