"""A training as a chart: weights over the looks, curves below, one look marked, one scale for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz import figures
from attnviz.analysis.compare import learning as looks
from attnviz.analysis.focus import Focus
from attnviz.analysis.scales import SCALES, ScaleKey, normalise
from attnviz.figures import describe
from attnviz.figures.learning import CURVES, step_name
from attnviz.i18n import languages, translate
from attnviz.trace import AttentionBlock, AttentionTrace, Classification, Text, TokenAxis, Written
from tests.learned import STEPS, Looks
from tests.shipped import pooled

TOKENS = ("<b>one</b>", "two", "%{x}", "four", "five")
GENERATOR = np.random.default_rng(5)


@pytest.fixture
def learned() -> Looks:
    weights = GENERATOR.dirichlet(np.ones(5), size=len(STEPS))
    traces = tuple(pooled(TOKENS, row.tolist(), GENERATOR.dirichlet(np.ones(3)).tolist()) for row in weights)
    loss, accuracy, entropy = GENERATOR.random((3, len(STEPS))).astype(np.float32)
    return Looks(np.array(STEPS), loss, accuracy, entropy, (" ".join(TOKENS),), (traces,))


@pytest.fixture
def values(learned: Looks) -> np.ndarray:
    return looks.rows(learned.traces[0], Focus("pooling"))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("scale", SCALES)
def test_every_look_is_a_column_on_one_scale(learned: Looks, values: np.ndarray, scale: ScaleKey, language: str):
    keys = learned.traces[0][0].blocks[0].key
    heat, *curves = figures.learning(learned, values, keys, 3, scale=scale, language=language).data

    shares = values / values.max() if scale == "row" else normalise(values, scale)
    np.testing.assert_allclose(np.array(heat.z), shares.T, rtol=1e-12)
    assert (heat.zmin, heat.zmax) == (0, 1)
    assert heat.colorbar.title.text == translate(language, f"learning.colour_{scale}")
    for curve, name in zip(curves, CURVES, strict=True):
        np.testing.assert_array_equal(curve.y, getattr(learned, name))
        assert list(curve.x) == list(heat.x) == list(range(len(STEPS)))
        assert f"{getattr(learned, name)[2]:.9g}" in curve.hovertext[2]


@pytest.mark.parametrize("look", [0, 4, len(STEPS) - 1])
def test_the_look_is_framed_and_the_ends_are_named_on_the_axis(learned: Looks, values: np.ndarray, look: int):
    figure = figures.learning(learned, values, learned.traces[0][0].blocks[0].key, look)

    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (look - 0.5, look + 0.5, 0, 1)
    axis = figure.layout.xaxis4
    assert (axis.tickvals[0], axis.ticktext[0]) == (0, "0")
    assert (axis.tickvals[-1], axis.ticktext[-1]) == (len(STEPS) - 1, str(STEPS[-1]))
    assert axis.range == (-0.5, len(STEPS) - 0.5)


def test_many_looks_leave_room_between_the_steps_named(values: np.ndarray):
    steps = np.arange(48)
    flat = np.zeros(48, np.float32)
    many = Looks(steps, flat, flat, flat, (), ())
    figure = figures.learning(many, np.full((48, 2), 0.5), TokenAxis.of(["a", "b"]), 0)

    named = np.array(figure.layout.xaxis4.tickvals)
    assert {0, 47} <= set(named)
    assert np.diff(named).min() >= 4


def test_markup_in_tokens_and_titles_stays_text(learned: Looks, values: np.ndarray):
    figure = figures.learning(learned, values, learned.traces[0][0].blocks[0].key, 0, title="<i>query</i>")

    assert "<b>" not in str(figure.layout.yaxis.ticktext) + str(figure.data[0].hovertext)
    assert "<i>" not in figure.layout.title.text


@pytest.mark.parametrize("language", languages())
def test_the_ends_of_a_training_are_named_and_so_told(learned: Looks, values: np.ndarray, language: str):
    named = [step_name(learned.steps, look, language) for look in range(len(STEPS))]
    assert len(set(named)) == len(STEPS)  # the shipped model is another than that of the last step
    keys = learned.traces[0][0].blocks[0].key

    words = describe.learning(learned, values, keys, learned.traces[0][0], "", language)
    assert learned.sentences[0] in words
    first, last = (keys.tokens[row.argmax()] for row in (values[0], values[-1]))
    assert first in words
    assert last in words


def test_a_mean_is_that_of_the_heads_named():
    weights = GENERATOR.dirichlet(np.ones(5), size=(3, 2, 7, 5)).astype(np.float32)  # look, layer, head, query
    axis = TokenAxis.of(TOKENS)
    output = Classification(("a", "b"), np.array([0.5, 0.5]))
    blocks = (AttentionBlock("encoder", "self", axis, axis, look) for look in weights)
    traces = [AttentionTrace("by-hand", Text(" ".join(TOKENS)), (block,), output) for block in blocks]
    row = Focus("encoder", 1, 5, 3)

    np.testing.assert_array_equal(looks.rows(traces, row), weights[:, 1, 5, 3])
    np.testing.assert_allclose(
        looks.rows(traces, row, [(1, 2), (0, 6)]), weights[:, [1, 0], [2, 6], 3].mean(axis=1), rtol=1e-6
    )


def test_the_tables_hold_what_is_drawn(learned: Looks, values: np.ndarray):
    cells = looks.table(learned.steps, learned.traces[0][0].blocks[0].key, values)
    curves = looks.curves(learned, learned.traces[0], ("x", "y", "z"))

    cell = cells[(cells["look"] == 4) & (cells["position"] == 2)].iloc[0]
    assert (cell["step"], cell["token"], cell["weight"]) == (STEPS[3], "two", values[3, 1])
    assert len(cells) == values.size
    assert curves["step"].to_list() == list(STEPS)
    outputs = [trace.output for trace in learned.traces[0] if isinstance(trace.output, Classification)]
    assert curves["probability"].to_list() == [output.probabilities.max() for output in outputs]
    assert curves["class"].to_list() == ["xyz"[output.predicted] for output in outputs]


WRITTEN = tuple(f"written {'on ' * look}" for look in range(len(STEPS)))


def written_traces() -> list[AttentionTrace]:
    """One translation of four tokens, read at every look."""
    query, key = TokenAxis.of(("un", "deux", "trois", "fin")), TokenAxis.of(TOKENS)
    traces = []
    for weights in GENERATOR.dirichlet(np.ones(5), size=(len(STEPS), 3, 2, 4)):
        output = Written("translation", "un deux trois", query.tokens, np.log(GENERATOR.random(4)))
        block = AttentionBlock("source-target", "cross", query, key, weights)
        traces.append(AttentionTrace("by-hand", Text(" ".join(TOKENS)), (block,), output))
    return traces


@pytest.mark.parametrize("language", languages())
def test_curves_of_a_translation_are_of_tokens_and_so_told(learned: Looks, values: np.ndarray, language: str):
    traces = written_traces()
    whole = replace(learned, traces=(tuple(traces),), written=(WRITTEN,))
    keys = traces[0].blocks[0].key

    titles = [each.text for each in figures.learning(whole, values, keys, 2, language=language).layout.annotations]
    assert titles[-3:] == [translate(language, f"learning.{name}_tokens") for name in CURVES]
    words = describe.learning(whole, values, keys, traces[0], "", language, WRITTEN)
    assert all(text in words for text in ("un deux trois", WRITTEN[0], WRITTEN[-1]))


def test_what_several_tokens_make_up_has_the_product_of_their_probabilities():
    traces = written_traces()
    shares = looks.probabilities(traces, ((0,), (1, 2), (3,)))

    for row, trace in zip(shares, traces, strict=True):
        assert isinstance(trace.output, Written)
        one, two, three, four = np.exp(trace.output.log_probabilities.astype(np.float64))
        np.testing.assert_allclose(row, [one, two * three, four], rtol=1e-6)


def test_the_table_of_a_translation_has_what_was_read_and_what_was_written(learned: Looks):
    traces = written_traces()
    frame = looks.curves(learned, traces, (), WRITTEN)

    assert list(frame) == ["look", "step", "loss", "most_probable", "entropy", "translation_log_probability", "written"]
    assert frame["written"].to_list() == list(WRITTEN)
    assert frame["most_probable"].to_list() == learned.accuracy.tolist()
    logs = [trace.output.log_probabilities for trace in traces if isinstance(trace.output, Written)]
    np.testing.assert_allclose(frame["translation_log_probability"], np.sum(logs, axis=1), rtol=1e-5)
    shares = looks.table(learned.steps, traces[0].blocks[0].query, np.exp(logs), "probability")
    cell = shares[(shares["look"] == 3) & (shares["position"] == 2)].iloc[0]
    assert (cell["step"], cell["token"]) == (STEPS[2], "deux")
    assert cell["probability"] == np.exp(logs[2][1])
