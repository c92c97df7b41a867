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
    """

    text: str
    where: str = ""
    error: str = ""


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


def lines(paths: Iterable[Path], column: str | None = None) -> Iterator[Line]:
    """All sentences of files. Empty lines are left out.

    Args:
        paths: Of kinds that are read, see `READERS`.
        column: Of tables and JSON objects; None takes a usual one, see `USUAL`.

    Raises:
        InputError: `corpus_column`: there is no such column; `corpus_unreadable`: a file cannot be read at all.
    """
    for path in paths:
        try:
            yield from READERS[path.suffix.lower()](path, column)
        except OSError as error:
            raise InputError("corpus_unreadable", file=str(path), cause=str(error)) from error


def count(paths: Iterable[Path], column: str | None = None) -> int:
    """How many lines there are, good or bad; what `lines` raises."""
    return sum(1 for _ in lines(paths, column))


def _text(path: Path, column: str | None) -> Iterator[Line]:
    for where, line in _decoded(path):
        if line is None:
            yield Line("", where, "corpus_encoding")
        elif line.strip():
            yield Line(line.strip(), where)


def _json_lines(path: Path, column: str | None) -> Iterator[Line]:
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
        if isinstance(value, dict):
            name = column or next((each for each in USUAL if each in value), None)
            value = value.get(name) if name is not None else None
        yield _cell(value, where)


def _decoded(path: Path) -> Iterator[tuple[str, str | None]]:
    """Place and text of each line; None where it is not UTF-8."""
    with path.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            try:
                yield f"{path.name}:{number}", line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                yield f"{path.name}:{number}", None


def _csv(path: Path, column: str | None) -> Iterator[Line]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
        rows = csv.reader(opened, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        try:
            header = next(rows, [])
        except csv.Error as error:
            raise InputError("corpus_unreadable", file=str(path), cause=str(error)) from error
        at = header.index(_column(path, header, column))
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
                yield _cell(row[at], where) if len(row) == len(header) else Line("", where, "corpus_row")


def _parquet(path: Path, column: str | None) -> Iterator[Line]:
    reader = parquet()
    try:
        opened = reader.ParquetFile(path)
        name = _column(path, opened.schema_arrow.names, column)
        number = 0
        for batch in opened.iter_batches(batch_size=4096, columns=[name]):
            for value in batch.column(0).to_pylist():
                number += 1
                yield _cell(value, f"{path.name}:{number}")
    except (ValueError, TypeError) as error:  # what pyarrow raises is one of these or an OSError
        raise InputError("corpus_unreadable", file=str(path), cause=str(error)[:200]) from error


def _cell(value: Any, where: str) -> Line:
    if not isinstance(value, str):
        return Line("", where, "corpus_no_text")
    try:
        value.encode()
    except UnicodeEncodeError:
        return Line("", where, "corpus_encoding")
    return Line(value.strip(), where) if value.strip() else Line("", where, "empty_text")


def _column(path: Path, names: Sequence[str], column: str | None) -> str:
    usual = next((each for each in USUAL if each in names), names[0] if len(names) == 1 else None)
    chosen = usual if column is None else column
    if chosen is None or chosen not in names:
        listed = ", ".join(names)[:300]
        raise InputError("corpus_column", file=str(path), received=column or "", expected=listed)
    return chosen


#: Kinds of files that are read, by the end of their name.
READERS: dict[str, Callable[[Path, str | None], Iterator[Line]]] = {
    ".txt": _text,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
