"""Traces that were saved, as a model: it answers with what is in its file, and knows nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attnviz.errors import InputError, ModelError
from attnviz.families.card import FORMAT, ModelCard
from attnviz.families.common.cleaning import cleaned
from attnviz.families.common.reopened import reopened
from attnviz.families.model import Model
from attnviz.i18n import languages, translate
from attnviz.trace import AttentionTrace, Edit, Encoded, Source, Written, source_of

FILE = "traces.json"
FILES = (FILE,)

#: Most bytes of a file; traces in it; tokens of a side, characters of a token, weights of all.
MAX_BYTES, MAX_TRACES, MAX_TOKENS, MAX_CHARACTERS, MAX_WEIGHTS = 32 * 1024 * 1024, 64, 2048, 400, 4_000_000


class RecordedModel(Model):
    """A model whose only sentences are those of a file.

    Args:
        card: What it is.
        traces: What it has, at least one.
    """

    #: A token that is taken away would leave the weights as they are.
    reorders = False

    def __init__(self, card: ModelCard, traces: Sequence[AttentionTrace]) -> None:
        super().__init__(card)
        self._traces = {_key(trace.text): trace for trace in reversed(traces)}

    def encode(self, source: Source | str) -> Encoded:
        """The source of one of the traces.

        Raises:
            InputError: `empty_text`; `not_recorded`: the file has no such sentence; the message names some it has.
        """
        text, _ = cleaned(str(source_of(source)))
        trace = self._traces.get(_key(text))
        if trace is None:
            known = " / ".join(each.text[:80] for each in list(self._traces.values())[:-6:-1])
            raise InputError("not_recorded", received=text[:80], expected=known)
        return Encoded(trace.source, {}, {"recorded": trace.blocks[0].key}, trace.notices)

    def attend(self, encoded: Encoded, edits: Sequence[Edit] = ()) -> AttentionTrace:
        """The trace as it was saved.

        Raises:
            InputError: `edit_not_offered`.
        """
        if edits:
            raise InputError("edit_not_offered", code=edits[0].label)
        return self._traces[_key(encoded.text)]


def _key(text: str) -> str:
    """What a sentence is found by: typed into a line, it has no breaks."""
    return " ".join(cleaned(text)[0].split())


def checked(content: bytes) -> list[AttentionTrace]:
    """The traces of a file that may come from a stranger.

    Raises:
        InputError: `not_a_trace`; `recording_large`: there is more in it than can be shown; `empty_text`.
    """
    _most("bytes", len(content), MAX_BYTES)
    traces = reopened(content)
    if not traces or not all(trace.blocks for trace in traces):
        raise InputError("not_a_trace", cause="0 blocks")
    _most("traces", len(traces), MAX_TRACES)
    _most("weights", sum(block.weights.size for trace in traces for block in trace.blocks), MAX_WEIGHTS)
    axes = [axis for trace in traces for block in trace.blocks for axis in (block.query, block.key)]
    _most("tokens", max(map(len, axes)), MAX_TOKENS)
    _most("characters", max(len(token) for axis in axes for token in axis.tokens), MAX_CHARACTERS)
    for trace in traces:
        _key(trace.text)
        if isinstance(trace.output, Written) and not _fits(trace, trace.output):
            raise InputError("not_a_trace", cause="output: tokens")
    return traces


def _fits(trace: AttentionTrace, output: Written) -> bool:
    """Whether the last queries of a block are those that wrote what is said to be written."""
    count = len(output.tokens)
    steps = [bool(step) for step in output.alternatives]
    for kind in ("cross", "causal"):
        for block in trace.blocks:
            if block.kind == kind:
                last = len(block.query) if block.parts is None else block.parts[0][-1][-1] + 1
                fits = last <= count if kind == "cross" else last >= count
                return bool(count and fits and all(steps) and len(steps) in (0, count))
    return False


def _most(what: str, received: int, limit: int) -> None:
    if received > limit:
        raise InputError("recording_large", what=what, limit=limit, received=received)


def card_of(name: str, traces: Sequence[AttentionTrace], files: dict[str, Any]) -> dict[str, Any]:
    """The card of a folder with such a file.

    Args:
        name: Of the folder.
        traces: In the file.
        files: Its size and checksum by its name.
    """
    kinds = dict.fromkeys(str(block.kind) for trace in traces for block in trace.blocks)
    written = {trace.output.kind if isinstance(trace.output, Written) else "" for trace in traces}
    model = traces[0].model[:80]

    def said(key: str) -> dict[str, str]:
        return {language: translate(language, key, model=model) for language in languages()}

    return {
        "format": FORMAT,
        "name": name,
        "family": "recorded",
        "title": said("recorded.title"),
        "summary": said("recorded.summary"),
        "kinds": list(kinds),
        "writes": written.pop() if len(written) == 1 else "",
        "labels": [],
        "examples": list(dict.fromkeys(_key(trace.text) for trace in traces)),
        "licence": "not stated",
        "config": {},
        "tokenizer": {},
        "files": files,
    }


def load(folder: Path, card: ModelCard, read_weights: Callable[..., dict[str, Any]]) -> RecordedModel:
    """The model of a folder."""
    try:
        return RecordedModel(card, checked((folder / FILE).read_bytes()))
    except InputError as error:
        raise ModelError("file_unreadable", folder=folder.name, file=FILE, cause=str(error)) from error
