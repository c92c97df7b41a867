"""The address bar."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from attnviz.i18n import translate
from attnviz.ui.components import component
from attnviz.ui.session import Held

_mount = component("address")


def address(page: Held, parameters: Mapping[str, str], on_navigated: Callable[[], None]) -> None:
    """Write what is shown into the address bar; listen for back and forward.

    Args:
        page: The visitor's.
        parameters: Of the address.
        on_navigated: Called when the browser went to another address of this page.
    """
    asked, (before, version) = page.asked, page.address
    written = (dict(parameters), page.step)
    if written != before:
        # Rises over a restart of the server, too: the page that reconnects knows the last one.
        page.address = (written, max(version + 1, time.time_ns() // 1_000_000))
    _mount(
        key="address",
        data={
            "parameters": dict(parameters),
            "version": page.address[1],
            "step": page.step,
            "live": asked.text != page.applied,
            "entered": page.stamp > 0,
            "language": asked.lang,
            "title": translate(asked.lang, "page.title"),
        },
        on_navigated_change=on_navigated,
    )
