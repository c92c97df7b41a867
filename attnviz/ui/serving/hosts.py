"""One rule for which names this server answers to, and which pages may ask it: for sockets and for all addresses alike.

A page elsewhere can have its own name lead to this machine (DNS rebinding). Its requests then come with that name as
`Host`; so only names that nobody else can own are answered, unless the operator lists others.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st

#: Asked under any name by whatever watches over the server; they tell whether it lives, and no more.
HEALTH = ("/_stcore/health", "/api/health", "/api/ready")

#: Names and numeric addresses, and nothing that means something in a header.
_NAME = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")

#: Headers that a proxy adds.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def host_answered(host: str | None) -> bool:
    """Whether this server answers under a name.

    Args:
        host: The request's `Host`: a name or address, with or without a port.

    With `server.allowedHosts` in Streamlit's settings, those. Without, numeric addresses, `localhost`, this machine's
    own name and every name without a dot, and what `browser.serverAddress`, `server.address` and
    `server.corsAllowedOrigins` name.
    """
    name = _name(host)
    if name is None:
        return False
    listed = st.get_option("server.allowedHosts")
    if listed:
        return any(_fits(name, each.strip().lower().rstrip(".")) for each in listed)
    return _numeric(name) or "." not in name or name in _own_names()


def origin_answered(origin: str | None, host: str | None) -> bool:
    """Whether a page from `origin` may ask a server that it calls `host`: the server's own pages, and those listed.

    Args:
        origin: The request's `Origin`; None where there is none, as for whatever is no page of another site.
        host: The request's `Host`.
    """
    if origin is None or not st.get_option("server.enableCORS"):
        return True
    if urlsplit(origin).netloc.lower() == (host or "").lower() != "":
        return True
    return origin in [each.strip() for each in st.get_option("server.corsAllowedOrigins")]


def from_this_machine(peer: str | None, host: str | None, headers: Iterable[str]) -> bool:
    """Whether a request was made at this machine, and not handed on by a proxy on it.

    Args:
        peer: Address of the other end of the connection.
        host: The request's `Host`.
        headers: Names of its headers.
    """
    name = _name(host)
    if peer is None or name is None or {each.lower() for each in headers} & set(_FORWARDED):
        return False
    return _loopback(peer) and (name == "localhost" or _loopback(name))


def _name(host: str | None) -> str | None:
    """The name in a `Host`, in small letters; None if it is none."""
    try:
        parts = urlsplit(f"//{host or ''}")
        _ = parts.port
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc or not parts.hostname:
        return None
    name = parts.hostname.rstrip(".")
    return name if _NAME.fullmatch(name) else None


def _fits(name: str, pattern: str) -> bool:
    """Whether a name is one of those that Streamlit means by an entry of the list."""
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _numeric(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _loopback(name: str) -> bool:
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _own_names() -> set[str]:
    machine = socket.gethostname().lower()  # asks nobody
    named = [st.get_option("browser.serverAddress"), st.get_option("server.address")]
    named += [urlsplit(each).hostname for each in st.get_option("server.corsAllowedOrigins")]
    first = machine.partition(".")[0]
    return {machine, f"{first}.local", "localhost", *(each.lower() for each in named if each)}
