"""Pages as PDF files, printed by the Chrome that draws images as well."""

from __future__ import annotations

import asyncio
import base64
import tempfile
from pathlib import Path

from attnviz.errors import InputError

#: Seconds after which a browser is given up.
PATIENCE = 60


def pdf(page: bytes, *, mark: str = "") -> bytes:
    """An HTML page as it prints.

    Args:
        page: UTF-8; asks nothing of a network.
        mark: A class for its body, as rules for print may have one.

    Raises:
        InputError: `no_image_engine`: Kaleido or the Chrome it needs is missing; the message says how to get them.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "page.html"
            file.write_bytes(page)
            return asyncio.run(asyncio.wait_for(_printed(file.as_uri(), mark), PATIENCE))
    except (ImportError, ValueError, RuntimeError, OSError) as error:
        raise InputError("no_image_engine", kind="pdf", cause=type(error).__name__) from error


async def _printed(address: str, mark: str) -> bytes:
    from choreographer import Browser

    async with Browser() as browser:
        tab = await browser.create_tab("about:blank")
        await tab.send_command("Page.enable")
        loaded = tab.subscribe_once("Page.loadEventFired")
        await tab.send_command("Page.navigate", {"url": address})
        await loaded
        if mark:
            await tab.send_command("Runtime.evaluate", {"expression": f'document.body.classList.add("{mark}")'})
        rules = {"printBackground": True, "preferCSSPageSize": True}
        answer = await tab.send_command("Page.printToPDF", rules)
        return base64.b64decode(answer["result"]["data"])
