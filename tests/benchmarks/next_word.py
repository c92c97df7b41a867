"""How long a model of the next word takes: to read a text, to write on, and to show another head.

    python -m tests.benchmarks.next_word [MODEL …] [--tokens 32] [--more 30] [--runs 20]

Texts are the model's own examples, repeated to the length asked for and each begun with another number, so that none is
known. Times are wall clock, warm. *Next token* is from a text to its trace: all weights, and what may follow with its
probabilities. *A token more* is one of those that are written on, in a trace of all weights. *Another head* is from a
trace that is there to the JSON of another head's drawing, as the page sends it.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import attnviz
from attnviz import zoo
from attnviz.figures import head
from attnviz.trace import AttentionTrace, Written

#: Models measured where none is named. SmolLM2 is added first, see the README.
MODELS = ("next-word-en", "next-word-ja")

#: What the three may take, in milliseconds: of models that are shipped, and of others.
AIMS = {True: (50, 50, 200), False: (250, 250, 200)}

COLUMNS = ("layers × heads", "tokens", "next token, p50 ms", "p95", "a token more, ms", "another head, p50 ms", "aims")


def texts(model: attnviz.Model, tokens: int) -> Iterator[str]:
    """Texts of about so many tokens."""
    words = list(itertools.chain.from_iterable(text.split() for text in model.card.examples)) or ["a"]
    for number in itertools.count(1):
        some = itertools.islice(itertools.cycle(words), number % 7, None)
        text = f"{number}"
        while len(model.encode(text).axis) < tokens:
            text += " " + next(some)
        yield text


def timed(task: Callable[[], AttentionTrace | str]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    task()
    return 1000 * (time.perf_counter() - began)


def row(name: str, tokens: int, more: int, runs: int) -> tuple[str, ...]:
    """One model, in words."""
    model = zoo.load(name)
    model.prepare()
    given = texts(model, tokens)
    for _ in range(2):
        model.trace(next(given), length=1)
    first = [timed(lambda: model.trace(next(given), length=1)) for _ in range(runs)]
    short = next(given)
    whole = model.trace(short, length=1 + more)
    assert isinstance(whole.output, Written)
    longer = statistics.median(timed(lambda: model.trace(next(given), length=1 + more)) for _ in range(3))
    trace = model.trace(next(given), length=1)
    layers, heads, queries, _ = trace.blocks[0].shape
    other = [
        timed(lambda layer=layer, place=place: head(trace, layer=layer, head=place).to_json())  # type: ignore[misc]
        for layer, place in itertools.islice(itertools.product(range(layers), range(heads)), runs)
    ]
    shipped = name in MODELS
    return (
        f"{layers} × {heads}",
        str(queries),
        f"{statistics.median(first):.0f}",
        f"{sorted(first)[int(0.95 * runs)]:.0f}",
        f"{max(0.0, longer - statistics.median(first)) / more:.0f}",
        f"{statistics.median(other):.0f}",
        " / ".join(map(str, AIMS[shipped])),
    )


def rows(models: Sequence[str], tokens: int = 32, more: int = 30, runs: int = 20) -> Iterator[tuple[str, ...]]:
    """Of each model a row: its name and `COLUMNS`."""
    for name in models:
        yield name, *row(name, tokens, more, runs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--more", type=int, default=30)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"| model | {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * len(COLUMNS)}")
    for each in rows(options.models, options.tokens, options.more, options.runs):
        print(f"| {' | '.join(each)} |", flush=True)


if __name__ == "__main__":
    main()
