"""Results of runs, kept between runs of the page, with their keys in sight. Keys are small plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from attnviz import zoo
from attnviz.analysis import reading
from attnviz.analysis.explain import cell
from attnviz.analysis.focus import Focus
from attnviz.analysis.heads import roles
from attnviz.analysis.heads.roles import Similarity
from attnviz.analysis.surgery.codes import INPUT, parse
from attnviz.analysis.surgery.operations import Operated, begin, then
from attnviz.corpus import shelf
from attnviz.errors import AttnvizError, InputError
from attnviz.families.model import Expected, Expects, Explains, Model, Parameters, Values, Writes
from attnviz.trace import AttentionBlock, AttentionTrace, Axis, Edit, Encoded, Steps, Written
from attnviz.ui import models, photos
from attnviz.ui.kept import MEGABYTE, kept
from attnviz.ui.models import in_worker
from attnviz.ui.way import OWN_WAY, Way

if TYPE_CHECKING:
    from attnviz.corpus import Measured
    from attnviz.families.learning import Learning
    from attnviz.figures import Figure

T = TypeVar("T")

#: Bytes counted for a drawing.
FIGURE = 100_000

#: Bytes counted for what was measured over a corpus.
RESULT = 2 * MEGABYTE

#: Bytes of traces to keep: three of 512 tokens and 72 heads (75 MB each), or thousands of short ones.
TRACES = 256 * MEGABYTE


@kept(TRACES)
def trace(name: str, text: str, shuffle: int = 0, way: Way = OWN_WAY, language: str = "") -> AttentionTrace:
    """Trace of one sentence.

    Args:
        name: Of the model.
        text: The sentence.
        shuffle: Above 0, its tokens in the order drawn from that seed.
        way: For a model that writes.
        language: In which it writes, where it has a choice; empty leaves it to the model, here and below.

    Raises:
        InputError: Whatever the model says; `no_such_index` for a path that leads nowhere.
    """
    options: dict[str, Any] = {}
    if way.path:
        place, token = way.path[-1]
        before = written(trace(name, text, 0, replace(way, path=way.path[:-1], target=""), language))
        if before is None or not 0 <= place < len(before):
            raise InputError("no_such_index", what="token", received=place, last=len(before or ()) - 1)
        options["prefix"] = (*before[:place], token)
    if way.target:
        options = {"target": way.target}
    elif way.beam > 1:
        options["beam"] = way.beam
    if not way.target:
        options |= {name: value for name, value in (("sampling", way.sampling), ("length", way.length)) if value}

    def task() -> AttentionTrace:
        model = zoo.load(name)
        encoded = encode(model, text, language)
        return model.run(_shuffled(encoded, shuffle), **options)

    return in_worker(task)


def written(trace: AttentionTrace) -> tuple[str, ...] | None:
    """The tokens of a translation; None for any other output."""
    return trace.output.tokens if isinstance(trace.output, Written) else None


@kept(TRACES // 16)
def expected(name: str, text: str) -> Expected:
    """What a model that continues a text expects at each of its tokens, and after the last."""

    def task() -> Expected:
        model = zoo.load(name)
        return offering(model, Expects).expected(model.encode(text))

    return in_worker(task)


@kept(MEGABYTE)
def axis(name: str, text: str) -> Axis:
    """The tokens of a text as a model reads it."""
    return in_worker(lambda: zoo.load(name).encode(text).axis)


def vocabulary(name: str) -> tuple[str, ...]:
    """Entries of the vocabulary that a model writes with."""
    return in_worker(lambda: offering(zoo.load(name), Writes).vocabulary)


@kept(TRACES // 2)
def operated(
    name: str, text: str, codes: tuple[str, ...], tokens: tuple[str, ...] | None = None, language: str = ""
) -> Operated:
    """A model's run after operations, those on the input first.

    Args:
        name: Of the model.
        text: The sentence.
        codes: Of the operations.
        tokens: What a model that writes is to have written, whatever it would write now.

    Raises:
        InputError: An operation does not fit.
    """
    listed = [parse(code) for code in codes]
    options: dict[str, Any] = {} if tokens is None else {"prefix": tokens}
    if not listed or listed[-1].name in INPUT:
        model = zoo.load
        return in_worker(lambda: begin(model(name), encode(model(name), text, language), listed, **options))
    before = operated(name, text, codes[:-1], tokens, language)  # not inside a worker, which would wait for another
    return in_worker(lambda: then(zoo.load(name), before, listed[-1], **options))


def surgery(
    name: str, text: str, codes: tuple[str, ...], tokens: tuple[str, ...] | None = None, language: str = ""
) -> tuple[Operated, dict[int, AttnvizError]]:
    """A model's run after those operations that fit this text.

    Returns:
        The run; by its place in `codes`, why an operation was left out.
    """
    done: tuple[str, ...] = ()
    left_out: dict[int, AttnvizError] = {}
    order = sorted(range(len(codes)), key=lambda index: parse(codes[index]).name not in INPUT)
    for index in order:
        try:
            operated(name, text, (*done, codes[index]), tokens, language)
            done = (*done, codes[index])
        except InputError as error:
            left_out[index] = error
    return operated(name, text, done, tokens, language), left_out


@kept(TRACES // 4)
def rewritten(
    name: str, text: str, codes: tuple[str, ...], tokens: tuple[str, ...], language: str = ""
) -> AttentionTrace:
    """What a model that writes makes of a sentence by itself with the weights that operations left behind.

    Args:
        name: Of the model.
        text: The sentence.
        codes: Of operations that fit.
        tokens: The translation the operations were carried out on.
    """
    done = operated(name, text, codes, tokens, language)

    def task() -> AttentionTrace:
        model = zoo.load(name)
        # What can always go on goes on as far as what was there.
        more: dict[str, Any] = {"length": len(tokens)} if isinstance(model, Expects) else {}
        return model.run(done.encoded, edits=done.trace.edits, **more)

    return in_worker(task)


def read(trace: AttentionTrace, special: reading.SpecialKey, pieces: reading.PiecesKey) -> AttentionTrace:
    """Another reading of a trace."""
    if (special, pieces) == (reading.SPECIAL[0], reading.PIECES[0]):
        return trace
    return _read(trace, special, pieces)


@kept(TRACES // 2)
def _read(trace: AttentionTrace, special: reading.SpecialKey, pieces: reading.PiecesKey) -> AttentionTrace:
    return reading.read(trace, special, pieces)


@kept(TRACES // 4)
def readable(trace: AttentionTrace) -> tuple[bool, bool]:
    """Whether a trace has special tokens to hide, and pieces to merge."""
    return reading.has_special(trace), reading.has_pieces(trace)


@kept(TRACES // 16)
def uniform(name: str, text: str) -> AttentionTrace:
    """The same model with every weight of the sentence made equal."""

    block = trace(name, text).blocks[0]
    edit = Edit(block.name, np.full((1, len(block.key)), 1 / len(block.key), np.float32), label="uniform")

    def task() -> AttentionTrace:
        model = zoo.load(name)
        return model.run(model.encode(text), edits=(edit,))

    return in_worker(task)


@kept(TRACES // 16)
def steps(name: str, text: str, weights: tuple[float, ...] | None = None) -> Steps:
    """The sum taken apart; with `weights`, the model's own computation from those weights on."""

    def task() -> Steps:
        model = zoo.load(name)
        encoded = model.encode(text)
        edits = () if weights is None else (Edit("pooling", np.array([weights], np.float32), label="temperature"),)
        return offering(model, Explains).explain(encoded, edits=edits)

    return in_worker(task)


