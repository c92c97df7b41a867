"""The headers of every answer: what a page of ours may load, who may frame it; nothing is guessed, nothing told on."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from functools import cache
from pathlib import Path

from streamlit import file_util

#: Pages that may show this one in a frame, blanks between them, as in `frame-ancestors`; this server's own without it.
EMBED = "ATTNVIZ_EMBED"

#: What Streamlit's page needs beyond its own files: styles it writes as it goes, the scripts of components as blobs,
#: pictures and files that it makes itself. Nothing is loaded from another host.
_CONTENT = {
    "default-src": "'self'",
    "script-src": "'self' blob: {inline}",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "connect-src": "'self' data: blob: ws://{host} wss://{host}",
    "worker-src": "'self' blob:",
    "frame-src": "'self' blob: data:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

#: What may stand in `frame-ancestors`, so that a setting cannot say more than that.
_ANCESTOR = re.compile(r"[A-Za-z0-9.:/*_-]+")


def security(host: str) -> list[tuple[bytes, bytes]]:
    """Names and values, for an answer to a request with this `Host`."""
    content = "; ".join(f"{name} {sources}" for name, sources in _CONTENT.items())
    content = content.format(host=host, inline=_inline())
    ancestors = " ".join(each for each in os.environ.get(EMBED, "").split() if _ANCESTOR.fullmatch(each))
    found = {
        "content-security-policy": f"{content}; frame-ancestors 'self' {ancestors}".rstrip(),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "cross-origin-opener-policy": "same-origin",
    }
    if not ancestors:
        found["x-frame-options"] = "SAMEORIGIN"
    return [(name.encode(), value.encode()) for name, value in found.items()]


@cache
def _inline() -> str:
    """The scripts that stand in Streamlit's page itself, by their hashes."""
    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    hashes = (base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in _SCRIPT.findall(page))
    return " ".join(f"'sha256-{each}'" for each in hashes)
