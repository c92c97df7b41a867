"""What every family promises (`attnviz/families/model.py`), shipped or made: each promise in words of its own."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import families, zoo
from attnviz.analysis.explain import measures
from attnviz.analysis.focus import focus
from attnviz.analysis.surgery import operations
from attnviz.analysis.surgery.codes import parse_all
from attnviz.errors import InputError
from attnviz.export import handout
from attnviz.families.model import Explains, Fills, Gradients, Model, Reweights, Values, Writes
from attnviz.i18n import translate
from attnviz.trace import AttentionTrace, Classification, Edit, Encoded, Filled, Picture, RegionAxis, Written
from tests.families import made
from tests.families.classifier import scene_folder
from tests.families.hub import hub_folders, test_filling
from tests.families.hub.hub_folders import make as hub_folder
from tests.families.own import own_folder
from tests.families.writing import caption_folder, continuation_folder
from tests.shipped import EVERY, card

#: Every family has a model here; a family that is added and not listed fails `test_every_family_is_here`.
MADE = tuple(module.NAME for module in made.MADE.values())
EVERYONE = (
    *EVERY,
    *MADE,
    "captions",
    "scenes",
    "own",
    "hub-bert",
    "hub-gpt2",
    "hub-llama",
    "masked",
    "gguf",
    "continuing",
    "wrapped",
)


#: What depends on a model's own words, labels and vocabulary.
OF_ALL = (
    "test_it_is_a_model",
    "test_encode_cleans_once_and_says_what_it_is",
    "test_a_trace_is_a_run_of_what_was_encoded",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of made models, known to the zoo."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        made.register(patch, folder)
        yield folder


@pytest.fixture(scope="module")
def loaded(place: Path) -> dict[str, tuple[Model, str]]:
    """Models by name, each with something it reads, as they are asked for."""
    return {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A covering design: every promise of every family; of shipped models of one family, which differ in their data,
    one is asked, by turns, but all where it is about what is read and what is told of it."""
    if "both" in metafunc.fixturenames:
        metafunc.parametrize("both", asked(metafunc.function.__name__), indirect=True)


def asked(test: str) -> tuple[str, ...]:
    """The models that a test is about."""
    if test in OF_ALL:
        return EVERYONE
    turn = PROMISES.index(test)
    alike = [siblings for siblings in _alike().values() if len(siblings) > 1]
    left_out = {each for of in alike for each in of if each != of[turn % len(of)]}
    return tuple(name for name in EVERYONE if name not in left_out)


def _alike() -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for name in EVERY:
        content = card(name)
        found.setdefault((content["family"], content.get("takes", "text")), []).append(name)
    return found


@pytest.fixture
def both(request: pytest.FixtureRequest, place: Path, loaded: dict[str, tuple[Model, str]]) -> tuple[Model, str]:
    name = request.param
    if name not in loaded:
        loaded[name] = _made(name, place)
    model, source = loaded[name]
    assert model.card.name, "a model says what it is"
    return model, source


def _made(name: str, place: Path) -> tuple[Model, str]:
    if name == "own":
        folder = own_folder.make(place / "own", own_folder.encoder(), labels=own_folder.LABELS)
        return attnviz.load(folder), "we saw the red car"
    if name == "captions":
        folder = caption_folder.make(place / name, seed=16)  # with which its captions come to an end
        return attnviz.load(folder), caption_folder.EXAMPLES[0]
    if name == "scenes":
        return attnviz.load(scene_folder.make(place / name)), scene_folder.EXAMPLES[0]
    if name == "continuing":
        return attnviz.load(continuation_folder.make(place / name)), continuation_folder.EXAMPLES[0]
    if name == "gguf":
        added = zoo.add(hub_folders.gguf(place / "tiny.gguf", hub_folders.llama("smollm")), "tiny-gguf")
        return attnviz.load(added), "the cat sat cats"
    if name == "masked":
        return attnviz.load(test_filling.filling("distilbert").write(place / name)), "the [MASK] sat cats"
    if name.startswith("hub-"):
        kind = name.removeprefix("hub-")
        return attnviz.load(hub_folder(kind).write(place / kind)), "the cat sat cats"
    if name == "wrapped":
        inner = attnviz.load(place / made.caption.NAME)
        return _wrapped(inner), "red,blue"
    model = attnviz.load(name)
    return model, model.card.examples[0]


