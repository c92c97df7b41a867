"""How a translation came about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """How a translation came about.

    Attributes:
        path: Steps at which another token was chosen, `(place, token)`, in the order of choosing.
        target: A translation that was typed, to be read instead; empty for none.
        beam: Hypotheses kept.
    """

    path: tuple[tuple[int, str], ...] = ()
    target: str = ""
    beam: int = 1


#: Where nothing was chosen.
OWN_WAY = Way()
