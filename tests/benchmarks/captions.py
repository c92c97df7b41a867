"""How long a captioner takes from a scene to its first word with its weights, and to the whole caption.

    python -m tests.benchmarks.captions [MODEL] [--runs 20]

Scenes are drawn by chance, each once. Times are wall clock, warm, from a scene's code: drawing, the frozen encoder, and
writing are in them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

from attnviz import zoo
from attnviz.training.captions.scenes import Part

#: What the first word, and the caption with all its weights, may take, in milliseconds.
FIRST, ALL = 150, 300


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="caption-scenes")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    model: Any = zoo.load(options.model)
    model.prepare()
    codes = [scene.code for scene in Part(seed=77, count=options.runs + 2).scenes()]
    report: dict[str, Any] = {"model": model.card.name, "scenes": options.runs}
    for language in model.card.languages:
        first, whole = [], []
        for code in codes:
            began = time.perf_counter()
            next(model.write(model.encode(code, language)))
            first.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            trace = model.trace(code, language=language)
            whole.append((time.perf_counter() - began) * 1000)
            assert trace.blocks
        for name, times in (("first word", first[2:]), ("whole caption", whole[2:])):
            report[f"{name}, {language}, p50 ms"] = round(statistics.median(times), 1)
            report[f"{name}, {language}, p95 ms"] = round(sorted(times)[int(len(times) * 0.95)], 1)
    print(json.dumps({**report, "first word, limit ms": FIRST, "whole caption, limit ms": ALL}, indent=1))


if __name__ == "__main__":
    main()
