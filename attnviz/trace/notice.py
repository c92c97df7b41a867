"""What the reader should know about a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Notice:
    """Something the reader should know about a run, put into words where it is shown.

    Attributes:
        code: Catalogue key `notices.<code>`.
        parameters: Plain values the words mention.
    """

    code: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", dict(self.parameters))

    def message(self, language: str = "en") -> str:
        """The notice in words."""
        from attnviz.i18n import named, translate

        values = dict(self.parameters)
        if "language" in values:
            values["language"] = named(language, values["language"])
        if "normalisation" in values:
            values["normalisation"] = translate(language, f"normalisations.{values['normalisation']}")
        return translate(language, f"notices.{self.code}", **values)

    def to_dict(self) -> dict[str, Any]:
        """Code, parameters and the English words."""
        return {"code": self.code, "parameters": dict(self.parameters), "message": self.message()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Notice:
        """What `to_dict` wrote; the words are those of now.

        Raises:
            KeyError: No notice has that code.
        """
        notice = cls(str(data["code"]), data["parameters"])
        notice.message()
        return notice
