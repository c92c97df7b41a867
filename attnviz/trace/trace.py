"""The attention of one run: what crosses every border."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import InputError, TraceError
from attnviz.trace.arrays import short
from attnviz.trace.block import AttentionBlock
from attnviz.trace.edit import Edit
from attnviz.trace.notice import Notice
from attnviz.trace.outputs import Output, output_from_dict
from attnviz.trace.source import Source, source_from_dict, source_of

if TYPE_CHECKING:
    import pandas as pd

#: More weights than this are not written out unasked.
MAX_WEIGHTS = 1_000_000

#: Of the table of a trace.
_COLUMNS = ("block", "layer", "head", "query", "key", "weight", "query_token", "key_token")


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """The attention of one run of one model on one source.

    Attributes:
        model: Name of the model.
        source: What was put in, as the model took it. A string is a text.
        blocks: In order of first call.
        output: What the model answered.
        notices: What the reader should know.
        edits: What was changed by hand; empty means the model's own computation.

    Raises:
        TraceError: Names repeat, or a block or the output is not sound.
    """

    model: str
    source: Source
    blocks: tuple[AttentionBlock, ...]
    output: Output
    notices: tuple[Notice, ...] = ()
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", source_of(self.source))
        names = [block.name for block in self.blocks]
        if len(set(names)) != len(names):
            raise TraceError("trace_names", received=", ".join(names))

    def __repr__(self) -> str:
        """In a line; all of it is in `to_dict`."""
        blocks = ", ".join(f"{block.name!r} {list(block.shape)}" for block in self.blocks)
        return f"<AttentionTrace of {self.model!r}: {short(self.text)!r}, {blocks}, {self.output!r}>"

    def _repr_html_(self) -> str:
        """As `attnviz.show` has it: a notebook asks for this. Drawings stand above traces, hence the late look."""
        picture: str = importlib.import_module("attnviz.notebook").show(self).html
        return picture

    @property
    def text(self) -> str:
        """The text, or the code of the picture."""
        return str(self.source)

    @property
    def edited(self) -> bool:
        """Whether anything was changed by hand: weights, or what the model read (the notice `edited` says it)."""
        return bool(self.edits) or any(notice.code == "edited" for notice in self.notices)

    def block(self, name: str | int) -> AttentionBlock:
        """The block of that name, or the first of that kind, or by its place from 0.

        Raises:
            InputError: There is none; the message lists the names.

        >>> from attnviz.trace import AttentionBlock, Embedding, Text, TokenAxis
        >>> axis = TokenAxis.of(["a", "cat"])
        >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
        >>> trace = AttentionTrace("made", Text("a cat"), (block,), Embedding(np.ones(3)))
        >>> trace.block("self").name
        'words'
        >>> trace.block(0).name
        'words'
        """
        if isinstance(name, int):
            if not 0 <= name < len(self.blocks):
                raise InputError("no_such_index", what="block", received=name, last=len(self.blocks) - 1)
            return self.blocks[name]
        for candidate in self.blocks:
            if candidate.name == name:
                return candidate
        for candidate in self.blocks:
            if candidate.kind == name:
                return candidate
        names = ", ".join(block.name for block in self.blocks)
        raise InputError("no_such_block", received=name, expected=names)

    def select(self, block: str | None = None, layer: int | None = None, head: int | None = None) -> AttentionTrace:
        """The same trace with one block, layer or head only."""
        blocks = self.blocks if block is None else (self.block(block),)
        if layer is not None or head is not None:
            blocks = tuple(each.select(layer, head) for each in blocks)
        return replace(self, blocks=blocks)

    def to_dict(self, block: str | None = None, layer: int | None = None, head: int | None = None) -> dict[str, Any]:
        """Plain Python values, ready for JSON.

        Args:
            block: Name of one block, or None for all.
            layer: One layer, or None for all.
            head: One head, or None for all.

        Raises:
            InputError: More than a million weights would be written, or there is no such part.

        >>> from attnviz.trace import AttentionBlock, Embedding, Text, TokenAxis
        >>> axis = TokenAxis.of(["a", "cat"])
        >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
        >>> trace = AttentionTrace("made", Text("a cat"), (block,), Embedding(np.ones(3)))
        >>> trace.to_dict()["blocks"][0]["weights"]
        [[[[0.5, 0.5], [0.5, 0.5]]]]
        """
        part = self.select(block, layer, head)
        part._check_size()
        data: dict[str, Any] = {
            "model": self.model,
            "text": self.text,
            "source": self.source.to_dict(),
            "output": self.output.to_dict(),
            "notices": [notice.to_dict() for notice in self.notices],
            "blocks": [each.to_dict() for each in part.blocks],
        }
        if self.edits:
            data["edits"] = [edit.to_dict() for edit in self.edits]
        return data

    def to_json(
        self, block: str | None = None, layer: int | None = None, head: int | None = None, indent: int | None = None
    ) -> str:
        """`to_dict` as JSON text, not escaped beyond what JSON needs."""
        return json.dumps(self.to_dict(block, layer, head), ensure_ascii=False, allow_nan=False, indent=indent)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AttentionTrace:
        """What `to_dict` wrote of all its blocks, layers and heads, or of some.

        The pixels of a picture are not in it; in their place stands a grey picture, see `export.read_json`.

        Raises:
            InputError: It is no such thing, or not sound.

        >>> from attnviz.trace import AttentionBlock, Embedding, Text, TokenAxis
        >>> axis = TokenAxis.of(["a", "cat"])
        >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
        >>> trace = AttentionTrace("made", Text("a cat"), (block,), Embedding(np.ones(3)))
        >>> AttentionTrace.from_dict(trace.to_dict()).to_dict() == trace.to_dict()
        True
        """
        try:
            return cls(
                str(data["model"]),
                source_from_dict(data["source"]),
                tuple(map(AttentionBlock.from_dict, data["blocks"])),
                output_from_dict(data["output"]),
                tuple(map(Notice.from_dict, data["notices"])),
                tuple(map(Edit.from_dict, data.get("edits", ()))),
            )
        except TraceError as error:
            raise InputError("not_a_trace", cause=str(error)) from error
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            cause = f"{type(error).__name__}: {error}"
            raise InputError("not_a_trace", cause=cause[:200]) from error

    def to_frame(self, block: str | None = None, layer: int | None = None, head: int | None = None) -> pd.DataFrame:
        """One weight a row.

        Returns:
            Columns `block`, `layer`, `head`, `query`, `key`, `weight`, and `query_token`, `key_token` for reading.

        Raises:
            InputError: More than a million weights would be written, or there is no such part.

        >>> from attnviz.trace import AttentionBlock, Embedding, Text, TokenAxis
        >>> axis = TokenAxis.of(["a", "cat"])
        >>> block = AttentionBlock("words", "self", axis, axis, np.full((1, 1, 2, 2), 0.5, np.float32))
        >>> trace = AttentionTrace("made", Text("a cat"), (block,), Embedding(np.ones(3)))
        >>> trace.to_frame()[["query_token", "key_token", "weight"]].values.tolist()[1]
        ['a', 'cat', 0.5]
        """
        import pandas as pd

        part = self.select(block, layer, head)
        part._check_size()
        frames = []
        for each in part.blocks:
            index = np.indices(each.shape).reshape(4, -1)
            frames.append(
                pd.DataFrame(
                    {
                        "block": each.name,
                        "layer": index[0] + (layer or 0),
                        "head": index[1] + (head or 0),
                        "query": index[2],
                        "key": index[3],
                        "weight": each.weights.reshape(-1),
                        "query_token": np.array(each.query.tokens, dtype=object)[index[2]],
                        "key_token": np.array(each.key.tokens, dtype=object)[index[3]],
                    }
                )
            )
        if not frames:
            return pd.DataFrame(columns=list(_COLUMNS))
        return pd.concat(frames, ignore_index=True)

    def _check_size(self) -> None:
        size = sum(block.weights.size for block in self.blocks)
        if size > MAX_WEIGHTS:
            names = ", ".join(block.name for block in self.blocks)
            raise InputError("too_many_weights", received=size, limit=MAX_WEIGHTS, blocks=names)