def _wrapped(inner: Model) -> Model:
    import keras

    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(11, 21)(tokens)
    x = keras.layers.MultiHeadAttention(3, 7)(x, x)
    network = keras.Model(tokens, keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalAveragePooling1D()(x)))
    return attnviz.wrap(network, lambda text: (np.arange(1, 6)[None], list("abcde")))


def test_every_model_keeps_promises_and_every_family_all():
    families_of = {name: family for family, names in _alike().items() for name in names}
    for test in PROMISES:
        assert {families_of.get(name, name) for name in asked(test)} == {
            families_of.get(name, name) for name in EVERYONE
        }
    assert set(OF_ALL) < set(PROMISES)
    for name in EVERYONE:
        assert sum(name in asked(test) for test in PROMISES) >= len(OF_ALL) + (len(PROMISES) - len(OF_ALL)) // 3


def test_every_family_is_here(place):
    seen = {card.family for card in attnviz.models()} | {
        "own",
        "hub",
        "gguf",
        "caption",
        "continuation",
        "scene-pooling",
        "recorded",  # promises less: tests/families/test_recorded.py
    }
    assert seen >= set(families.FAMILIES), "a kind of model has no model in this test"


def test_it_is_a_model(both):
    model, _ = both
    assert isinstance(model, Model)
    assert model.card.to_dict()["name"] == model.card.name
    json.dumps(model.card.to_dict(), allow_nan=False)


def test_encode_cleans_once_and_says_what_it_is(both):
    model, source = both
    encoded = model.encode(source)
    assert isinstance(encoded, Encoded) and len(encoded.axis)
    again = model.encode(encoded.source)
    assert again.source == encoded.source and again.axis == encoded.axis
    picture = isinstance(encoded.source, Picture)
    assert picture == isinstance(encoded.axis, RegionAxis), "regions are of a picture, tokens of a text"
    assert encoded.text == (encoded.source.code if isinstance(encoded.source, Picture) else encoded.source.text)
    with pytest.raises(InputError) as caught:
        model.encode(" \x00 ")
    assert caught.value.code == "empty_text"


def test_a_trace_is_a_run_of_what_was_encoded(both):
    model, source = both
    one, other = model.trace(source), model.run(model.encode(source))
    assert isinstance(one, AttentionTrace) and one.blocks and one.model == model.card.name
    for a, b in zip(one.blocks, other.blocks, strict=True):
        np.testing.assert_allclose(a.weights, b.weights, atol=1e-6)
        np.testing.assert_allclose(a.weights.sum(-1), 1, atol=1e-5)
    assert [trace.text for trace in model.trace([source, source])] == [one.text] * 2
    assert not one.edited and not one.edits


def test_many_at_once_are_as_one_by_one(both):
    model, source = both
    longer = model.encode(source)
    shorter = longer.keep(range(max(1, len(longer.axis) - 2))) if not isinstance(longer.axis, RegionAxis) else longer
    if isinstance(model, Writes) or model.card.name in ("hub-bert", "wrapped") or model.card.family == "own":
        shorter = longer  # a batch is then a loop, and says the same of anything
    for batched, alone in zip(model.run_batch([longer, shorter]), map(model.run, (longer, shorter)), strict=True):
        for a, b in zip(batched.blocks, alone.blocks, strict=True):
            np.testing.assert_allclose(a.weights, b.weights, atol=2e-6)


def test_what_is_not_written_takes_no_target(both):
    model, source = both
    if isinstance(model, Writes):
        assert isinstance(model.trace(source).output, Written)
        return
    for options in ({"target": "x"}, {"prefix": ["x"]}, {"beam": 2}):
        with pytest.raises(InputError) as caught:
            model.trace(source, **options)
        assert caught.value.code == "no_target"


def test_dropping_moves_the_weights_with_the_labels(both):
    model, source = both
    encoded = model.encode(source)
    places = [place for place in range(len(encoded.axis)) if not encoded.axis.special[place]]
    own, gone = model.run(encoded), places[1]
    dropped = encoded.keep([place for place in range(len(encoded.axis)) if place != gone])
    trace = model.run(dropped)
    read = [n for n, block in enumerate(own.blocks) if encoded.axis.tokens[gone] in block.key.tokens]
    assert read, "what is read stands on an axis"
    if not isinstance(model, Writes):  # what is written may come out longer or shorter
        for n in read:
            assert trace.blocks[n].shape[3] == own.blocks[n].shape[3] - 1
    np.testing.assert_allclose(trace.blocks[read[0]].weights.sum(-1), 1, atol=1e-5)
    changed = [n for n in read if trace.blocks[n].shape != own.blocks[n].shape]
    assert changed or isinstance(model, Writes)
    with pytest.raises(InputError):
        encoded.keep([])


