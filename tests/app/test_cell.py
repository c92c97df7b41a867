"""One row taken apart, on a model that runs: every number again from the tables that are saved, and what is live."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from attnviz import zoo
from attnviz.analysis.focus import Focus, focus
from attnviz.families.own.wrapped import WrappedModel, wrap
from attnviz.i18n import languages, translate
from attnviz.trace import MASK_CAUSAL, AttentionBlock, AttentionTrace, Classification, Step, Steps
from attnviz.ui import cache, models, offers
from attnviz.ui.controls import chart
from attnviz.ui.views import cell, cell_why
from tests.app.page import Page
from tests.many import many_headed

LAYERS, HEADS, SIZE = 2, 3, 7
MODEL, TEXT = "many-heads", "the cat sat on it"
KEYS = 6

Saved = dict[str, pd.DataFrame]


@pytest.fixture(scope="module", autouse=True)
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The page offers a model of random weights."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("models")
        many_headed(place, MODEL, layers=LAYERS, heads=HEADS, size=SIZE)
        patch.setenv("ATTNVIZ_MODELS", str(place))
        models.forget()
        yield
    models.forget()


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> Saved:
    """Every table of the last run as it is read back from its CSV file, the closed ones too."""
    found: Saved = {}

    def keep(frame: pd.DataFrame, key: str, context: object) -> None:
        file = io.StringIO(frame.to_csv(index=False, float_format=chart.NUMBER))
        found[key] = pd.read_csv(file)

    def numbers(context: object, key: str, table: Callable[[], pd.DataFrame], name: str = "") -> None:
        keep(table(), key, context)

    for module in (chart, cell, cell_why):
        monkeypatch.setattr(module, "data_table", keep)
    for module in (chart, cell):
        monkeypatch.setattr(module, "numbers", numbers)
    return found


def page(**address: str) -> Page:
    """The view with all that it draws on demand."""
    asked = {"model": MODEL, "text": TEXT, "view": "cell", "layer": "1", "head": "2", "query": "3"}
    return Page(**{**asked, "root": "1", "cost": "1", **address})


def vectors(frame: pd.DataFrame) -> np.ndarray:
    """The numbers of a matrix, without position and token."""
    return frame.drop(columns=["position", "token"]).to_numpy(np.float64)


def probabilities(trace: AttentionTrace) -> np.ndarray:
    assert isinstance(trace.output, Classification)
    return trace.output.probabilities


def wrapped(layer: Callable[..., Any], **call: Any) -> WrappedModel:
    """A model of Keras' own layers around one attention layer."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = keras.layers.Embedding(19, 13, mask_zero=True)(tokens)
    pooled = keras.layers.GlobalAveragePooling1D()(layer(x, x, **call))
    model = keras.Model(tokens, keras.layers.Dense(2, activation="softmax")(pooled))
    generator = np.random.default_rng(3)
    for variable in model.trainable_variables:
        variable.assign(generator.normal(0, 0.6, variable.shape))

    def encode(text: str) -> tuple[np.ndarray, list[str]]:
        ids = [1 + sum(map(ord, word)) % 17 for word in text.split()]
        return np.array([[*ids, *[0] * (11 - len(ids))]], np.int32), text.split()

    return wrap(model, encode)


KINDS: dict[str, Callable[[], WrappedModel] | None] = {
    "encoder": None,
    "many heads, no look ahead": lambda: wrapped(
        keras.layers.MultiHeadAttention(HEADS, SIZE, value_dim=5), use_causal_mask=True
    ),
    "grouped queries": lambda: wrapped(keras.layers.GroupQueryAttention(SIZE, 6, HEADS)),
}


