"""TensorFlow's first words: what it writes to standard error while it starts, before anybody can tell it not to."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: What every start says on a machine without a graphics card, or with one.
_USUAL = re.compile(
    r"WARNING: All log messages before absl|To enable the following instructions|[IWE]\d{4} \d.*?\] |"
    r"\d{4}-\d\d-\d\d \S+ [IWE] (external|tensorflow)/"
)


@contextmanager
def quiet_start() -> Iterator[None]:
    """Keep the usual lines off standard error; whatever else is written there follows afterwards."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError, ValueError):  # there is no standard error
        yield
        return
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            with suppress(OSError, AttributeError, ValueError):
                sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            said.seek(0)
            lines = said.read().splitlines(keepends=True)
            other = b"".join(line for line in lines if not _USUAL.match(line.decode("utf-8", "replace")))
            if other:
                os.write(2, other)
