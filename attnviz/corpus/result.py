"""What is known of a model's heads over a corpus: tables, and the files they are kept in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attnviz.corpus.arrow import parquet
from attnviz.corpus.bins import below, quantile
from attnviz.errors import InputError, ModelError
from attnviz.places import write_whole

#: Of the files that are read; what is written by a later form is refused.
FORMAT = 1

#: The small file that says what was measured; the tables beside it.
FILE = "corpus.json"
TABLES = ("heads", "sentences", "tokens")

#: Columns of each table; layers and heads count from 1, as in all tables.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "heads": (
        "block",
        "layer",
        "head",
        "figure",
        "n",
        "mean",
        "deviation",
        "least",
        "median",
        "most",
        "width",
        "histogram",
    ),
    "sentences": ("block", "layer", "head", "figure", "chosen", "value", "text"),
    "tokens": ("block", "layer", "head", "side", "token", "n", "mean"),
}

#: No file of a result is larger; in bytes.
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class Measured:
    """A model over a corpus.

    Attributes:
        summary: `model`, `sentences`, `tokens`, `refused` (by code: how many sentences were left out), `examples` of
            these; of a classifier, where it was asked for, `faithfulness`; by block, where there were links between
            words, `alignment`.
        heads: One figure of one head a row: over how many sentences (`n`), `mean`, standard `deviation`, `least`,
            `median` (from the histogram), `most`; `histogram`, counts of intervals of `width` from 0.
        sentences: Sentences worth opening: by head and figure the highest (`best`, falling), the lowest (`worst`,
            rising), those nearest the median (`median`), and a few of each fifth of the range, `1` to `5`.
        tokens: By head and side, the tokens with most: of a `key` its weight in shares of even weights, of a `query`
            its largest weight, both a `mean` over the `n` times it came. The empty token is any unknown one.
    """

    summary: Mapping[str, Any]
    heads: pd.DataFrame
    sentences: pd.DataFrame
    tokens: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Measured {self.summary['model']!r}: {self.summary['sentences']} sentences>"

    def figures(self, block: str) -> list[str]:
        """The figures that are there of a block, in order."""
        named = self.heads[(self.heads["block"] == block) & (self.heads["n"] > 0)]["figure"]
        return list(dict.fromkeys(named))

    def row(self, block: str, layer: int, head: int, figure: str) -> pd.Series:
        """One figure of one head; layer and head from 0.

        Raises:
            InputError: `corpus_no_figure`: there is none.
        """
        table = self.heads
        found = table[
            (table["block"] == block)
            & (table["layer"] == layer + 1)
            & (table["head"] == head + 1)
            & (table["figure"] == figure)
            & (table["n"] > 0)
        ]
        if found.empty:
            raise InputError("corpus_no_figure", received=f"{block} {layer + 1}·{head + 1} {figure}")
        return found.iloc[0]

    def place(self, block: str, layer: int, head: int, figure: str, value: float) -> float:
        """Share 0–1 of the sentences whose figure is below a value; from the histogram.

        At the least and the greatest value there is, which many sentences may share (a weight of 0), half of the
        interval counts as below; so does half of all where all have one value.
        """
        row = self.row(block, layer, head, figure)
        counts, wide = np.asarray(row["histogram"]), float(row["width"])
        least, most = float(row["least"]), float(row["most"])
        if value <= least or value >= most:
            middle = (min(int((least if value <= least else most) / wide), len(counts) - 1) + 0.5) * wide
            return 0.5 if least == most else below(counts, wide, middle)
        return below(counts, wide, value)

    def range(self, block: str, layer: int, head: int, figure: str, share: float = 0.95) -> tuple[float, float]:
        """Between which values the middle share of the sentences lies; from the histogram."""
        row = self.row(block, layer, head, figure)
        tail = (1 - share) / 2
        counts, wide = np.asarray(row["histogram"]), float(row["width"])
        return quantile(counts, wide, tail), quantile(counts, wide, 1 - tail)

    def find(self, figure: str, block: str) -> pd.DataFrame:
        """The heads of a block by the mean of a figure, most first."""
        table = self.heads[(self.heads["block"] == block) & (self.heads["figure"] == figure) & (self.heads["n"] > 0)]
        return table.sort_values("mean", ascending=False, kind="stable", ignore_index=True)

    def chosen(self, block: str, layer: int, head: int, figure: str) -> pd.DataFrame:
        """Sentences worth opening for one figure of one head; layer and head from 0."""
        table = self.sentences
        same = (table["block"] == block) & (table["layer"] == layer + 1) & (table["head"] == head + 1)
        return table[same & (table["figure"] == figure)].reset_index(drop=True)

    def save(self, folder: Path) -> None:
        """Write the tables and, last, the small file that names them.

        Raises:
            ExtraError: `corpus_extra`.
            InputError: `cannot_write`.
        """
        reader = parquet()
        import pyarrow

        facts = {}
        for name in TABLES:
            table = pyarrow.Table.from_pandas(getattr(self, name), preserve_index=False)
            sink = pyarrow.BufferOutputStream()
            reader.write_table(table.replace_schema_metadata(None), sink, compression="zstd", use_dictionary=True)
            content = sink.getvalue().to_pybytes()
            write_whole(folder / f"{name}.parquet", content, parents=True)
            facts[f"{name}.parquet"] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        said = {"format": FORMAT, **self.summary, "files": facts}
        write_whole(
            folder / FILE,
            json.dumps(said, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n",
            parents=True,
        )


def read(folder: Path) -> Measured:
    """What `Measured.save` wrote.

    Raises:
        ModelError: `file_unreadable`: it is damaged, or of another form.
        ExtraError: `corpus_extra`.
    """
    reader = parquet()
    import pyarrow

    try:
        said = json.loads((folder / FILE).read_bytes()[:MAX_BYTES])
        if said["format"] != FORMAT:
            raise ValueError(f"Expected format {FORMAT}. Received: {str(said['format'])[:20]}")
        tables = {}
        for name in TABLES:
            path, facts = folder / f"{name}.parquet", said["files"][f"{name}.parquet"]
            if path.is_symlink() or path.stat().st_size > MAX_BYTES:
                raise ValueError(f"Expected ≤ {MAX_BYTES} bytes in a plain file: {path.name}")
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != facts["sha256"]:
                raise ValueError(f"Expected the checksum that {FILE} has of {path.name}.")
            table = reader.read_table(pyarrow.BufferReader(content)).to_pandas()
            if tuple(table.columns) != COLUMNS[name]:
                raise ValueError(f"Expected columns {COLUMNS[name]}. Received: {tuple(table.columns)}")
            tables[name] = table
        return Measured({name: said[name] for name in said if name not in ("format", "files")}, **tables)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
        cause = f"{type(error).__name__}: {error}"[:200]
        raise ModelError("file_unreadable", folder=folder.name, file=FILE, cause=cause) from error
