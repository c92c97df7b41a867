"""Some sentences through a model, and the figures of its heads for each: all that runs a model is here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from attnviz.analysis.heads.behaviour import behaviour, earlier, figures_of
from attnviz.corpus.bins import EFFECT
from attnviz.corpus.chosen import Floats, number
from attnviz.corpus.faithfulness import Faithfulness
from attnviz.corpus.reading import Line
from attnviz.corpus.tallies import Form, Tally, Tokens
from attnviz.errors import InputError, TraceError
from attnviz.families.model import Model, Reweights
from attnviz.trace import AttentionBlock, AttentionTrace, Axis, Classification, Edit, Encoded

#: Most sentences in one call of the model, and most weights of a head in it: bounds memory.
SENTENCES, WEIGHTS = 256, 2**19

#: What is said of a sentence; what is said of the model ends the run.
REFUSED = (InputError, TraceError)


@dataclass(frozen=True)
class Options:
    """What is measured besides what heads do.

    Attributes:
        effect: What the answer loses where a head is switched off: one run more for every head.
        faithfulness: Whether attention tells what an answer rests on: one run more for every token and more.
    """

    effect: bool = False
    faithfulness: bool = False


@dataclass
class Part:
    """What some sentences give.

    Attributes:
        tallies: By block.
        tokens: By block and side, `query` or `key`.
        texts: Of the sentences kept, by number.
        sentences, tokens_read: How many were measured.
        refused: Sentences left out, by why.
        faithfulness: Of a classifier, where it was asked for.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    tokens: dict[tuple[str, str], Tokens] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    sentences: int = 0
    tokens_read: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    faithfulness: Faithfulness | None = None


def check(model: Model, options: Options) -> None:
    """See that a model offers what is asked for.

    Raises:
        InputError: `corpus_no_effect`, `corpus_no_faithfulness`.
    """
    if options.effect and not (isinstance(model, Reweights) and model.card.labels):
        raise InputError("corpus_no_effect", model=model.card.name)
    if options.faithfulness and not (hasattr(model, "probabilities") and model.card.labels):
        raise InputError("corpus_no_faithfulness", model=model.card.name)


def part_of(model: Model, lines: Sequence[Line], options: Options, seed: int = 0) -> Part:
    """Measure some sentences.

    Args:
        model: As `attnviz.load` gives it.
        lines: The sentences; those that cannot be read are counted.
        options: What is measured.
        seed: Of what is drawn for intervals.
    """
    part = Part()
    gathered: dict[Form, list[tuple[Floats, list[str]]]] = defaultdict(list)
    faithful: list[Floats] = []
    for batch, traces in _traces(model, lines, part):
        for same in _alike(traces):
            some = [traces[index] for index in same]
            effects = _effects(model, [batch[index] for index in same], some, options)
            for name, (block, weights) in _stacked(some).items():
                own = [trace.block(name) for trace in some]
                values, figures = _values(block, weights, own, effects.get(name))
                form = Form(name, block.kind, *block.shape[:2], figures, model.card.max_length)
                gathered[form].append((values, [trace.text for trace in some]))
                # At once, not at the end: of long texts there are more tokens than there is room for.
                for side, tokens in _by_token(weights, own):
                    known = part.tokens.get((name, side))
                    part.tokens[name, side] = tokens if known is None else known.with_(tokens)
        if options.faithfulness:
            faithful.append(Faithfulness.rows(model, batch, traces))
        part.sentences += len(traces)
        part.tokens_read += sum(len(encoded.axis) for encoded in batch)
    for form, found in gathered.items():
        _tallied(
            part, form, np.concatenate([values for values, _ in found]), [text for _, own in found for text in own]
        )
    if faithful:
        part.faithfulness = Faithfulness.of(np.concatenate(faithful), seed)
    return part


def _tallied(part: Part, form: Form, values: Floats, texts: Sequence[str]) -> None:
    numbers = np.array([number(text) for text in texts], np.uint64)
    tally = part.tallies[form.block] = Tally.of(form, values, numbers)
    kept = tally.chosen.numbers()
    part.texts |= {int(each): text for each, text in zip(numbers, texts, strict=True) if int(each) in kept}


