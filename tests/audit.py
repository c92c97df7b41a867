"""Whether a fault is known of what attnviz runs on: `python -m tests.audit`, a check of `python -m tests`.

The package pip-audit asks PyPI. Where that cannot be reached, or a copy of it answers that knows of no faults, as in a
closed network, nothing can be told, and that is said.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: A release of which faults are known for good: whoever has none of them has none of any other.
KNOWN = "https://pypi.org/pypi/requests/2.19.0/json"

#: Exact versions that are looked up, with those of the file it names.
FILE = "requirements-hub.txt"

#: Known faults that do not matter here, by their number, and why.
IGNORED: dict[str, str] = {}


def reachable(address: str = KNOWN, seconds: float = 10) -> bool:
    """Whether a database of faults answers."""
    try:
        with urllib.request.urlopen(address, timeout=seconds) as answer:
            return bool(json.load(answer).get("vulnerabilities"))
    except (OSError, ValueError, AttributeError):
        return False


def main() -> int:
    """Look them up; 1 if a fault is known."""
    if not reachable():
        print("No database of known faults can be reached from here: nothing was looked up.")
        return 0
    ignored = [argument for number in IGNORED for argument in ("--ignore-vuln", number)]
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    return subprocess.run([*command, "-r", str(ROOT / FILE), *ignored], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
