"""How a translation came about."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.families.writing.decoding import Sampling


@dataclass(frozen=True)
class Way:
    """How a translation came about.

    Attributes:
        path: Steps at which another token was chosen, `(place, token)`, in the order of choosing.
        target: A translation that was typed, to be read instead; empty for none.
        beam: Hypotheses kept.
        sampling: How tokens are drawn; None: the most probable ones are written.
        length: Most tokens written; None leaves it to the model.
    """

    path: tuple[tuple[int, str], ...] = ()
    target: str = ""
    beam: int = 1
    sampling: Sampling | None = None
    length: int | None = None


#: Where nothing was chosen.
OWN_WAY = Way()
