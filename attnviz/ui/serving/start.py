"""What is settled before the server answers: whom it asks (nobody), what it takes, where it says it is found."""

from __future__ import annotations

import asyncio
import locale
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from streamlit import config, net_util

from attnviz.errors import InputError
from attnviz.i18n import choose, translate
from attnviz.ui.serving import connections, rates, uploads

#: An address that is kept for documentation, where nobody is: a datagram socket only looks up the way there.
_ELSEWHERE = ("192.0.2.1", 9)

#: Seconds within which one wake-up serves all; Streamlit itself sends what has come up every five milliseconds.
_NAP = 0.002

_EVERYWHERE = (None, "", "0.0.0.0", "::")


def prepare() -> None:
    """Settle it, when `app.py` is imported."""
    # Streamlit would ask a host for this machine's outer address, in the event loop, for every foreign `Origin`.
    net_util.get_external_ip = lambda: None
    connections.install()
    try:
        rates.asked()
    except InputError as error:
        raise SystemExit(error.message(_language())) from None


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Load TensorFlow and the models before the first visitor needs them, and say where the page is."""
    from attnviz.ui import warmup

    quicken(asyncio.get_running_loop())
    warmup.start()
    announce()
    yield


def quicken(loop: asyncio.AbstractEventLoop) -> None:
    """Have threads wake a loop once for all that it has not come to yet, instead of once for every call.

    A page's run sends some sixty messages, and each woke the loop by a write to a socket: more time than anything else
    took, and every thread that writes gives the interpreter away and waits for all others before it goes on.
    """
    wake, woken = loop.call_soon_threadsafe, False

    def looked() -> None:
        loop.call_later(_NAP, awake)

    def awake() -> None:
        nonlocal woken
        woken = False

    def call_soon_threadsafe(callback: Callable[..., object], *given: Any, **how: Any) -> asyncio.Handle:
        nonlocal woken
        handle = loop.call_soon(callback, *given, **how)  # a list that takes from every thread, in CPython
        if not woken:
            # `awake` comes by itself after the nap, and whatever was added before it has its turn right after it.
            woken = True
            wake(looked)
        return handle

    if isinstance(loop, asyncio.BaseEventLoop) and not loop.get_debug():
        loop.call_soon_threadsafe = call_soon_threadsafe  # type: ignore[method-assign, assignment]


def announce() -> None:
    """Say on the terminal where the page is, as Streamlit would, which asks a host for it; take uploads if wanted."""
    if uploads.wanted():
        config.set_option("server.maxUploadSize", uploads.MEGABYTES)
    language = _language()
    address, port = st.get_option("server.address"), st.get_option("server.port")
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    named = st.get_option("browser.serverAddress") if config.is_manually_set("browser.serverAddress") else ""
    hosts = [named] if named else ["localhost", _on_the_network()] if address in _EVERYWHERE else [address]
    for host in dict.fromkeys(each for each in hosts if each):
        shown = f"[{host}]" if ":" in host else host
        url = f"{scheme}://{shown}:{port}/{path}"
        key = "server.open_here" if host == "localhost" or named or len(hosts) == 1 else "server.open_there"
        print(translate(language, key, url=url), file=sys.stderr, flush=True)


def _language() -> str:
    """Of the terminal."""
    return choose((locale.getlocale()[0] or "").replace("_", "-"))


def _on_the_network() -> str:
    """This machine's own address on its network; empty where there is none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return ""
