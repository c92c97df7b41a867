"""How several processes share the tests: a file each, from both ends of the list towards its middle."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

#: Places whose tests ask the shipped models, in the order they come in; and those that come last, which make models of
#: their own. Whoever begins at one end meets again what is loaded and traced; in the middle are files that take little.
FIRST = (
    *("tests/training/test_models.py", "tests/app/", "tests/lectures/", "tests/test_input.py"),
    *("tests/families/test_contract.py", "tests/families/writing/", "tests/test_"),
)
LAST = ("tests/capture/", "tests/families/own/", "tests/families/hub/", "tests/training/")


def place(test: str) -> int:
    """Where in the list a test comes, by its id."""
    for number, beginning in enumerate(FIRST):
        if test.startswith(beginning):
            return number - len(FIRST)
    return next((1 + number for number, beginning in enumerate(LAST) if test.startswith(beginning)), 0)


class BothEnds(LoadFileScheduling):
    """Every other process is given the last file that is left, the others the first."""

    def _assign_work_unit(self, node: Any) -> None:
        if self.nodes.index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