@pytest.mark.parametrize("temperature", ["1", "0.3"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_number_follows_from_the_saved_tables(
    saved: Saved, monkeypatch: pytest.MonkeyPatch, kind: str, temperature: str
):
    make = KINDS[kind]
    if make is not None:
        made = make()
        for name in ("trace", "explain", "tempered"):
            monkeypatch.setattr(cache, name, getattr(cache, name).__wrapped__)
        monkeypatch.setattr(offers, "of_model", offers.of_model.__wrapped__)
        monkeypatch.setattr(zoo, "load", {MODEL: made}.__getitem__)
    shown = page(layer="1" if make is None else "0", temperature=temperature, lang="en")
    trace = cache.trace(MODEL, TEXT)
    keys = len(trace.blocks[0].key)
    q, k, v = (vectors(saved[f"cell-{part}"]) for part in ("query", "key", "value"))
    table, context = saved["cell-softmax"], vectors(saved["cell-context"])
    assert (len(q), len(k), len(v), len(context)) == (1, keys, keys, keys + 1)
    assert shown.state("temperature") == float(temperature)

    products = (k @ q.T)[:, 0]
    scores = products / np.sqrt(SIZE)
    seen = (table["exponential"] != 0).to_numpy()
    assert seen.tolist() == [kind != "many heads, no look ahead" or key <= 3 for key in range(keys)]
    own, powers = np.exp(scores) * seen, np.exp(scores / float(temperature)) * seen
    for column, expected in (
        ("product", products),
        ("scaled", scores),
        ("weight", powers / powers.sum()),
        ("exponential", powers / powers.max()),
        ("sum", (powers / powers.max()).sum()),
        ("model", own / own.sum()),
    ):
        np.testing.assert_allclose(table[column], expected, atol=1e-5, err_msg=column)
    np.testing.assert_allclose(table["score"][seen].astype(float), scores[seen], atol=1e-5)
    np.testing.assert_allclose(context[:-1], table["weight"].to_numpy()[:, None] * v, atol=1e-5)
    np.testing.assert_allclose(context[-1], context[:-1].sum(0), atol=1e-5)
    np.testing.assert_allclose(vectors(saved["cell-output"])[0], context[-1] @ vectors(saved["cell-kernel"]), atol=1e-5)
    layer = 1 if make is None else 0
    np.testing.assert_array_equal(table["model"].to_numpy(np.float32), trace.blocks[0].weights[layer, 2, 3])
    if temperature != "1":
        edited = cache.tempered(MODEL, TEXT, focus(trace, layer, 2, 3), float(temperature))
        np.testing.assert_allclose(edited.blocks[0].weights[layer, 2, 3], table["weight"], atol=1e-5)
        change = np.abs(probabilities(edited) - probabilities(trace)).max()
        # The encoder answers from [CLS]: another query of its last layer leads nowhere.
        assert (change == 0) == (make is None)
        assert any("does not rest on this row" in words for words in shown.markdown()) == (make is None)


def test_at_another_temperature_it_says_so_and_the_model_goes_on_from_that_row(saved: Saved):
    shown = page(temperature="0.2", lang="en")
    table = saved["cell-softmax"]
    powers = np.exp((table["score"] - table["score"].max()) / 0.2)
    np.testing.assert_allclose(table["weight"], powers / powers.sum(), atol=1e-5)
    assert np.abs(table["weight"] - table["model"]).max() > 0.05
    np.testing.assert_allclose(
        vectors(saved["cell-context"])[-1], table["weight"] @ vectors(saved["cell-value"]), atol=1e-5
    )
    assert any("no longer the model's own" in message for message in shown.messages())

    own = cache.trace(MODEL, TEXT)
    edited = cache.tempered(MODEL, TEXT, focus(own, 1, 2, 3), 0.2)
    np.testing.assert_allclose(edited.blocks[0].weights[1, 2, 3], table["weight"], atol=1e-5)
    untouched = np.ones((LAYERS, HEADS, KEYS), bool)
    untouched[1, 2, 3] = False
    np.testing.assert_allclose(edited.blocks[0].weights[untouched], own.blocks[0].weights[untouched], atol=1e-6)
    prediction = saved["cell-prediction"]
    np.testing.assert_allclose(prediction["model"], probabilities(own), atol=1e-6)
    np.testing.assert_allclose(prediction["probability"], probabilities(edited), atol=1e-6)


def test_at_the_models_own_temperature_nothing_is_said(saved: Saved):
    shown = page(lang="en")

    assert not any("no longer" in message for message in shown.messages())
    assert "cell-prediction" not in saved


def test_a_row_of_the_class_token_changes_the_prediction():
    own = cache.trace(MODEL, TEXT)
    changed = probabilities(cache.tempered(MODEL, TEXT, focus(own, 1, 2, 0), 10.0))

    assert np.abs(changed - probabilities(own)).max() > 1e-5


@pytest.mark.parametrize("language", languages())
def test_masked_keys_are_named_and_hatched(saved: Saved, monkeypatch: pytest.MonkeyPatch, language: str):
    own_trace, own_steps = cache.trace, cache.explain

    def causal(name: str, text: str, shuffle: int = 0, *_: object) -> AttentionTrace:
        trace = own_trace(name, text)
        (block,) = trace.blocks
        later = np.triu(np.ones((KEYS, KEYS), bool), 1)
        weights = np.where(later, 0, block.weights)
        weights /= weights.sum(-1, keepdims=True)
        mask = np.where(later, MASK_CAUSAL, 0).astype(np.int8)
        made = AttentionBlock(block.name, "causal", block.query, block.key, weights, mask)
        return AttentionTrace(name, trace.source, (made,), trace.output)

    def steps(name: str, text: str, chosen: Focus, *_: object) -> Steps:
        found = own_steps(name, text, chosen)
        scores = found["scores"].copy()
        scores[4:] = -1e9
        weights = causal(name, text).blocks[0].weights[1, 2, 3]
        new = {"scores": scores, "weights": weights}
        return Steps(
            tuple(Step(s.name, new.get(s.name, s.values), s.axes, s.formula) for s in found.items if s.name != "output")
        )

    monkeypatch.setattr(cache, "trace", causal)
    monkeypatch.setattr(cache, "explain", steps)
    shown = page(lang=language)
    table = saved["cell-softmax"]

    none, later, masked = (translate(language, key) for key in ("masks.0", "masks.2", "cell.masked"))
    assert table["mask"].tolist() == [none] * 4 + [later] * 2
    assert table["score"].tolist()[4:] == [masked] * 2
    assert table["exponential"].tolist()[4:] == [0, 0]
    powers = np.exp(table["score"][:4].astype(float))
    np.testing.assert_allclose(table["weight"][:4], powers / powers.sum(), atol=1e-5)
    np.testing.assert_allclose(table["weight"], table["model"], atol=1e-5)
    bars = next(figure for figure in shown.figures() if figure["data"][-1].get("name") == later)
    assert bars["data"][-1]["marker"]["pattern"]["shape"] == "/"
    assert "cell-kernel" not in saved


def test_the_length_of_the_vectors_is_live_and_random_is_called_random(saved: Saved):
    shown = page(lang="en")
    assert shown.state("width") == SIZE
    words = " ".join(shown.markdown())
    assert "random" in words and "seed 1" in words and "7 (the model)" not in words
    spread = saved["cell-growth"].set_index("d")["spread"]
    assert list(spread.index) == [1, 2, 4, 7, 8, 16, 32, 64, 128, 256, 512]

    shown.choose("width", 256)
    first = saved["cell-random"]
    plain = np.exp(first["product"] - first["product"].max())
    scaled = np.exp((first["product"] - first["product"].max()) / 16)
    np.testing.assert_allclose(first["plain"], plain / plain.sum(), atol=1e-6)
    np.testing.assert_allclose(first["scaled_weight"], scaled / scaled.sum(), atol=1e-6)
    assert first["plain"].max() > first["scaled_weight"].max()
    assert shown.settings()["width"] == "256"
    assert Page(model=MODEL, text=TEXT, view="cell", width="256").state("width") == 256

    here = saved["cell-saturation"].set_index("d")
    products = vectors(saved["cell-key"]) @ vectors(saved["cell-query"])[0]
    powers = np.exp((products - products.max()) / 16)
    assert here.loc[256, "largest"] == pytest.approx((powers / powers.sum()).max(), abs=1e-5)


def test_why_and_what_it_costs_are_drawn_on_demand(saved: Saved):
    on_demand = {"cell-growth", "cell-random", "cell-saturation", "cell-cost"}
    shown = page(root="0", cost="0", lang="en")
    assert not on_demand & set(saved) and shown.settings()["root"] == "0"
    assert sum("float32" in words for words in shown.markdown()) == 1
    folded = len(shown.figures())

    for name, drawn in (("root", 2), ("cost", 3)):
        shown.choose(name, True)
        assert shown.address()[name] == "1" and "width" not in shown.address()
        assert len(shown.figures()) == folded + drawn
    assert on_demand <= set(saved)

    shown.choose("root", False)
    assert "root" not in shown.address() and len(shown.figures()) == folded + 1


def test_a_link_to_a_length_shows_what_it_does(saved: Saved):
    shown = Page(model=MODEL, text=TEXT, view="cell", width="64")
    assert "cell-growth" in saved and shown.settings()["root"] == "1"
    shown.choose("root", False)
    assert shown.address()["root"] == "0"


def test_an_impossible_length_gives_way_to_the_models_own():
    assert page(width="13").state("width") == SIZE


@pytest.mark.parametrize(("text", "length"), [(TEXT, KEYS), ("the cat sat", 4)])
def test_the_cost_follows_the_sentence(saved: Saved, text: str, length: int):
    shown = page(text=text, lang="en", query="1")
    table = saved["cell-cost"]
    here = table[table["tokens"] == length].iloc[0]

    assert here.tolist() == [length, length**2, LAYERS * HEADS * length**2, 4 * LAYERS * HEADS * length**2]
    said = next(words for words in shown.markdown() if "float32" in words)
    assert re.sub(r"\\", "", said).startswith(f"{length} tokens: {length**2} weights a head")


def test_a_long_sentence_is_drawn_in_part_and_its_tables_are_whole(saved: Saved):
    shown = page(text="the cat sat on it " * 12, lang="en")

    assert len(saved["cell-key"]) == len(saved["cell-softmax"]) == 61
    assert any("Drawn are the 40 keys" in message for message in shown.messages())
    drawn = [len(figure["data"][0]["y"]) for figure in shown.figures()][:3]
    assert drawn == [1, 40, 40]


@pytest.mark.parametrize("language", languages())
def test_every_figure_has_words(language: str):
    shown = page(lang=language, temperature="3")

    assert len(shown.alternatives()) >= 9 and all(shown.alternatives())
    assert Path(cell.__file__).stem == shown.state("view")