def _traces(model: Model, lines: Sequence[Line], part: Part) -> Iterator[tuple[list[Encoded], list[AttentionTrace]]]:
    """Batches of sentences of one length, which need no padding and stack."""
    readable: list[tuple[Encoded, Line]] = []
    for line in lines:
        if line.error:
            part.refused.append((line.error, line.where))
            continue
        try:
            readable.append((model.encode(line.text), line))
        except REFUSED as error:
            part.refused.append((error.code, line.where))
    readable.sort(key=lambda each: len(each[0].axis))
    for length, group in groupby(readable, key=lambda each: len(each[0].axis)):
        same = list(group)
        size = max(1, min(SENTENCES, WEIGHTS // max(length, 1) ** 2))
        for start in range(0, len(same), size):
            batch = same[start : start + size]
            done = _run(model, batch, part)
            if done:
                yield [encoded for encoded, _ in done], [trace for _, trace in done]


def _run(model: Model, batch: Sequence[tuple[Encoded, Line]], part: Part) -> list[tuple[Encoded, AttentionTrace]]:
    """A batch in one call; where it fails, one by one, to leave out whatever fails."""
    try:
        traces = _batch(model, [encoded for encoded, _ in batch])
        return [(encoded, trace) for (encoded, _), trace in zip(batch, traces, strict=True)]
    except REFUSED as error:
        if len(batch) == 1:
            part.refused.append((error.code, batch[0][1].where))
            return []
    return [done for each in batch for done in _run(model, [each], part)]


def _batch(model: Model, batch: Sequence[Encoded], edits: Sequence[Edit] = ()) -> list[AttentionTrace]:
    """`run_batch` of a few sizes only: oneDNN keeps what it compiles for each shape it meets, and memory would grow."""
    if type(model).run_batch is Model.run_batch:  # one by one
        return model.run_batch(batch, edits)
    size = 1 << (len(batch) - 1).bit_length()
    return model.run_batch([*batch, *[batch[-1]] * (size - len(batch))], edits)[: len(batch)]


def _alike(traces: Sequence[AttentionTrace]) -> list[list[int]]:
    """Places of the traces whose blocks are of the same shapes."""
    found: dict[tuple[tuple[str, tuple[int, ...]], ...], list[int]] = defaultdict(list)
    for place, trace in enumerate(traces):
        found[tuple((block.name, block.shape) for block in trace.blocks)].append(place)
    return list(found.values())


def _stacked(traces: Sequence[AttentionTrace]) -> dict[str, tuple[AttentionBlock, Floats]]:
    """By block the first of its kind, and all weights `[sentence, layer, head, query, key]`; empty ones left out."""
    return {
        block.name: (block, np.stack([trace.block(block.name).weights for trace in traces]).astype(np.float64))
        for block in traces[0].blocks
        if block.weights.size
    }


def _values(
    block: AttentionBlock, weights: Floats, own: Sequence[AttentionBlock], effect: Floats | None
) -> tuple[Floats, tuple[str, ...]]:
    """Figures float64 `[sentence, layer * head * figure]`, and their names."""
    special = np.array([each.key.special for each in own], bool)
    figures = figures_of(block.kind)
    one = "distance" in figures and block.shape[2] == block.shape[3]
    alike = np.stack([earlier(each.query.tokens) for each in own]) if one else None
    found = behaviour(weights, special, alike)
    if effect is not None:
        found, figures = {**found, EFFECT: effect}, (*figures, EFFECT)
    missing = np.full(weights.shape[:3], np.nan)
    stacked = np.stack([found.get(name, missing) for name in figures], axis=-1)  # [S, L, H, figure]
    return stacked.reshape(len(weights), -1), figures


def _by_token(weights: Floats, own: Sequence[AttentionBlock]) -> Iterator[tuple[str, Tokens]]:
    """What falls on each key, in shares of even weights; of each query that is of a text, its largest weight."""
    received = weights.mean(axis=-2) * weights.shape[-1]  # [S, L, H, K]
    yield "key", Tokens.of([name for each in own for name in _names(each.key)], _by_head(received))
    if own[0].kind != "pooling":
        yield "query", Tokens.of([name for each in own for name in _names(each.query)], _by_head(weights.max(axis=-1)))


def _by_head(values: Floats) -> Floats:
    """From `[sentence, layer, head, token]` to `[head, sentence * token]`."""
    return np.moveaxis(values, 0, 2).reshape(values.shape[1] * values.shape[2], -1)


def _names(axis: Axis) -> list[str]:
    return ["" if unknown else token for token, unknown in zip(axis.tokens, axis.unknown, strict=True)]


def _effects(
    model: Model, batch: Sequence[Encoded], traces: Sequence[AttentionTrace], options: Options
) -> dict[str, Floats]:
    """By block how far the answer moves where a head's weights are all 0, float64 `[sentence, layer, head]`."""
    if not options.effect:
        return {}
    own = _answers(traces)
    found = {}
    for block in traces[0].blocks:
        layers, heads, queries, keys = block.shape
        moved = np.zeros((len(batch), layers, heads))
        nothing = np.zeros((queries, keys), np.float32)
        for layer, head in np.ndindex(layers, heads):
            off = _batch(model, batch, (Edit(block.name, nothing, layer, head, "off"),))
            moved[:, layer, head] = np.abs(_answers(off) - own).sum(axis=-1) / 2
        found[block.name] = moved
    return found


def _answers(traces: Sequence[AttentionTrace]) -> Floats:
    outputs = [trace.output for trace in traces]
    return np.array([each.probabilities for each in outputs if isinstance(each, Classification)], np.float64)
