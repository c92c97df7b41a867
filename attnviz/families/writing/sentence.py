"""One side of a translation: the pieces of a sentence, typed or written, with their places and their words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from attnviz.errors import InputError, ModelError
from attnviz.families.writing.subwords import BLANK, END_ID, SPECIAL, Piece, Pieces, Subwords
from attnviz.tokenizers import KINDS
from attnviz.trace import Axis, TokenAxis

END, START = SPECIAL[END_ID], SPECIAL[2]


@dataclass(frozen=True)
class Sentence:
    """Pieces with their text.

    Attributes:
        text: What the spans of the axis point into.
        ids: One a token.
        axis: A token each; the end token is special.
    """

    text: str
    ids: tuple[int, ...]
    axis: TokenAxis


def cut(text: str, cutter: Pieces, limit: int) -> tuple[str, list[Piece], int]:
    """The pieces of a cleaned text, of its first words only where they are too many.

    Args:
        text: Cleaned.
        cutter: Of its language.
        limit: Most pieces.

    Returns:
        The text that is left (cut anew it gives the same pieces), its pieces, and how many the whole text has.
    """
    pieces = cutter.cut(text)
    total = len(pieces)
    while len(pieces) > limit:
        kept = [piece for piece in pieces[:limit] if piece.word != pieces[limit].word] or pieces[:limit]
        text = text[: min(max(piece.end for piece in kept), len(text) - 1)].rstrip()
        pieces = cutter.cut(text)
    return text, pieces, total


def source_axis(pieces: Sequence[Piece], cutter: Pieces) -> TokenAxis:
    """The tokens of a typed sentence, as typed.

    A piece that has no place of its own (the mark of a blank, a part of a character such as ½) has no span and is shown
    as the vocabulary has it.
    """
    tokens: list[str] = []
    spans: list[tuple[int, int] | None] = []
    reached = 0
    for piece in pieces:
        own = reached <= piece.start < piece.end
        reached = max(reached, piece.end)
        tokens.append(piece.text if own else cutter.vocabulary[piece.id].removeprefix(BLANK) or BLANK)
        spans.append((piece.start, piece.end) if own else None)
    unknown = [piece.id == cutter.unknown for piece in pieces]
    words = tuple(piece.word for piece in pieces)
    return TokenAxis(tuple(tokens), tuple(spans), (False,) * len(pieces), tuple(unknown), words)


def with_end(axis: Axis) -> TokenAxis:
    """The same with the end token behind it."""
    words = None if axis.words is None else (*axis.words, max(axis.words, default=-1) + 1)
    tokens, spans = (*axis.tokens, END), (*axis.spans, None)
    return TokenAxis(tokens, spans, (*axis.special, True), (*axis.unknown, False), words, axis.text)


def typed(pieces: Sequence[Piece], text: str, cutter: Pieces, ends: bool = True) -> Sentence:
    """What was typed to be read as if it had been written, with the end token where it `ends`."""
    axis, ids = replace(source_axis(pieces, cutter), text=text), tuple(piece.id for piece in pieces)
    return Sentence(text, (*ids, cutter.end), with_end(axis)) if ends else Sentence(text, ids, axis)


def written(ids: Sequence[int], cutter: Pieces) -> Sentence:
    """What was written, piece by piece, grouped into the words of its text."""
    text, parts = cutter.join(ids), cutter.parts(ids)
    raw = "".join(parts)
    spans: list[tuple[int, int] | None] = []
    places: list[int | None] = []
    reached = -max(raw.find(text), 0)  # the blank before the first word is not shown
    for index, part in zip(ids, parts, strict=True):
        start, reached = reached, reached + len(part)
        if index in cutter.special:
            spans.append(None)
            places.append(None)
            continue
        start, end = (min(max(place, 0), len(text)) for place in (start, reached))
        start = end - len(text[start:end].lstrip())
        places.append(start)
        spans.append((start, end) if start < end else None)
    starts = [start for start, _ in cutter.words(text)]
    words: list[int] = []
    before = None
    for place in places:
        word = None if place is None else bisect_right(starts, place)
        words.append((words[-1] if words else -1) + (word is None or word != before))
        before = word
    tokens = tuple(
        _named(cutter, index) if span is None else text[slice(*span)] for index, span in zip(ids, spans, strict=True)
    )
    special = tuple(index in cutter.special for index in ids)
    axis = TokenAxis(tokens, tuple(spans), special, (False,) * len(tokens), tuple(words), text)
    return Sentence(text, tuple(ids), axis)


def inputs_axis(axis: TokenAxis, start: str = START) -> TokenAxis:
    """What the decoder is given when it writes the tokens of an axis: the start token, and all but the last."""
    kept = axis.take(range(len(axis) - 1))
    words = None if kept.words is None else (-1, *kept.words)
    tokens, spans = (start, *kept.tokens), (None, *kept.spans)
    return TokenAxis(tokens, spans, (True, *kept.special), (False, *kept.unknown), words, kept.text)


def ids_of(entries: Sequence[str], cutter: Pieces) -> list[int]:
    """Ids of entries of a vocabulary.

    Raises:
        InputError: `no_such_token`: there is no such entry, or it cannot be written here.
    """
    ids = [cutter.numbers.get(entry, -1) for entry in entries]
    for place, (entry, index) in enumerate(zip(entries, ids, strict=True)):
        if index < 0 or (index in cutter.special and (index != cutter.end or place < len(ids) - 1)):
            raise InputError("no_such_token", received=str(entry)[:80])
    return ids


def cutter(folder: Path, file: str, options: Mapping[str, Any]) -> Subwords:
    """What cuts one language, from its file in a model folder and the card.

    Args:
        folder: The model folder.
        file: A file of Hugging Face's `tokenizers` with a byte-pair model.
        options: `kind` and what that kind of word tokenizer takes; `spaced` and `lower` as for `Subwords`.

    Raises:
        ModelError: `tokenizer_kind`, `vocabulary_start`, `file_unreadable`.
    """
    from tokenizers import Tokenizer

    chosen = dict(options)
    kind, spaced, lower = chosen.pop("kind", None), bool(chosen.pop("spaced")), bool(chosen.pop("lower"))
    if kind not in KINDS:
        raise ModelError("tokenizer_kind", received=kind, expected=", ".join(KINDS))
    words: Callable[..., Any] = KINDS[kind]
    try:
        pairs = Tokenizer.from_file(str(folder / file))
    except Exception as error:  # the package raises nothing more particular
        raise ModelError("file_unreadable", folder=folder.name, file=file, cause=str(error)[:200]) from error
    made = Subwords(words(**chosen), pairs, spaced=spaced, lower=lower)
    if made.vocabulary[: len(SPECIAL)] != SPECIAL:
        received = ", ".join(map(str, made.vocabulary[: len(SPECIAL)]))
        raise ModelError("vocabulary_start", expected=", ".join(SPECIAL), received=received)
    return made


def _named(cutter: Pieces, index: int) -> str:
    """A piece that has no place of its own, as the vocabulary has it."""
    entry = cutter.vocabulary[index]
    return entry if index in cutter.special else entry.removeprefix(BLANK) or BLANK