def test_edits_are_checked_and_put_in(both):
    model, source = both
    assert isinstance(model, Reweights), "every family so far takes edits"
    encoded = model.encode(source)
    own = model.run(encoded)
    block = next((each for each in own.blocks if each.kind == "cross"), own.blocks[0])
    queries, keys = block.shape[2:]
    mask = np.zeros((queries, keys)) if block.mask is None else np.broadcast_to(block.mask, block.shape)[0, 0]
    allowed = (mask == 0).astype(np.float32)
    edit = Edit(block.name, np.where(mask == 0, allowed / allowed.sum(-1, keepdims=True), np.nan), label="uniform")
    model.check(encoded, [edit])
    options = {"prefix": own.output.tokens} if isinstance(own.output, Written) else {}
    changed = model.run(encoded, edits=[edit], **options).block(block.name)
    assert changed.edited
    expected = np.broadcast_to(np.nan_to_num(edit.weights), changed.shape[1:])
    np.testing.assert_allclose(changed.weights[0], expected, atol=1e-5)
    shapeless = Edit(block.name, np.ones((1, 1, 1), np.float32))
    for wrong in (Edit("nothing", edit.weights), Edit(block.name, edit.weights, layer=99), shapeless):
        with pytest.raises(InputError):
            model.check(encoded, [wrong])


def test_what_explains_gives_the_weights_it_shows(both):
    model, source = both
    assert isinstance(model, Explains), "every family so far explains"
    encoded = model.encode(source)
    trace = model.run(encoded)
    chosen = focus(trace)
    steps = model.explain(encoded, chosen.block, chosen.layer, chosen.head, chosen.query)
    np.testing.assert_allclose(steps["weights"], chosen.row(trace), atol=2e-6)
    scores = steps["scores"].astype(np.float64)
    powers = np.exp(scores - scores.max())
    np.testing.assert_allclose(powers / powers.sum(), steps["weights"], atol=2e-6)
    with pytest.raises(InputError):
        model.explain(encoded, "nothing")
    with pytest.raises(InputError):
        model.explain(encoded, chosen.block, 99)


def test_what_has_gradients_can_be_attributed(both):
    model, source = both
    encoded = model.encode(source)
    own = model.run(encoded).output
    if isinstance(model, Writes):
        assert isinstance(own, Written)
        step = model.next_token(encoded, 0, own.tokens)
        assert isinstance(step, Gradients)
        target, offered = step.index(own.tokens[0]), step
        shares = step.probabilities([encoded])[0]
        assert shares[target] == pytest.approx(np.exp(own.log_probabilities[0]), rel=1e-3)
    elif isinstance(model, Gradients) and isinstance(own, Classification):
        target, offered = own.predicted, model
        np.testing.assert_allclose(model.probabilities([encoded])[0], own.probabilities, atol=1e-6)
        taken = measures.of_classifier(model, encoded, target)
        assert np.isfinite(taken.values["integrated"]).all()
    elif isinstance(model, Fills) and isinstance(own, Filled):
        step = model.gap(encoded, 0)
        assert isinstance(step, Gradients)
        token, log = own.alternatives[0][0]
        target, offered, encoded = step.index(token), step, step.encoded
        assert step.probabilities([encoded])[0, target] == pytest.approx(np.exp(log), rel=1e-3)
    else:
        return
    features = offered.embed(encoded)
    assert len(features) == len(encoded.axis)
    gradients = offered.gradients(encoded, target)
    assert gradients.shape == (1, *features.shape) and np.abs(gradients).max() > 0
    blank = offered.blank(encoded)
    assert blank is not None, "what is left out needs something in its place"
    nothing = encoded.replace([0], blank)
    assert nothing.axis.unknown[0] and nothing.axis.tokens == encoded.axis.tokens


def test_values_have_norms(both):
    model, source = both
    if isinstance(model, Values):
        encoded = model.encode(source)
        norms, block = model.value_norms(encoded), model.run(encoded).blocks[0]
        assert norms.shape == (*block.shape[:2], block.shape[3]) and (norms > 0).all()


