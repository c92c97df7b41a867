"""So many requests of one address in a time, where whoever runs the server asks for it."""

from __future__ import annotations

import ipaddress
import math
import os
import time
from functools import cache
from typing import TYPE_CHECKING

from attnviz import api
from attnviz.errors import InputError

if TYPE_CHECKING:  # a sixth of a second that only those wait for who ask for a limit
    from limits import RateLimitItem
    from limits.strategies import MovingWindowRateLimiter

#: Says how many, e.g. `60/minute`; see the package `limits`. Without it there is no such limit.
RATE = "ATTNVIZ_RATE"

#: What whoever watches over a server asks without end.
_FREE = ("/api/health", "/api/ready", "/api/status")

#: A household or a room has so many bits of an IPv6 address to itself.
_SITE = 64


def seconds_to_wait(path: str, address: str | None, *, page: bool = False) -> int:
    """Count a request, and say whether it is one too many.

    Args:
        path: What is asked for; only what is computed counts, not the page's files.
        address: Of whom.
        page: It opens a page's socket, which counts, too.

    Returns:
        Seconds after which it may be asked again; 0: now.

    Raises:
        InputError: `bad_rate`: the setting says nothing that is known.
    """
    limit = asked()
    if limit is None or not (page or (api.serves(path) and path not in _FREE)):
        return 0
    key = _household(address or "")
    if counted().hit(limit, key):
        return 0
    return max(1, math.ceil(counted().get_window_stats(limit, key).reset_time - time.time()))


def asked() -> RateLimitItem | None:
    """The limit that is asked for; see `seconds_to_wait`."""
    said = os.environ.get(RATE, "").strip()
    return _parsed(said) if said else None


@cache
def counted() -> MovingWindowRateLimiter:
    """What has been asked for, by address."""
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter

    return MovingWindowRateLimiter(MemoryStorage())


@cache
def _parsed(said: str) -> RateLimitItem:
    from limits import parse

    try:
        return parse(said)
    except ValueError:
        raise InputError("bad_rate", setting=RATE, received=said[:60], expected="60/minute, 1000/hour") from None


def _household(address: str) -> str:
    """An address, or of IPv6 the part that one household has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if known.version == 4 else str(ipaddress.ip_network((known, _SITE), strict=False))
