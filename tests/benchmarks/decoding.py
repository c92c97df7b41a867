"""How long a translation model takes to write 30 tokens with their weights: greedy, beam 4, and read in one pass.

    python -m tests.benchmarks.decoding [MODEL] [--runs 20] [--tokens 30] [--words 12]

Without a model, one of random weights and the size of the shipped ones is measured. Times are wall clock, warm, from
the encoded text to a checked trace.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.families.card import ModelCard
from attnviz.families.writing import transformer
from attnviz.families.writing.subwords import Subwords
from attnviz.families.writing.translation import TranslationModel
from attnviz.tokenizers import KINDS
from tests.families.writing.translation_folder import pairs

#: What 30 tokens may take, in milliseconds.
LIMIT = 150

WORDS = "I would like to know when the next train to the old town by the sea leaves tomorrow"


def unshipped() -> TranslationModel:
    """A model of full size that knows nothing."""
    config: dict[str, Any] = {"source_size": 8000, "target_size": 8000, "longest": 64}
    sides = [
        Subwords(KINDS[kind](), pairs(language, 91), spaced=language == "en", lower=False)
        for language, kind in (("en", "words"), ("ja", "sudachi"))
    ]
    for side in sides:
        side.vocabulary += tuple(f"#{index}" for index in range(len(side.vocabulary), 8000))
        side.size = 8000
    card = ModelCard("untrained", family="translation", languages=("en", "ja"), details={"config": config})
    return TranslationModel(transformer.build(**config), sides[0], sides[1], card)


def median(task: Callable[[], Any], runs: int) -> float:
    """Milliseconds."""
    times = []
    for _ in range(runs + 2):
        start = time.perf_counter()
        task()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[2:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=30)
    parser.add_argument("--words", type=int, default=12)
    options = parser.parse_args()
    model: Any = zoo.load(options.model) if options.model else unshipped()
    encoded = model.encode(" ".join(WORDS.split()[: options.words]))
    # As many tokens as asked for, whatever they are: neither the end token nor a loop ends them.
    tokens = [model.vocabulary[index] for index in np.random.default_rng(1).permutation(80)[: options.tokens] + 4]
    model._rules = replace(model._rules, longest=options.tokens, never=(*model._rules.never, model._rules.end))
    found = {"greedy, not compiled": median(lambda: model.run(encoded, prefix=tokens), options.runs)}
    model.prepare()
    found |= {
        "greedy": median(lambda: model.run(encoded, prefix=tokens), options.runs),
        "beam 4": median(lambda: model.run(encoded, beam=4), options.runs),
    }
    trace: Any = model.run(encoded, prefix=tokens)
    assert len(trace.output.tokens) == options.tokens
    found["one pass"] = median(lambda: model.run(encoded, target="".join(tokens)[:30]), options.runs)
    print(
        json.dumps(
            {
                "model": model.card.name,
                "source tokens": len(trace.block("encoder").key),
                "target tokens": options.tokens,
                **{f"{name} ms": round(value, 1) for name, value in found.items()},
                "limit ms": LIMIT,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
