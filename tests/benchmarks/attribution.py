"""How long all measures of attribution of a sentence of 32 tokens take, for every shipped classifier.

    python -m tests.benchmarks.attribution [--tokens 32] [--runs 7]

Both leave-one-out measures, gradient × input, integrated gradients, their agreement with attention, and the curves of
removed tokens for every order and 20 random ones. Times are wall clock and warm: the first two runs are not counted.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from typing import Any

from attnviz import zoo
from attnviz.analysis.explain.measures import of_classifier
from attnviz.trace import Classification, Encoded
from tests.benchmarks.decoding import median

#: What all measures may take, in seconds.
LIMIT = 1.0


def encoded_of(model: Any, tokens: int) -> Encoded:
    """The card's example sentences after one another, as many characters as make so many tokens."""
    separator = "" if "ja" in model.card.languages else " "
    text = separator.join(model.card.examples * tokens)
    lengths = (len(model.encode(text[:end]).axes["tokens"]) for end in range(1, len(text)))
    end = next(end for end, length in enumerate(lengths, start=1) if length == tokens)
    encoded: Encoded = model.encode(text[:end])
    return encoded


def measured(model: Any, encoded: Encoded, target: int) -> None:
    """What is timed."""
    of_classifier(model, encoded, target).summary()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores; seconds, median of {options.runs}")
    for card in zoo.models():
        model = zoo.load(card.name)
        output = model.run(model.encode(card.examples[0])).output
        if not isinstance(output, Classification):
            continue
        encoded = encoded_of(model, options.tokens)
        answer = model.run(encoded).output
        assert isinstance(answer, Classification)
        measure = partial(measured, model, encoded, answer.predicted)
        seconds = median(measure, options.runs) / 1000
        print(f"{card.name:24}{seconds:8.2f}{'' if seconds <= LIMIT else f'  more than {LIMIT} s'}", flush=True)


if __name__ == "__main__":
    main()
