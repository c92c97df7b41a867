"""How many traces a second the JSON route gives, to one caller and to many at once.

    python -m tests.benchmarks.routes [MODEL …] [--connections 1 8 32] [--seconds 10]

The page's own server, warm. Each connection is kept open and asks for one text after the other, none of which was asked
for before. The callers are threads of this process, on the same cores. Every answer is read and must be a trace of what
was asked for.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attnviz import zoo
from tests.e2e.server import ROOT, Server

#: Models measured where none is named: one that pools, an encoder, one that writes.
MODELS = ("sentiment-en", "sentiment-en-encoder", "translate-en-ja")

COLUMNS = ("connections", "requests a second", "p50 ms", "p95 ms")

#: Seconds one answer may take.
_PATIENCE = 120.0


def texts(model: str, seed: int = 0) -> Iterator[str]:
    """Sentences of 4 to 10 words out of a model's examples, no two alike."""
    examples = next(card for card in zoo.models() if card.name == model).examples
    words, drawn = sorted({word for text in examples for word in text.split()}), random.Random(seed)
    return (f"{' '.join(drawn.choices(words, k=drawn.randint(4, 10)))} {number}" for number in itertools.count())


def asked(server: Server, model: str, given: Sequence[Iterator[str]], seconds: float) -> list[float]:
    """Seconds of every answer, for so long, on as many connections as there are sources of texts.

    Raises:
        RuntimeError: An answer was no trace, or of another text.
    """
    end = time.perf_counter() + seconds

    def ask(source: Iterator[str]) -> list[float]:
        connection, taken = http.client.HTTPConnection(server.netloc, timeout=_PATIENCE), []
        while time.perf_counter() < end:
            text = next(source)
            began = time.perf_counter()
            connection.request("GET", f"/api/trace?{urllib.parse.urlencode({'model': model, 'text': text})}")
            answer = connection.getresponse()
            content = answer.read()
            taken.append(time.perf_counter() - began)
            if answer.status != 200 or json.loads(content)["text"] != text:
                raise RuntimeError(f"Expected a trace of {text!r}. Received: {answer.status} {content[:200]!r}")
        connection.close()
        return taken

    with ThreadPoolExecutor(len(given)) as callers:
        return [each for taken in callers.map(ask, given) for each in taken]


def ready(server: Server) -> None:
    """Wait until all models are loaded."""
    for _ in range(int(_PATIENCE / 0.5)):
        try:
            with urllib.request.urlopen(f"{server.url}/api/ready", timeout=_PATIENCE):
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"The models were not loaded in {_PATIENCE:.0f} s.")


def rows(models: Sequence[str], connections: Sequence[int], seconds: float) -> Iterator[tuple[str, ...]]:
    """Of each model and number of connections a row: its name and `COLUMNS`."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(ROOT / "app.py", Path(folder) / "log.txt")
        server.start()
        try:
            ready(server)
            for model in models:
                for count in connections:
                    sources = [texts(model, seed) for seed in range(1000 * count, 1001 * count)]
                    asked(server, model, sources, min(2.0, seconds))  # warm
                    began = time.perf_counter()
                    taken = asked(server, model, sources, seconds)
                    rate = len(taken) / (time.perf_counter() - began)
                    ranks = statistics.quantiles(taken, n=20, method="inclusive") if len(taken) > 1 else taken * 19
                    yield model, str(count), f"{rate:.0f}", f"{1000 * ranks[9]:.0f}", f"{1000 * ranks[18]:.0f}"
        finally:
            server.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--connections", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"| model | {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * len(COLUMNS)}")
    for row in rows(options.models, options.connections, options.seconds):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