@kept(TRACES // 16)
def explain(name: str, text: str, focus: Focus, tokens: tuple[str, ...] | None = None, language: str = "") -> Steps:
    """The arrays behind one row of weights; `tokens` are those a model that writes has written."""

    def task() -> Steps:
        model = zoo.load(name)
        place = (focus.block, focus.layer, focus.head, focus.query)
        return offering(model, Explains).explain(encode(model, text, language), *place, tokens=tokens)

    return in_worker(task)


@kept(TRACES // 4)
def tempered(name: str, text: str, focus: Focus, temperature: float, language: str = "") -> AttentionTrace:
    """The model's run with one row of weights as it is at another temperature, and all else its own."""
    own = trace(name, text, language=language)
    weights = np.array(own.block(focus.block).weights[focus.layer, focus.head])
    weights[focus.query] = cell.changed(explain(name, text, focus, language=language), temperature)
    edit = Edit(focus.block, weights, focus.layer, focus.head, "temperature")

    def task() -> AttentionTrace:
        model = zoo.load(name)
        return model.run(encode(model, text, language), edits=(edit,))

    return in_worker(task)


@kept(TRACES // 16)
def random_products(widths: tuple[int, ...], keys: int) -> NDArray[np.float64]:
    """q·k of random vectors, float64 `[width, draw, key]`."""
    return cell.random_products(widths, keys)


@kept(TRACES // 8, size=lambda figure: FIGURE)
def figure(draw: Callable[..., Figure], *what: Any, **how: Any) -> Figure:
    """A drawing, made once for all who look at the same; who changes it takes a copy.

    Args:
        draw: A function of `attnviz.figures`.
        *what, **how: For it, hashable.
    """
    drawn = draw(*what, **how)
    whole = drawn.to_dict()
    # Streamlit asks for it in every run, and Plotly would copy all of it each time.
    drawn.to_dict = lambda: whole
    return drawn


@kept(TRACES // 4)
def similarity(block: AttentionBlock) -> Similarity:
    """How alike the heads of a block are."""
    return roles.similarity(block)


@kept(TRACES // 16)
def value_norms(
    name: str, text: str, block: str = "", tokens: tuple[str, ...] | None = None, language: str = ""
) -> NDArray[np.float32]:
    """Norms of the projected values, float32 `[layer, head, key]`, of a model that offers them.

    Args:
        name: Of the model.
        text: The sentence.
        block: Of which block, and
        tokens: what was written, for a model that writes.
    """

    def task() -> NDArray[np.float32]:
        model = zoo.load(name)
        return offering(model, Values).value_norms(encode(model, text, language), block, tokens)

    return in_worker(task)


@kept(TRACES // 16)
def learning(name: str) -> Learning | None:
    """The looks at a model's training; None if there are none.

    Raises:
        ModelError: They cannot be read.
    """
    return in_worker(lambda: zoo.learning(name))


@kept(TRACES // 16, size=lambda found: RESULT)
def corpus(name: str) -> Measured | None:
    """What was measured of a model over a corpus; None if nothing was.

    Raises:
        ModelError: It cannot be read.
    """
    return shelf.find(models.card(name))


@kept(TRACES // 16)
def parameters(name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """W `[feature]` and b `[max_length]` of a pooling model."""
    return in_worker(lambda: offering(zoo.load(name), Parameters).parameters())


@kept(TRACES // 16)
def dense_parameters(name: str) -> dict[str, NDArray[np.float32]]:
    """Kernels and biases of the dense layers of a pooling model."""
    return in_worker(lambda: offering(zoo.load(name), Parameters).dense_parameters())


def offering(model: Model, protocol: type[T]) -> T:
    """A model as something it offers; views are drawn only where `attnviz.ui.offers` says that it does."""
    if not isinstance(model, protocol):
        raise TypeError(f"Expected a model that offers {protocol.__name__}. Received: {model.card.name}")
    return model


def encode(model: Model, text: str, language: str) -> Encoded:
    """A text or picture as a model takes it, to be written about in a language where it has a choice."""
    own = model.card.takes == "photo" and photos.is_own(text)
    return model.encode_in(photos.find(text) if own else text, language if "language" in model.encoding else "")


def _shuffled(encoded: Encoded, seed: int) -> Encoded:
    return encoded.keep(shuffled_order(len(encoded.axis), seed)) if seed else encoded


def shuffled_order(length: int, seed: int) -> list[int]:
    """A seeded order of the positions that is not the given one, if there is another."""
    order = list(range(length))
    generator = np.random.default_rng(seed)
    while length > 1 and order == sorted(order):
        order = [int(place) for place in generator.permutation(length)]
    return order
