"""Processes and what they hold, as Linux tells it."""

from __future__ import annotations

import os
from pathlib import Path


def family() -> set[int]:
    """This process and all that it began."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    found = {os.getpid()}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def resident(*processes: int) -> float:
    """Megabytes that processes hold, this one where none is named; pages that several share count for each."""
    pages = 0
    for each in processes or (os.getpid(),):
        try:
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def seconds(*processes: int) -> float:
    """Seconds of all cores that processes have had."""
    ticks = 0
    for each in processes:
        try:
            ticks += sum(map(int, Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[11:13]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def named(start: str) -> list[int]:
    """Of the family, those whose command begins so."""
    found = []
    for each in sorted(family()):
        try:
            if Path(f"/proc/{each}/cmdline").read_text().startswith(start):
                found.append(each)
        except OSError:
            continue
    return found