def test_what_writes_writes_a_token_at_a_time_what_it_writes_at_once(both):
    model, source = both
    if not isinstance(model, Writes):
        return
    encoded = model.encode(source)
    trace = model.run(encoded)
    assert isinstance(trace.output, Written) and trace.output.kind == model.writes
    assert set(trace.output.tokens) <= set(model.vocabulary)
    for place, (token, log) in enumerate(zip(model.write(encoded), trace.output.log_probabilities, strict=True)):
        assert token.token == trace.output.tokens[place] and token.log_probability == pytest.approx(log, abs=1e-4)
        for name, row in token.rows.items():
            block = trace.block(name)
            query = block.shape[2] - len(trace.output.tokens) + place
            np.testing.assert_allclose(block.weights[:, :, query, : row.shape[-1]], row, atol=1e-5)
    given = trace.output.tokens[:2]
    assert model.run(encoded, prefix=given).output.tokens[:2] == given
    read = model.run(encoded, target=" ".join(["a"] * 3) if model.spaced else "私は")
    assert isinstance(read.output, Written) and (read.output.finished or model.writes == "continuation")
    with pytest.raises(InputError):
        model.run(encoded, prefix=["no such token at all"])
    with pytest.raises(InputError):
        model.run(encoded, beam=99)


def test_beam_search_writes_what_can_be_read_again(both):
    model, source = both
    if not isinstance(model, Writes):
        return
    encoded = model.encode(source)
    trace = model.run(encoded, beam=3)
    fixed = model.run(encoded, prefix=trace.output.tokens)
    np.testing.assert_allclose(trace.output.log_probabilities, fixed.output.log_probabilities, atol=1e-4)
    for a, b in zip(trace.blocks, fixed.blocks, strict=True):
        np.testing.assert_allclose(a.weights, b.weights, atol=1e-5)


@pytest.mark.parametrize("codes", ["uniform", "temperature-3", "random-2", "hide-K1", "drop-K1"])
def test_operations_go_through_every_kind(both, codes):
    model, source = both
    encoded, given = model.encode(source), parse_all(codes)[0]
    own = model.run(encoded)
    options = {"prefix": own.output.tokens} if isinstance(own.output, Written) else {}
    done = operations.perform(model, encoded, given, **options)
    assert done.trace.edited
    for block in done.trace.blocks:
        assert np.isfinite(block.weights).all()
    on_own = operations.on_own_axes(own, done, own.blocks[0].name)
    assert on_own.shape == own.blocks[0].shape
    if codes == "hide-K1":
        assert not done.trace.blocks[0].weights[..., 1].any()


def test_the_json_of_a_trace_says_its_source(both):
    model, source = both
    data = json.loads(model.trace(source).to_json())
    assert data["source"]["kind"] in ("text", "picture") and data["text"]
    for block in data["blocks"]:
        for side in ("query", "key"):
            regions = block[side].get("kind") == "regions"
            assert ("boxes" in block[side]) == regions and ("tokens" in block[side]) != regions
    frame = model.trace(source).to_frame()
    assert set(frame["block"]) == {block["name"] for block in data["blocks"]}


def test_a_handout_tells_its_row_number_by_number(both):
    (model, source), language = both, "ja"
    encoded = model.encode(source)
    trace = model.run(encoded)
    row = focus(trace, block=trace.blocks[-1].name)
    own = handout.taken_apart(model, encoded, trace, row)
    assert (own.steps is not None) == isinstance(model, Explains)
    page = handout.page(trace, model.card, own, row, address="http://hall:8501/?model=a", language=language).decode()
    assert page.count("<section>") == 2 and not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert ('id="picture"' in page) is isinstance(row.keys(trace), RegionAxis)
    if own.steps is not None:
        last = re.findall(r"<tr.*?</tr>", page[: page.rindex("</small></p>")])
        sums = next(each for each in reversed(last) if translate(language, "handout.sum") in each)
        assert "<td>1.000</td>" in sums, "the weights of the row, those printed and those put together, add up"


def test_a_damaged_folder_of_a_made_family_is_refused(place):
    for module in made.MADE.values():
        copy = module.write(place / "damaged")
        (copy / "weights.npz").write_bytes(b"")
        with pytest.raises(attnviz.ModelError):
            zoo.load(copy)


#: The tests that ask every family, in order: the turn of each.
PROMISES = [
    name
    for name, test in list(globals().items())
    if inspect.isfunction(test) and name.startswith("test_") and "both" in inspect.signature(test).parameters
]
