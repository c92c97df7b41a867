"""One table of what many sentences and many visitors cost: `python -m tests.benchmarks`.

    python -m tests.benchmarks [--sentences 10000] [--seconds 10] [--hundreds 8]

The models over a corpus, the JSON route, the next word, and the memory of a server that is visited, each by the module
that measures it alone and more of it; beside every figure what is aimed at on two cores, where something is.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
from collections.abc import Iterator

from attnviz import corpus, training, zoo
from tests.benchmarks import corpus as corpora
from tests.benchmarks import next_word, routes, soak

#: What is measured, of what, under which conditions, what came out, and what is aimed at.
Row = tuple[str, str, str, str, str]

HEAD: Row = ("what", "of", "conditions", "measured", "aim")


def over_corpora(sentences: int) -> Iterator[Row]:
    """Sentences a second, and memory."""
    for name in corpora.MODELS:
        texts = training.test_sentences(name, quiet=True)
        corpus.measure(zoo.load(name), texts[:500])  # warm
        found = dict(zip(corpora.COLUMNS, corpora.row(name, texts, sentences, 0), strict=True))
        conditions = f"{found['sentences']} sentences, one process"
        yield "corpus, sentences a second", name, conditions, found["sentences/s"], f"≥ {found['aim']}"
        yield "corpus, MB before and most", name, conditions, f"{found['MB before']} → {found['MB most']}", "flat"


def over_routes(seconds: float) -> Iterator[Row]:
    """Requests a second."""
    for model, *found in routes.rows(routes.MODELS, (1, 8, 32), seconds):
        connections, rate, _, p95 = found
        yield (
            "JSON, requests a second; p95",
            model,
            "1 connection" if connections == "1" else f"{connections} connections",
            f"{rate}; {p95} ms",
            "",
        )


def over_words() -> Iterator[Row]:
    """Milliseconds of a model that writes on."""
    for model, *found in next_word.rows(next_word.MODELS):
        said = dict(zip(next_word.COLUMNS, found, strict=True))
        aims = said["aims"].split(" / ")
        for name, aim in zip(("next token, p50 ms", "a token more, ms", "another head, p50 ms"), aims, strict=True):
            yield f"next word, {name}", model, f"{said['tokens']} tokens, all weights", said[name], f"≤ {aim}"


def over_visitors(hundreds: int) -> Iterator[Row]:
    """Memory of a server."""
    memory = []
    for look in soak.looks(soak.mixed(), hundreds, 4, same=False):
        memory.append(look.resident)
    conditions = f"{look.runs:,} mixed runs, 4 at a time"
    yield (
        "memory, MB before and after",
        "the page",
        conditions,
        f"{memory[0]:,.0f} → {memory[-1]:,.0f}",
        "flat after warm-up",
    )
    yield "results kept, MB of most", "the page", conditions, f"{look.kept:.0f} of {look.most:.0f}", "within"
    yield "a run, p50; p95", "the page", conditions, f"{look.p50:.0f}; {look.p95:.0f} ms", ""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--hundreds", type=int, default=8)
    options = parser.parse_args()
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("tensorflow", "keras", "streamlit", "numpy")]
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} cores, load {load:.1f} before; Python {platform.python_version()}, {', '.join(versions)}\n"
    )
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    parts = (
        over_corpora(options.sentences),
        over_words(),
        over_routes(options.seconds),
        over_visitors(options.hundreds),
    )
    for row in (row for part in parts for row in part):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
