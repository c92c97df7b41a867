"""How fast a model goes over a corpus, and whether its memory stays as it is.

    python -m tests.benchmarks.corpus [MODEL …] [--sizes 1000 10000 100000] [--workers 0 1 2]

Sentences are those of the model's test part, each with a number behind it from the second round on, so that none is
known. Seconds are wall clock and, beside them, of the processes that measure on all cores, which tells what a machine
that does something else besides took from them. No workers: this process; else so many with Ray, whose start is in the
seconds and told apart: the time that is over at the pace of the later parts. Memory is what these processes hold,
looked at after every part.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from itertools import count, islice

from attnviz import corpus, training, zoo
from attnviz.corpus.run import PART
from tests.processes import named, resident, seconds

#: Sentences a second that are aimed at: of models that pool, and of encoders.
AIMS = {"pooling": 2000, "self": 150}

#: Models measured where none is named.
MODELS = ("topics-en", "sentiment-en", "politeness-ja", "topics-en-encoder", "sentiment-en-encoder")

COLUMNS = ("workers", "sentences", "s", "of these, start", "sentences/s", "s of cores", "aim", "MB before", "MB most")


def endless(texts: tuple[str, ...]) -> Iterator[str]:
    """The sentences, and then again with a number behind each."""
    for turn in count():
        yield from texts if turn == 0 else (f"{text} {turn}" for text in texts)


def row(name: str, texts: tuple[str, ...], size: int, workers: int) -> tuple[str, ...]:
    """One run, in words."""
    model = zoo.load(name)
    held, told = [] if workers else [resident()], []
    before, spent = time.perf_counter(), seconds(os.getpid())

    def look(done: int) -> None:
        own = named("ray::Worker") if workers else [os.getpid()]
        held.append(resident(*own))
        told.append((done, time.perf_counter() - before, seconds(*own)))

    corpus.measure(name if workers else model, islice(endless(texts), size), progress=look, ray=workers or False)
    wall = time.perf_counter() - before
    cores = told[-1][2] - (0 if workers else spent)
    # At the pace after the first round of parts; where there is but one round, nothing is told apart.
    at = max(workers, 1) - 1
    later = [each for each in told[at:] if each[0] >= PART]
    start = ""
    if len(later) > 1 and workers:
        pace = (later[-1][0] - later[0][0]) / (later[-1][1] - later[0][1])
        start = f"{max(0.0, later[-1][1] - later[-1][0] / pace):.1f}"
    aim = AIMS.get(model.card.kinds[0], 0)
    return (
        str(workers),
        f"{size:,}",
        f"{wall:.1f}",
        start,
        f"{size / wall:,.0f}",
        f"{cores:.1f}",
        f"{aim:,}",
        f"{held[0]:,.0f}",
        f"{max(held):,.0f}",
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000])
    parser.add_argument("--workers", nargs="+", type=int, default=[0])
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"| model | {' | '.join(COLUMNS)} |")
    print(f"| --- |{' ---: |' * len(COLUMNS)}")
    for name in options.models:
        texts = training.test_sentences(name, quiet=True)
        corpus.measure(zoo.load(name), texts[:500])  # warm
        for workers in options.workers:
            for size in options.sizes:
                print(f"| {name} | {' | '.join(row(name, texts, size, workers))} |", flush=True)


if __name__ == "__main__":
    main()
