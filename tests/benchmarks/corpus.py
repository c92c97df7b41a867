"""How fast a model goes over a corpus, and whether its memory stays as it is.

    python -m tests.benchmarks.corpus [MODEL …] [--sizes 1000 10000 100000]

Sentences are those of the model's test part, each with a number behind it from the second round on, so that none is
known. Seconds are wall clock and, beside them, of this process on all cores, which tells what a machine that does
something else besides took from it. Memory is what the process holds, looked at after every part.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from attnviz import corpus, training, zoo

#: Sentences a second that are aimed at: of models that pool, and of encoders.
AIMS = {"pooling": 2000, "self": 150}

#: Models measured where none is named.
MODELS = ("topics-en", "sentiment-en", "politeness-ja", "topics-en-encoder", "sentiment-en-encoder")


def resident() -> float:
    """Megabytes this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def endless(texts: tuple[str, ...]) -> Iterator[str]:
    """The sentences, and then again with a number behind each."""
    for turn in count():
        yield from texts if turn == 0 else (f"{text} {turn}" for text in texts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000])
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| model | sentences | s | sentences/s | s of this process | sentences/s of it | aim | MB before | MB most |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in options.models:
        model, texts = zoo.load(name), training.test_sentences(name, quiet=True)
        corpus.measure(model, texts[:500])  # warm
        for size in options.sizes:
            held, before = [resident()], (time.perf_counter(), time.process_time())

            def look(_: int, held: list[float] = held) -> None:
                held.append(resident())

            corpus.measure(model, islice(endless(texts), size), progress=look)
            wall, own = time.perf_counter() - before[0], time.process_time() - before[1]
            cells = (
                name,
                f"{size:,}",
                f"{wall:.1f}",
                f"{size / wall:,.0f}",
                f"{own:.1f}",
                f"{size / own:,.0f}",
                f"{AIMS.get(model.card.kinds[0], 0):,}",
                f"{held[0]:,.0f}",
                f"{max(held):,.0f}",
            )
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
