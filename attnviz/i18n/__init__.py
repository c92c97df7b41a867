"""Words for every language: one TOML catalogue each, picked up by being in this folder."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FALLBACK = "en"

#: In front of a rounded number.
_ROUNDED = "≈ "
_FOLDER = Path(__file__).parent


class Rounded(str):
    """A number that was rounded, as it stands in a picture: in a sentence each language has its own word for `≈`."""

    __slots__ = ()

    @classmethod
    def of(cls, number: str) -> Rounded:
        """The number with the sign before it."""
        return cls(_ROUNDED + number)

    def spoken(self, messages: dict[str, str]) -> str:
        """As it stands in a sentence of a catalogue."""
        return messages["rounded"] + self.removeprefix(_ROUNDED)


@cache
def languages() -> dict[str, str]:
    """Language codes and the name each language calls itself, the fallback first."""
    codes = sorted((p.stem for p in _FOLDER.glob("*.toml")), key=lambda code: (code != FALLBACK, code))
    return {code: catalogue(code)["language"] for code in codes}


@cache
def catalogue(language: str) -> dict[str, str]:
    """All messages of one language, flat: `section.key` to text."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return dict(_flatten(tomllib.load(file)))


def _flatten(table: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    items: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            items += _flatten(value, f"{prefix}{key}.")
        else:
            items.append((prefix + key, value))
    return items


def choose(locale: str | None) -> str:
    """The catalogue language nearest to a browser locale.

    >>> choose("ja-JP"), choose("fr"), choose(None)
    ('ja', 'en', 'en')
    """
    code = (locale or "").split("-")[0].lower()
    return code if code in languages() else FALLBACK


def about(key: str, kind: str) -> str:
    """The key of a message about what is written: that of a translation, or of the same about another kind of text.

    >>> about("writing.step", "translation"), about("writing.step", "caption")
    ('writing.step', 'writing.step_caption')
    """
    return key if kind == "translation" else f"{key}_{kind}"


def named(language: str, codes: str) -> str:
    """What languages are called in a language; a code it has no name for stays.

    >>> named("en", "ja/en"), named("ja", "en"), named("en", "eo")
    ('Japanese/English', '英語', 'eo')
    """
    known = catalogue(FALLBACK)
    return "/".join(
        translate(language, f"languages.{code}") if f"languages.{code}" in known else code for code in codes.split("/")
    )


def translate(language: str, key: str, /, **parameters: Any) -> str:
    """The message for a key with its parameters filled in.

    Args:
        language: A code from `languages()`; anything else means the fallback.
        key: `section.name`.
        **parameters: Values for the `{name}` fields of the message. Their text is inserted, never parsed.

    Raises:
        KeyError: The fallback catalogue lacks the key.

    >>> translate("en", "errors.no_such_block", received="self", expected="pooling")
    '...self...pooling...'
    >>> translate("ja", "surgery.total", total=Rounded.of("0.9"))
    '...約0.9...'
    >>> translate("ja", "picture.spread", border=Rounded.of("4.2%"), even="12%", entropy="1.5", share="50%")
    '重みの約4.2%が縁にある（領域の 12%）。エントロピー 1.5ナット、均等な重みの 50%。'
    """
    messages = catalogue(language) if language in languages() else catalogue(FALLBACK)
    text = messages.get(key)
    if text is None:
        text = catalogue(FALLBACK)[key]
    if not parameters:
        return text
    rounded = {name: each.spoken(messages) for name, each in parameters.items() if isinstance(each, Rounded)}
    for name, spoken in rounded.items():
        if not spoken.startswith(_ROUNDED.strip()):  # a word: blanks stand around numbers, not around words
            text = re.sub(rf" ?\{{{name}\}} ?", f"{{{name}}}", text)
    return text.format(**parameters | rounded)
