"""All that is known after some parts of a corpus, added up; and the one file a killed run goes on from."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.corpus.aligned import Aligned
from attnviz.corpus.batches import Part
from attnviz.corpus.chosen import Chosen
from attnviz.corpus.faithfulness import Faithfulness
from attnviz.corpus.reading import Line
from attnviz.corpus.tallies import Form, Tally, Tokens
from attnviz.places import write_whole

#: In the folder of the results until they are there.
FILE = "unfinished.npz"

#: How many of the sentences left out are told one by one.
TOLD = 20

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


@dataclass
class State:
    """What is known after some parts.

    Attributes:
        about: What is measured, in plain values: a run goes on only where it is the same.
        lines: How many were taken from the corpus.
        digest: Of these lines, in order.
        sentences, tokens_read: How many were measured.
        refused: How many were left out, by why.
        examples: The first of these, why and where.
        tallies, tokens, texts, faithfulness, aligned: As of a `batches.Part`.
    """

    about: dict[str, Any]
    lines: int = 0
    digest: str = ""
    sentences: int = 0
    tokens_read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, str]] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    tokens: dict[tuple[str, str], Tokens] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    faithfulness: Faithfulness | None = None
    aligned: dict[str, Aligned] = field(default_factory=dict)

    def add(self, lines: list[Line], part: Part) -> None:
        """Take in the next part of the corpus."""
        self.lines += len(lines)
        self.digest = digest(self.digest, lines)
        self.sentences += part.sentences
        self.tokens_read += part.tokens_read
        self.refused.update(code for code, _ in part.refused)
        self.examples += part.refused[: max(0, TOLD - len(self.examples))]
        for name, tally in part.tallies.items():
            self.tallies[name] = self.tallies[name].with_(tally) if name in self.tallies else tally
        for where, tokens in part.tokens.items():
            self.tokens[where] = self.tokens[where].with_(tokens) if where in self.tokens else tokens
        if part.faithfulness is not None:
            known = self.faithfulness
            self.faithfulness = part.faithfulness if known is None else known.with_(part.faithfulness)
        for name, aligned in part.aligned.items():
            self.aligned[name] = self.aligned[name].with_(aligned) if name in self.aligned else aligned
        kept = set().union(*(tally.chosen.numbers() for tally in self.tallies.values()))
        self.texts = {each: text for each, text in {**self.texts, **part.texts}.items() if each in kept}

    def save(self, folder: Path) -> None:
        """Write it whole; raises `InputError` `cannot_write`."""
        arrays: dict[str, NDArray[Any]] = {}
        plain = ("about", "lines", "digest", "sentences", "tokens_read", "refused", "examples")
        said: dict[str, Any] = {name: getattr(self, name) for name in plain}
        said["texts"] = {str(each): text for each, text in self.texts.items()}
        said["tallies"] = [tally.form.to_dict() for tally in self.tallies.values()]
        said["tokens"] = [[*where, tokens.names, tokens.beyond] for where, tokens in self.tokens.items()]
        for at, tally in enumerate(self.tallies.values()):
            arrays |= {f"tally_{at}_{name}": getattr(tally, name) for name in _arrays(Tally)}
            arrays |= {f"chosen_{at}_{name}": getattr(tally.chosen, name) for name in _arrays(Chosen)}
        for at, tokens in enumerate(self.tokens.values()):
            arrays |= {f"tokens_{at}_{name}": getattr(tokens, name) for name in ("count", "total")}
        if self.faithfulness is not None:
            arrays |= {f"faithful_{name}": getattr(self.faithfulness, name) for name in _arrays(Faithfulness)}
        said["aligned"] = {name: each.pairs for name, each in self.aligned.items()}
        arrays |= {f"aligned_{at}": each.counts for at, each in enumerate(self.aligned.values())}
        arrays["said"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
        packed = io.BytesIO()
        np.savez(packed, **arrays)  # type: ignore[arg-type]
        write_whole(folder / FILE, packed.getvalue(), parents=True)


def saved(folder: Path) -> State | None:
    """What a run left that did not end; None where none did, or where it cannot be read."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in packed.files}
        said = json.loads(arrays["said"].tobytes())
        tallies = {}
        for at, plain in enumerate(said.pop("tallies")):
            form = Form.from_dict(plain)
            chosen = Chosen(**{name: arrays[f"chosen_{at}_{name}"] for name in _arrays(Chosen)})
            own = {name: arrays[f"tally_{at}_{name}"] for name in _arrays(Tally)}
            tallies[form.block] = Tally(form, **own, chosen=chosen)
        tokens = {
            (block, side): Tokens(tuple(names), arrays[f"tokens_{at}_count"], arrays[f"tokens_{at}_total"], beyond)
            for at, (block, side, names, beyond) in enumerate(said.pop("tokens"))
        }
        faithful = None
        if "faithful_count" in arrays:
            faithful = Faithfulness(**{name: arrays[f"faithful_{name}"] for name in _arrays(Faithfulness)})
        aligned = {
            name: Aligned(pairs, arrays[f"aligned_{at}"])
            for at, (name, pairs) in enumerate(said.pop("aligned").items())
        }
        texts = {int(each): text for each, text in said.pop("texts").items()}
        said["refused"] = Counter(said["refused"])
        said["examples"] = [(code, where) for code, where in said["examples"]]
        known: dict[str, Any] = {
            "tallies": tallies,
            "tokens": tokens,
            "texts": texts,
            "faithfulness": faithful,
            "aligned": aligned,
        }
        return State(**said, **known)
    except _UNREADABLE:
        return None


def digest(before: str, lines: list[Line]) -> str:
    """Of lines that follow others; where they come from does not matter."""
    found = hashlib.sha256(before.encode())
    for line in lines:
        beside = f"{line.target}\0{line.links}\0" if line.target else ""
        found.update(f"{line.error}\0{line.text}\0{beside}".encode(errors="surrogatepass"))
    return found.hexdigest()


def _arrays(kind: type[Any]) -> list[str]:
    return [each.name for each in fields(kind) if each.name not in ("form", "chosen")]
