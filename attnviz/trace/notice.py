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
        from attnviz.i18n import translate

        return translate(language, f"notices.{self.code}", **self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Code, parameters and the English words."""
        return {"code": self.code, "parameters": dict(self.parameters), "message": self.message()}
