"""Errors a user can cause.

Each carries a message key and parameters; the words live in the language catalogues (`attnviz/i18n`),
so that the page, the command line and the HTTP interface say the same thing in the user's language.
"""

from __future__ import annotations

from typing import Any


class AttnvizError(Exception):
    """Base of every error a user can cause.

    Args:
        code: Stable identifier, also the catalogue key `errors.<code>` and the `code` of an HTTP error.
        **parameters: Plain values the message mentions.

    >>> error = InputError("empty_text")
    >>> error.code, str(error)
    ('empty_text', 'There is nothing to read: please type a sentence.')
    >>> error.message("ja") == str(error)
    False
    """

    def __init__(self, code: str, /, **parameters: Any) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.code, self.parameters)

    def message(self, language: str = "en") -> str:
        """The error in words, in one of the catalogue languages."""
        from attnviz.i18n import translate

        return translate(language, f"errors.{self.code}", **self.parameters)

    def __str__(self) -> str:
        return self.message()


class InputError(AttnvizError):
    """A text, parameter or request that cannot be used as given."""


class ModelError(AttnvizError):
    """A model that is unknown, damaged, foreign or not usable for what was asked."""


class ServerError(AttnvizError):
    """This server cannot answer now: it has too much to do, or the answer took too long."""


class ExtraError(AttnvizError):
    """A package is not installed that only some uses need; the message names the extra that brings it."""


class DataError(AttnvizError):
    """A data set that is missing, cannot be fetched or has the wrong checksum."""


class TraceError(AttnvizError):
    """A trace whose parts do not agree; always a mistake of the code that made it."""


def _again(kind: type[AttnvizError], code: str, parameters: dict[str, Any]) -> AttnvizError:
    return kind(code, **parameters)
