"""Connections: how many, and how long one may take to say what it wants. Streamlit has no settings for it.

A connection that never finishes a request holds a descriptor for good; with as many as there are descriptors, nobody is
served any more, and asyncio writes a traceback for each one it cannot take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from typing import Any

import uvicorn

from attnviz.ui.serving import full

#: Seconds until the head of a request must be whole.
HEAD_SECONDS = 10.0

#: Descriptors left to everything that is no connection.
RESERVE = 128

#: Most connections at a time, whatever the system allows.
MOST = 8192


def install() -> None:
    """Have every server that is started from now on keep to these limits, and not say what it is made of."""
    begin = uvicorn.Server.startup
    if getattr(begin, "attnviz", False):
        return

    async def startup(self: uvicorn.Server, sockets: Sequence[socket] | None = None) -> None:
        harden(self.config)
        await begin(self, list(sockets) if sockets is not None else None)

    startup.attnviz = True  # type: ignore[attr-defined]
    uvicorn.Server.startup = startup  # type: ignore[method-assign, assignment]


def harden(config: uvicorn.Config, most: int | None = None, head_seconds: float = HEAD_SECONDS) -> None:
    """Give a server that is loaded, and not yet started, these limits.

    Args:
        config: What it is started with.
        most: Connections at a time; by default what the descriptors of this process allow.
        head_seconds: Until the head of a request must be whole.
    """
    config.encoded_headers = [each for each in config.encoded_headers if each[0] != b"server"]
    most = most or max(min(descriptors() - RESERVE, MOST), 16)
    config.http_protocol_class = _impatient(config.http_protocol_class, most, head_seconds)


def descriptors() -> int:
    """How many descriptors this process may have, once it has asked for as many as it may."""
    try:
        import resource
    except ImportError:  # Windows, where sockets are no such thing
        return MOST + RESERVE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + RESERVE if hard == resource.RLIM_INFINITY else min(hard, MOST + RESERVE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):
            pass
    return wanted if soft == resource.RLIM_INFINITY else soft


def _send_at_once(transport: asyncio.Transport) -> None:
    """Send small answers when they are there.

    asyncio does so by itself only for sockets that were made with the number of TCP; Streamlit's listening one is not.
    Then the second part of an answer, and every second message of a page, waits some 40 ms for a receipt.
    """
    with suppress(OSError, AttributeError):
        transport.get_extra_info("socket").setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


def _impatient(protocol: Any, most: int, head_seconds: float) -> Any:
    """A protocol of uvicorn that ends connections which ask for nothing, the oldest first where there are too many."""
    waiting: dict[Any, asyncio.TimerHandle] = {}

    class Impatient(protocol):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            _send_at_once(transport)
            if len(self.connections) > most:
                if waiting:
                    next(iter(waiting)).give_up()
                else:
                    transport.write(full.at_once())
                    transport.close()
            self.look()

        def connection_lost(self, exc: Exception | None) -> None:
            self.settle()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.look()

        def look(self) -> None:
            """Begin or end waiting for the head of a request."""
            busy = self.cycle is not None and not self.cycle.response_complete
            if busy or self.transport.is_closing() or self.transport.get_protocol() is not self:
                self.settle()
            elif self not in waiting:
                waiting[self] = self.loop.call_later(head_seconds, self.give_up)

        def settle(self) -> None:
            timer = waiting.pop(self, None)
            if timer is not None:
                timer.cancel()

        def give_up(self) -> None:
            self.settle()
            if self.transport.get_protocol() is self and (self.cycle is None or self.cycle.response_complete):
                self.transport.abort()

    return Impatient
