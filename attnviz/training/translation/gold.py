"""How far source–target attention agrees with word correspondences set by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from attnviz.analysis.heads.alignment import Head, alignment_heads, combined
from attnviz.analysis.heads.word_links import GoldPair, Link, agreement, diagonal, parsed, strongest
from attnviz.analysis.reading import read
from attnviz.families.card import ModelCard
from attnviz.trace import AttentionTrace, Encoded
from attnviz.training.progress import Progress
from attnviz.training.translation.pairs import Pair

#: Links of dev pairs, English to Japanese. Test data: a checkout has them, an installed package has not.
GOLD = Path(__file__).resolve().parents[3] / "tests" / "data" / "alignments-en-ja.txt"

#: The block whose weights are read.
BLOCK = "source-target"


class Reads(Protocol):
    """A translation model, or what can be asked like one.

    Attributes:
        card: Its languages, and in `details` its `config` and `alignment`.
    """

    @property
    def card(self) -> ModelCard: ...

    def encode(self, source: str) -> Encoded: ...

    def run(self, encoded: Encoded, *, target: str) -> AttentionTrace: ...


def gold(source: str, file: Path = GOLD) -> tuple[GoldPair, ...] | None:
    """The pairs with their links from one language's words to the other's; None where the file is absent.

    Args:
        source: Code of the language that is read, `en` or `ja`.
        file: Where they are.
    """
    if not file.is_file():
        return None
    pairs = parsed(file.read_text(encoding="utf-8"))
    return pairs if source == "en" else tuple(pair.turned() for pair in pairs)


def alignment_figures(
    model: Reads, dev: Sequence[Pair], pairs: Sequence[GoldPair] | None, *, quiet: bool = False
) -> dict[str, Any] | None:
    """Precision, recall and AER of the model's attention while it reads the reference translations.

    Special tokens are left out; weights of a source word's pieces are summed, rows of a target word's pieces averaged.
    Each target word is linked to the source word of its greatest weight, whatever that is: nothing is tuned.

    Args:
        model: Any direction.
        dev: (English, Japanese), the pairs that `GoldPair.number` counts.
        pairs: With links from the model's source to its target; None where there are none.
        quiet: No progress.

    Returns:
        `n_pairs`, `n_sure`, `n_possible`, and figures in 0…1: `chosen` is the card's heads, `mean` all of them,
        `heads` each alone, `diagonal` the baseline without a model. None without links or source–target attention.

    Raises:
        ValueError: The links are of other words than the model's.
    """
    if pairs is None or not model.card.details["config"].get("attention", True):
        return None
    first = 0 if model.card.languages[0] == "en" else 1
    progress = Progress("Align", len(pairs), quiet=quiet)
    found: dict[tuple[Head, ...], list[frozenset[Link]]] = {}
    chosen: tuple[Head, ...] = ()
    for done, pair in enumerate(pairs, 1):
        texts = dev[pair.number]
        trace = model.run(model.encode(texts[first]), target=texts[1 - first])
        block = read(trace, "hide", "words").block(BLOCK)
        if (block.key.tokens, block.query.tokens) != (pair.source, pair.target):
            raise ValueError(
                f"Expected {pair.source}, {pair.target}. Received: {block.key.tokens}, {block.query.tokens}"
            )
        layers, heads, _, _ = block.shape
        chosen = alignment_heads(block, model.card.details.get("alignment"))
        every = tuple((layer, head) for layer in range(layers) for head in range(heads))
        for group in {chosen, every, *((each,) for each in every)}:
            found.setdefault(group, []).append(strongest(combined(block, group)))
        progress.update(done)
    every = max(found, key=len)
    result: dict[str, Any] = {
        "n_pairs": len(pairs),
        "n_sure": sum(len(pair.sure) for pair in pairs),
        "n_possible": sum(len(pair.possible - pair.sure) for pair in pairs),
        "chosen": _rounded(found[chosen], pairs),
        "mean": _rounded(found[every], pairs),
        "diagonal": _rounded([diagonal(len(pair.source), len(pair.target)) for pair in pairs], pairs),
        "heads": [{"layer": head[0], "head": head[1], **_rounded(found[head,], pairs)} for head in every],
    }
    progress.close(f"AER {result['chosen']['aer']:.3f}")
    return result


def _rounded(found: Sequence[frozenset[Link]], pairs: Sequence[GoldPair]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in agreement(found, pairs).items()}
