"""Some sentences through a model, and the figures of its heads for each: all that runs a model is here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from attnviz.analysis.heads.behaviour import behaviour, earlier, figures_of
from attnviz.analysis.heads.pointing import by_head
from attnviz.corpus.aligned import Aligned
from attnviz.corpus.bins import EFFECT, POINTING
from attnviz.corpus.chosen import Floats, number
from attnviz.corpus.faithfulness import Faithfulness
from attnviz.corpus.reading import Line
from attnviz.corpus.tallies import Form, Tally, Tokens
from attnviz.errors import InputError, TraceError
from attnviz.families.model import Model, Reweights
from attnviz.scenes import Composed
from attnviz.trace import (
    AttentionBlock,
    AttentionTrace,
    Axis,
    Classification,
    Edit,
    Encoded,
    RegionAxis,
    Written,
)

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
        aligned: By block, where there were links between words.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    tokens: dict[tuple[str, str], Tokens] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    sentences: int = 0
    tokens_read: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    faithfulness: Faithfulness | None = None
    aligned: dict[str, Aligned] = field(default_factory=dict)


@dataclass(frozen=True)
class _Done:
    """A sentence that went through the model."""

    encoded: Encoded
    line: Line
    trace: AttentionTrace
    aligned: dict[str, Aligned]


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
    for batch in _measured(model, lines, part):
        for same in _alike(batch):
            encoded, traces = [each.encoded for each in same], [each.trace for each in same]
            effects = _effects(model, encoded, traces, options)
            for name, (block, weights) in _stacked(traces).items():
                own = [trace.block(name) for trace in traces]
                values, figures = _values(block, weights, own, effects.get(name, {}) | _pointing(block, traces, own))
                form = Form(name, block.kind, *block.shape[:2], figures, model.card.max_length)
                gathered[form].append((values, [trace.text for trace in traces]))
                # At once, not at the end: of long texts there are more tokens than there is room for.
                for side, tokens in _by_token(weights, own):
                    known = part.tokens.get((name, side))
                    part.tokens[name, side] = tokens if known is None else known.with_(tokens)
        if options.faithfulness:
            faithful.append(Faithfulness.rows(model, [each.encoded for each in batch], [each.trace for each in batch]))
        for each in batch:
            for name, aligned in each.aligned.items():
                part.aligned[name] = part.aligned[name].with_(aligned) if name in part.aligned else aligned
        part.sentences += len(batch)
        part.tokens_read += sum(len(each.encoded.axis) for each in batch)
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


def _measured(model: Model, lines: Sequence[Line], part: Part) -> Iterator[list[_Done]]:
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
            done = _run(model, same[start : start + size], part)
            if done:
                yield done


def _run(model: Model, batch: Sequence[tuple[Encoded, Line]], part: Part) -> list[_Done]:
    """A batch in one call; where it fails, one by one, to leave out what fails. A given translation is read alone."""
    try:
        if len(batch) == 1 and batch[0][1].target:
            return [_read(model, *batch[0])]
        if not any(line.target for _, line in batch):
            traces = _batch(model, [encoded for encoded, _ in batch])
            return [_Done(*each, trace, {}) for each, trace in zip(batch, traces, strict=True)]
    except REFUSED as error:
        if len(batch) == 1:
            part.refused.append((error.code, batch[0][1].where))
            return []
    return [done for each in batch for done in _run(model, [each], part)]


def _read(model: Model, encoded: Encoded, line: Line) -> _Done:
    """A sentence and its reference; raises `InputError` `corpus_links`: the links are not of these words."""
    trace = model.run(encoded, target=line.target)
    try:
        aligned = Aligned.of(trace, line.links) if line.links else {}
    except ValueError as error:
        raise InputError("corpus_links") from error
    return _Done(encoded, line, trace, aligned)


def _batch(model: Model, batch: Sequence[Encoded], edits: Sequence[Edit] = ()) -> list[AttentionTrace]:
    """`run_batch` of a few sizes only: oneDNN keeps what it compiles for each shape it meets, and memory would grow."""
    if type(model).run_batch is Model.run_batch:  # one by one
        return model.run_batch(batch, edits)
    size = 1 << (len(batch) - 1).bit_length()
    return model.run_batch([*batch, *[batch[-1]] * (size - len(batch))], edits)[: len(batch)]


def _alike(batch: Sequence[_Done]) -> list[list[_Done]]:
    """Those whose blocks are of the same shapes."""
    found: dict[tuple[tuple[str, tuple[int, ...]], ...], list[_Done]] = defaultdict(list)
    for each in batch:
        found[tuple((block.name, block.shape) for block in each.trace.blocks)].append(each)
    return list(found.values())


def _stacked(traces: Sequence[AttentionTrace]) -> dict[str, tuple[AttentionBlock, Floats]]:
    """By block the first of its kind, and all weights `[sentence, layer, head, query, key]`; empty ones left out."""
    return {
        block.name: (block, np.stack([trace.block(block.name).weights for trace in traces]).astype(np.float64))
        for block in traces[0].blocks
        if block.weights.size
    }


def _values(
    block: AttentionBlock, weights: Floats, own: Sequence[AttentionBlock], more: Mapping[str, Floats]
) -> tuple[Floats, tuple[str, ...]]:
    """Figures float64 `[sentence, layer * head * figure]`, and their names; `more` are computed elsewhere."""
    special = np.array([each.key.special for each in own], bool)
    figures = figures_of(block.kind)
    one = "distance" in figures and block.shape[2] == block.shape[3]
    alike = np.stack([earlier(each.query.tokens) for each in own]) if one else None
    found, figures = {**behaviour(weights, special, alike), **more}, (*figures, *more)
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
) -> dict[str, dict[str, Floats]]:
    """By block, as `EFFECT`, how far the answer moves where a head's weights are all 0, float64 `[sentence, layer,
    head]`."""
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
        found[block.name] = {EFFECT: moved}
    return found


def _pointing(
    block: AttentionBlock, traces: Sequence[AttentionTrace], own: Sequence[AttentionBlock]
) -> dict[str, Floats]:
    """How captions look at what they name, each float64 `[sentence, layer, head]`; nothing of any other block."""
    if block.kind != "cross" or not isinstance(block.key, RegionAxis) or block.key.grid is None:
        return {}
    found = np.full((len(POINTING), len(own), *block.shape[:2]), np.nan)
    for at, (trace, each) in enumerate(zip(traces, own, strict=True)):
        if isinstance(trace.source, Composed) and isinstance(trace.output, Written):
            found[:, at] = by_head(trace.source, trace.output.tokens, each.weights, block.key.grid)
    return dict(zip(POINTING, found, strict=True))


def _answers(traces: Sequence[AttentionTrace]) -> Floats:
    outputs = [trace.output for trace in traces]
    return np.array([each.probabilities for each in outputs if isinstance(each, Classification)], np.float64)
