"""A stranger's `tokenizer.json`: refused where a short text could keep it busy for ever, or fill the memory.

What cuts the text is compiled code that nobody can stop: a pattern that goes back and forth (`(a+)+$`) never ends, a
replacement that grows without bound ends the process. So what a file may ask for is said here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError

#: How often longer than its pattern all replacements of a file together may make a text.
MAX_GROWTH = 64.0

#: Tokens put around a text, and characters of one word that a vocabulary is searched for.
MAX_AROUND, MAX_WORD = 16, 1000

#: Patterns of published tokenizers that no rule could let through, and that are known to end.
PUBLISHED = frozenset(
    {
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"
        r"|\s+(?!\S)|\s+",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+",
    }
)

#: Marks an object that has two of a name.
_TWICE = "\0twice"

#: One sign of a pattern: an escaped one, a class, or any that is no operator.
_SIGN = r"(?:\\p\{\w+\}|\\[^\d]|\[(?:\\.|[^\]\\\[])+\]|[^\\()\[\]{}*+?|^$])"

#: Signs, of which one may come any number of times: there is one way to read it.
_PLAIN = re.compile(rf"\^?{_SIGN}{{0,40}}(?:{_SIGN}(?:[*+?]|\{{\d{{1,3}}(?:,\d{{0,3}})?\}}))?\$?")


def check(path: Path, folder: str) -> None:
    """Refuse a file that could explode.

    Args:
        path: Of the file.
        folder: What to call its folder in a message.

    Raises:
        ModelError: `tokenizer_unsafe`, with the part of it. What is no JSON at all is left to whoever reads it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError):
        return
    parts = list(_parts(content))
    growth = 1.0
    for part in parts:
        kind = part.get("type")
        growth *= _growth(part) if kind in ("Replace", "Prepend") else 1.0
        wrong = next((each for each in _patterns(part) if not ends(each)), None)
        if _TWICE in part:
            wrong = f"{part[_TWICE]} … {part[_TWICE]}"
        if kind == "TemplateProcessing" and any(len(part.get(each) or ()) > MAX_AROUND for each in ("single", "pair")):
            wrong = "TemplateProcessing"
        longest = part.get("max_input_chars_per_word")
        if isinstance(longest, int) and longest > MAX_WORD:
            wrong = f"max_input_chars_per_word {longest}"
        if growth > MAX_GROWTH:
            wrong = f"{kind} {str(part.get('content', part.get('prepend')))[:40]!r}"
        if wrong is not None:
            raise ModelError("tokenizer_unsafe", folder=folder, file=path.name, received=wrong[:120])


def ends(pattern: str) -> bool:
    r"""Whether a search for a pattern takes no longer than a text is long, as far as can be seen.

    >>> ends(" {2,}"), ends(r"``|''"), ends("(a+)+$"), ends("a*a*b")
    (True, True, False, False)
    """
    return pattern in PUBLISHED or all(_PLAIN.fullmatch(each) for each in pattern.split("|"))


def is_of_package(error: BaseException) -> bool:
    """Whether the package `tokenizers` raised it: a panic of its is no `Exception`, and would end the thread."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; who reads it next may take the first of two of a name, or the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found[_TWICE] = next(name for name in names if names.count(name) > 1)
    return found


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of the file but the entries of its vocabulary."""
    if isinstance(value, dict):
        yield value
        for name, each in value.items():
            if name not in ("vocab", "merges", "added_tokens"):
                yield from _parts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _parts(each)


def _patterns(part: dict[str, Any]) -> Iterator[str]:
    for each in part.values():
        if isinstance(each, dict) and isinstance(each.get("Regex"), str):
            yield each["Regex"]


def _growth(part: dict[str, Any]) -> float:
    """How much longer a text becomes at most; `Prepend` and a replaced pattern of one sign count alike."""
    content = part.get("content", part.get("prepend", ""))
    pattern = part.get("pattern")
    replaced = pattern.get("String") if isinstance(pattern, dict) else None
    if not isinstance(content, str) or replaced == "":
        return float("inf")
    return max(1.0, len(content) / (len(replaced) if isinstance(replaced, str) else 1))
