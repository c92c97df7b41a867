"""The words of captions in several languages, one vocabulary for all; the first token says which language follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attnviz.families.writing.subwords import BLANK, SPECIAL, UNKNOWN_ID, Piece, Vocabulary, normal
from attnviz.tokenizers import WordTokenizer, lookup_key

#: Of these languages, those that have blanks between words.
_SPACED = {"en": True, "ja": False}

#: Stand close to the word before them, in a language with blanks too.
_CLOSE = (",", ".")


class CaptionWords(Vocabulary):
    """Whole words of several languages.

    The vocabulary is `SPECIAL`, a token for each language, then the words of each; a word that follows a blank begins
    with its mark.

    Args:
        words: By code of the language.
    """

    #: Its entries know their blanks: joined they are a text of either language.
    spaced = True

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self.languages = tuple(words)
        entries = [*SPECIAL, *(f"[{language.upper()}]" for language in words)]
        self._ids: dict[str, dict[str, int]] = {}
        for language, own in words.items():
            self._ids[language] = {lookup_key(word): len(entries) + place for place, word in enumerate(own)}
            entries += [BLANK + word if _SPACED[language] and word not in _CLOSE else word for word in own]
        self.vocabulary = tuple(entries)
        self._english = WordTokenizer()
        self._longest = max((len(word) for word in self._ids.get("ja", {})), default=1)

    def start(self, language: str) -> int:
        """Id of the token that says which language follows."""
        return len(SPECIAL) + self.languages.index(language)

    def others(self, language: str) -> list[int]:
        """Ids that are not of a language: the tokens of languages, and the words of the others."""
        own = set(self._ids[language].values())
        return [index for index in range(len(SPECIAL), len(self.vocabulary)) if index not in own]

    def id(self, word: str, language: str) -> int:
        """Id of a word; that of the unknown token if there is no such word."""
        return self._ids[language].get(lookup_key(word), UNKNOWN_ID)

    def words(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a cleaned text are."""
        return [(piece.start, piece.end) for piece in self.cut(text)]

    def cut(self, text: str) -> list[Piece]:
        """The words of a cleaned text; of one with Japanese characters the longest that are known."""
        if "ja" in self._ids and any(character >= "\u3000" for character in text):
            places = self._japanese(text)
        else:
            places = [(token.start, token.end, self.id(token.text, "en")) for token in self._english.tokenize(text)]
        return [Piece(text[a:b], a, b, index, word) for word, (a, b, index) in enumerate(places)]

    def parts(self, ids: Iterable[int]) -> list[str]:
        """What each of these adds to the text."""
        first = len(SPECIAL) + len(self.languages)
        return super().parts(index if index >= first else UNKNOWN_ID for index in ids)

    def _japanese(self, text: str) -> list[tuple[int, int, int]]:
        found, start = [], 0
        while start < len(text):
            if text[start].isspace():
                start += 1
                continue
            lengths = range(min(self._longest, len(text) - start), 0, -1)
            known = next((n for n in lengths if self._known(text[start : start + n])), 0)
            end = start + (known or 1)
            index = self._ids["ja"][self._key(text[start:end])] if known else UNKNOWN_ID
            found.append((start, end, index))
            start = end
        return found

    def _key(self, word: str) -> str:
        return lookup_key(normal(word, spaced=False))

    def _known(self, word: str) -> bool:
        return self._key(word) in self._ids["ja"]
