"""For whom a drawing is made: language and appearance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from attnviz.figures.style import FONT, Theme, is_dark
from attnviz.i18n import translate

#: What the page's stylesheet calls the colours of a theme.
_NAMED = {
    "text-color": "text",
    "background-color": "background",
    "secondary-background-color": "grid",
    "primary-color": "bar",
    "border-color": "muted",
    "widget-border-color": "muted",
    "red-color": "accent",
    "red-text-color": "accent",
}


class Look(Protocol):
    """What every drawing is told: the page, or a notebook."""

    @property
    def language(self) -> str:
        """Of the words, a code."""

    @property
    def theme(self) -> str:
        """A key of `figures.style.THEMES`."""

    @property
    def edited(self) -> bool:
        """Whether weights were changed by hand: the drawing says so."""

    @property
    def t(self) -> Callable[..., str]:
        """Words in the language: `t("section.key", name=value)`."""


@dataclass(frozen=True)
class Plain:
    """Language and appearance where there is no page.

    Attributes:
        language, theme, edited: As `Look` has them.
    """

    language: str = "en"
    theme: str = "light"
    edited: bool = False

    @property
    def t(self) -> Callable[..., str]:
        """Words in the language."""
        return partial(translate, self.language)


def variables(colours: Theme, appearance: str) -> dict[str, str]:
    """The variables that the rules of the drawings ask for, where it is not Streamlit that gives them.

    Args:
        colours: Of the theme.
        appearance: The theme's key.
    """
    return {
        "color-scheme": "dark" if is_dark(appearance) else "light",
        "--st-font": FONT,
        "--st-code-font": "monospace",
        "--st-base-radius": "0.5rem",
        "--st-button-radius": "0.5rem",
        **{f"--st-{name}": getattr(colours, own) for name, own in _NAMED.items()},
    }
