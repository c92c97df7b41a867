"""Many generated sentences and scenes through trace and figures: a result or a clear message, never anything else.

    python -m tests.benchmarks.generated [--sentences 100000] [--scenes 20000] [--minutes M] [--seed 0]

Sentences are words, marks, scripts, controls and halves of characters in any order; of each hundred most go to the
models that pool, some to encoders and one to each model that writes. Scenes are composed at random; one in ten is
spoiled. A trace checks itself; it is then drawn and written as JSON. Whatever raises anything but the project's own
errors is printed with its text, and the command ends with 1. The seed says which sentences.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from attnviz import figures, zoo
from attnviz.errors import AttnvizError
from attnviz.families.model import Model
from attnviz.scenes import BACKGROUNDS, GRID, KINDS, STYLES
from attnviz.trace import AttentionTrace, RegionAxis
from tests.benchmarks.long_input import resident

#: What sentences are made of, besides words that models know.
PIECES = [
    *"ab .!?'-<>&${}%\0\n\t\u0301\u200d\u3000\u202eあ漢👍",
    "\ud800",
    "\udc00",
    "שלום",
    "です",
    "= 1",
    "[SEP]",
    "</s>",
]
WORDS = ["not", "good", "at", "all", "book", "table", "film", "dull", "like", "better", "明日", "学校", "行き", "ます"]

#: Every so many-th trace is also written as JSON.
WRITTEN = 10

#: Of failures, how many are printed.
SHOWN = 5

#: After so many, how far it is is said on the standard error.
TOLD = 5000


def sentences(seed: int) -> Iterator[str]:
    """Without end, from a seed."""
    drawn = random.Random(seed)
    while True:
        length = min(int(drawn.expovariate(1 / 8)) + 1, 300)
        blank = drawn.choice(["", " ", " "])
        yield blank.join(drawn.choice(PIECES if drawn.random() < 0.3 else WORDS) for _ in range(length))


def scenes(seed: int) -> Iterator[str]:
    """Codes without end, from a seed; one in ten has a character exchanged."""
    drawn, styles = random.Random(seed), ["", *(f".{style}" for style in STYLES[1:])]
    while True:
        things = [
            f"{drawn.choice(list(KINDS))}{drawn.choice(styles)}@{drawn.randrange(GRID)},{drawn.randrange(GRID)}"
            f"*{drawn.uniform(0.5, 2):.1f}"
            for _ in range(drawn.randint(0, 4))
        ]
        code = ";".join([drawn.choice(list(BACKGROUNDS)), *things])
        if drawn.random() < 0.1:
            place = drawn.randrange(len(code))
            code = code[:place] + drawn.choice("@;*,x9\0あ") + code[place + 1 :]
        yield code


def drawn(trace: AttentionTrace, whole: bool) -> None:
    """Draw a trace, and write it."""
    block = trace.blocks[0]
    if not isinstance(block.key, RegionAxis):
        figures.bars(trace).to_plotly_json()
        figures.heatmap(trace).to_plotly_json()
    else:
        figures.regions(trace).to_plotly_json()
    if whole:
        json.dumps(trace.to_dict(block=block.name, layer=0, head=0)).encode()


def through(texts: Iterator[str], models: Sequence[Model], number: int, until: float) -> tuple[int, Counter[str]]:
    """How many were tried, models in turns, and what came of them."""
    came: Counter[str] = Counter()
    begun = time.monotonic()
    for place in range(number):
        if time.monotonic() > until:
            return place, came
        if place and place % TOLD == 0:
            rate = place / (time.monotonic() - begun)
            far = f"{place:,} of {number:,}, {rate:.0f} a second, {(number - place) / rate / 60:.0f} min left"
            print(far, file=sys.stderr, flush=True)
        text, model = next(texts), models[place % len(models)]
        try:
            drawn(model.trace(text), place % WRITTEN == 0)
            came["drawn"] += 1
        except AttnvizError as error:
            assert error.message("ja") and str(error)
            came[f"refused: {error.code}"] += 1
        except Exception as error:
            came["FAILED"] += 1
            if came["FAILED"] <= SHOWN:
                print(f"{model.card.name} {text!r}: {type(error).__name__}: {error}"[:500])
    return number, came


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--scenes", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="most for each of the two")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    by_kind: dict[str, list[Model]] = {"pooling": [], "self": [], "writes": [], "scene": []}
    for card in zoo.models():
        if card.takes == "photo":
            continue
        kind = "scene" if card.takes == "scene" else card.kinds[0] if card.labels else "writes"
        by_kind[kind].append(zoo.load(card.name))
    hundred = [by_kind["pooling"][place % len(by_kind["pooling"])] for place in range(100)]
    hundred[:20] = [by_kind["self"][place % len(by_kind["self"])] for place in range(20)]
    hundred[20 : 20 + len(by_kind["writes"])] = by_kind["writes"]
    pictures = [*[each for each in by_kind["scene"] if each.card.labels] * 9, *by_kind["scene"][:1]]
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, seed {options.seed}")
    failed = 0
    for what, texts, models, number in (
        ("sentences", sentences(options.seed), hundred, options.sentences),
        ("scenes", scenes(options.seed), pictures, options.scenes),
    ):
        held, begun = resident(os.getpid()), time.monotonic()
        tried, came = through(texts, models, number, begun + 60 * options.minutes)
        taken, now = time.monotonic() - begun, resident(os.getpid())
        print(
            f"{tried:,} {what} in {taken:.0f} s, resident {held / 1e6:.0f} -> {now / 1e6:.0f} MB: {dict(came)}",
            flush=True,
        )
        failed += came["FAILED"]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
