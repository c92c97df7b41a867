"""Sentences out of files, one at a time: text, CSV, Parquet and JSON lines."""

from __future__ import annotations

import csv
import glob
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.corpus.arrow import parquet
from attnviz.errors import InputError

#: Columns taken where none is named, first come first served; a table of one column needs no name.
USUAL = ("text", "sentence", "sentences", "texts", "content")

#: Longest cell of a CSV file, in characters: no sentence is longer, and a quote that never ends stops here.
LONGEST_CELL = 1_000_000


@dataclass(frozen=True)
class Line:
    """A sentence, or why there is none.

    Attributes:
        text: The sentence.
        where: File and line, for whoever looks for it.
        error: Empty, or why the line cannot be used: a key under `[errors]`.
        target: A translation to be read instead of one that the model writes; empty: there is none.
        links: Which word of the sentence belongs to which of `target`, as `aligned.Aligned.of` reads them.
    """

    text: str
    where: str = ""
    error: str = ""
    target: str = ""
    links: str = ""


@dataclass(frozen=True)
class Columns:
    """Which columns of a table, or entries of a JSON object, are read.

    Attributes:
        text: The sentence; None takes a usual one, see `USUAL`.
        target, links: See `Line`; None: none.
    """

    text: str | None = None
    target: str | None = None
    links: str | None = None

    @property
    def more(self) -> tuple[str, ...]:
        """Those read beside the sentence."""
        return tuple(each for each in (self.target, self.links) if each is not None)


def files(given: Sequence[str]) -> list[Path]:
    """The files of names, folders and patterns, each once, in order.

    Args:
        given: A file; a folder, whose files of a known kind are taken, those of its folders too; or a pattern as a
            shell has them, `**` for folders.

    Raises:
        InputError: `corpus_no_files`: a name stands for none; `corpus_format`: a file is of a kind that is not read.
    """
    found: dict[Path, None] = {}
    for name in given:
        place = Path(name)
        if place.is_dir():
            some = [each for each in sorted(place.rglob("*")) if each.is_file() and each.suffix.lower() in READERS]
        else:
            some = [place] if place.is_file() else [Path(each) for each in sorted(glob.glob(name, recursive=True))]
            some = [each for each in some if each.is_file()]
        if not some:
            raise InputError("corpus_no_files", received=name, expected=", ".join(READERS))
        for each in some:
            if each.suffix.lower() not in READERS:
                raise InputError("corpus_format", file=str(each), expected=", ".join(READERS))
        found |= dict.fromkeys(some)
    return list(found)


def lines(
    paths: Iterable[Path], column: str | None = None, target: str | None = None, links: str | None = None
) -> Iterator[Line]:
    """All sentences of files. Empty lines are left out.

    Args:
        paths: Of kinds that are read, see `READERS`.
        column: Of tables and JSON objects; None takes a usual one, see `USUAL`.
        target, links: Columns of reference translations and of the links between words, see `Line`; None: none.

    Raises:
        InputError: `corpus_column`: there is no such column; `corpus_links_alone`: links without translations;
            `corpus_unreadable`: a file cannot be read at all.
    """
    if links is not None and target is None:
        raise InputError("corpus_links_alone")
    for path in paths:
        try:
            yield from READERS[path.suffix.lower()](path, Columns(column, target, links))
        except OSError as error:
            raise InputError("corpus_unreadable", file=str(path), cause=str(error)) from error


def count(paths: Iterable[Path], column: str | None = None, target: str | None = None, links: str | None = None) -> int:
    """How many lines there are, good or bad; as `lines`."""
    return sum(1 for _ in lines(paths, column, target, links))


def _text(path: Path, columns: Columns) -> Iterator[Line]:
    for name in columns.more:
        _column(path, (), name)
    for where, line in _decoded(path):
        if line is None:
            yield Line("", where, "corpus_encoding")
        elif line.strip():
            yield Line(line.strip(), where)


def _json_lines(path: Path, columns: Columns) -> Iterator[Line]:
    for where, line in _decoded(path):
        if line is None:
            yield Line("", where, "corpus_encoding")
            continue
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield Line("", where, "corpus_json")
            continue
        more: list[Any] = [None] * len(columns.more)
        if isinstance(value, dict):
            more = [value.get(name) for name in columns.more]
            name = columns.text or next((each for each in USUAL if each in value), None)
            value = value.get(name) if name is not None else None
        yield _cell(value, where, more)


def _decoded(path: Path) -> Iterator[tuple[str, str | None]]:
    """Place and text of each line; None where it is not UTF-8."""
    with path.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            try:
                yield f"{path.name}:{number}", line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                yield f"{path.name}:{number}", None


def _csv(path: Path, columns: Columns) -> Iterator[Line]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
        rows = csv.reader(opened, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        try:
            header = next(rows, [])
        except csv.Error as error:
            raise InputError("corpus_unreadable", file=str(path), cause=str(error)) from error
        at, *beside = (header.index(_column(path, header, each)) for each in (columns.text, *columns.more))
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:
                yield Line("", f"{path.name}:{rows.line_num}", "corpus_row")
                continue
            if row:
                where = f"{path.name}:{rows.line_num}"
                whole = len(row) == len(header)
                yield _cell(row[at], where, [row[each] for each in beside]) if whole else Line("", where, "corpus_row")


def _parquet(path: Path, columns: Columns) -> Iterator[Line]:
    reader = parquet()
    try:
        opened = reader.ParquetFile(path)
        names = [_column(path, opened.schema_arrow.names, each) for each in (columns.text, *columns.more)]
        number = 0
        for batch in opened.iter_batches(batch_size=4096, columns=names):
            for value, *more in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
                number += 1
                yield _cell(value, f"{path.name}:{number}", more)
    except (ValueError, TypeError) as error:  # what pyarrow raises is one of these or an OSError
        raise InputError("corpus_unreadable", file=str(path), cause=str(error)[:200]) from error


def _cell(value: Any, where: str, more: Sequence[Any] = ()) -> Line:
    """A sentence, and what is read beside it."""
    texts = []
    for each in (value, *more):
        if not isinstance(each, str):
            return Line("", where, "corpus_no_text")
        try:
            each.encode()
        except UnicodeEncodeError:
            return Line("", where, "corpus_encoding")
        if not each.strip():
            return Line("", where, "empty_text")
        texts.append(each.strip())
    return Line(texts[0], where, "", *texts[1:])


def _column(path: Path, names: Sequence[str], column: str | None) -> str:
    usual = next((each for each in USUAL if each in names), names[0] if len(names) == 1 else None)
    chosen = usual if column is None else column
    if chosen is None or chosen not in names:
        listed = ", ".join(names)[:300]
        raise InputError("corpus_column", file=str(path), received=column or "", expected=listed)
    return chosen


#: Kinds of files that are read, by the end of their name.
READERS: dict[str, Callable[[Path, Columns], Iterator[Line]]] = {
    ".txt": _text,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
