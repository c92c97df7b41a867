"""Is this text in a script the model was trained on?"""

from __future__ import annotations

import regex

#: Letters that a text in each language is mostly written in.
_LETTERS = {
    "en": regex.compile(r"\p{Script=Latin}"),
    "ja": regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}ー]"),
}
_ANY_LETTER = regex.compile(r"\p{Letter}")


def fits(text: str, languages: tuple[str, ...]) -> bool:
    """Whether at least half of the letters of a text are of one of the languages' scripts.

    Args:
        text: Cleaned text.
        languages: Language codes; with none known here, everything fits.

    Returns:
        True also for a text without letters. Nothing is said of languages that share a script.
    """
    known = [_LETTERS[code] for code in languages if code in _LETTERS]
    letters = _ANY_LETTER.findall(text)
    if not known or not letters:
        return True
    return any(2 * sum(bool(script.match(letter)) for letter in letters) >= len(letters) for script in known)
