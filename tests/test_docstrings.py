"""Examples in docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = [
    path.relative_to(ROOT) for path in sorted((ROOT / "attnviz").rglob("*.py")) if ">>> " in path.read_text("utf-8")
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.as_posix())
def test_the_examples_of_a_module(file: Path):
    module = importlib.import_module(".".join(file.with_suffix("").parts).removesuffix(".__init__"))
    tests = [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    for test in tests:
        runner.run(test, out=said.append)

    assert tests, "an example that no docstring of a public or private name holds"
    assert not runner.summarize(verbose=False).failed, "".join(said)


def test_the_first_page_of_the_library_has_examples():
    assert Path("attnviz/__init__.py") in FILES
