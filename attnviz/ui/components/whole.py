"""The end of what is out of sight while the stage changes its form: once the browser has drawn all of it."""

from __future__ import annotations

from attnviz.ui.components import component

#: Seconds after which it is seen in any case.
PATIENCE = 2

_mount = component("whole")


def whole(number: int) -> None:
    """Wait in the browser until nothing on the stage moves; then the page says so of the change of this number."""
    _mount(key="whole", data={"number": number, "patience": PATIENCE * 1000})
