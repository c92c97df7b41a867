"""English and Japanese sentences that translate each other, split the same way every time."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from attnviz.families.writing.subwords import normal
from attnviz.tokenizers import clean
from attnviz.training import data

#: Pairs set aside for the test.
TEST_PAIRS = 500

#: Longer sentences are not learned from, in characters.
LONGEST = {"en": 200, "ja": 100}

Pair = tuple[str, str]


@dataclass(frozen=True)
class Pairs:
    """Three parts of which no side, without case, punctuation and blanks, occurs in another.

    Attributes:
        train: (English, Japanese), natural on the surface.
        dev: The 500 of `small_parallel_enja`: they select.
        test: 500 of the union, by the order of a hash: only ever measured.
    """

    train: tuple[Pair, ...]
    dev: tuple[Pair, ...]
    test: tuple[Pair, ...]


@cache
def pairs(*, quiet: bool = False) -> Pairs:
    """The union of both parallel sets without what dev and test share with it; read once for both directions."""
    natural = [_natural(line) for line in data.read(data.MANYTHINGS, "jpn.txt", quiet=quiet).splitlines() if line]
    case = _Case(english for english, _ in natural)
    union: dict[Pair, Pair] = {}
    for english, japanese in (*natural, *((case(en), ja) for en, ja in _small("train", quiet))):
        if key(english) and key(japanese):
            union.setdefault((key(english), key(japanese)), (english, japanese))  # the natural surface stays
    dev = tuple((case(english), japanese) for english, japanese in _small("dev", quiet))
    rest = _without(union, dev)
    order = sorted(rest, key=lambda each: hashlib.sha256("\t".join(each).encode()).digest())
    test = tuple(rest[each] for each in order[:TEST_PAIRS])
    train = _without(rest, test).values()
    return Pairs(
        tuple(pair for pair in train if len(pair[0]) <= LONGEST["en"] and len(pair[1]) <= LONGEST["ja"]), dev, test
    )


def key(text: str) -> str:
    """What of a sentence is compared: neither case nor punctuation nor blanks."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def detokenise(text: str) -> str:
    """An English sentence of `small_parallel_enja` as it is written: no blank before `'m`, `n't` and punctuation.

    A quotation mark is two apostrophes there, opening and closing in turn.
    """
    parts = re.sub(r"\s+", " ", text).split("''")
    text = "".join(part.strip() + (' "' if i % 2 == 0 else '" ') for i, part in enumerate(parts[:-1])) + parts[-1]
    text = re.sub(r" (?='(?:t|s|m|ll|ve|d|re|clock)\b)", "", text)
    text = re.sub(r" (?=[.,?!;:%)])", "", text)
    return re.sub(r"([($]) ", r"\1", text).replace(' " ', ' "').strip()


def _natural(line: str) -> Pair:
    english, japanese = line.split("\t")[:2]
    return clean(english.replace("\u2019", "'")).text, _japanese(japanese)


def _small(part: str, quiet: bool) -> list[Pair]:
    sides = [data.read(data.SMALL_PARALLEL, f"{part}.{code}", quiet=quiet).splitlines() for code in ("en", "ja")]
    return [(detokenise(english), _japanese(japanese)) for english, japanese in zip(*sides, strict=True)]


def _japanese(text: str) -> str:
    """Without blanks between words (they stay between two Latin letters or digits), marks in full width."""
    return re.sub(r"(?<![A-Za-z0-9]) | (?![A-Za-z0-9])", "", normal(clean(text).text, spaced=False))


def _without(union: dict[Pair, Pair], held: tuple[Pair, ...]) -> dict[Pair, Pair]:
    english, japanese = ({key(pair[side]) for pair in held} for side in (0, 1))
    return {each: pair for each, pair in union.items() if each[0] not in english and each[1] not in japanese}


class _Case:
    """Gives a lower-cased sentence its capitals: each word as it is mostly written inside a sentence."""

    def __init__(self, sentences: Iterable[str]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for sentence in sentences:
            for word in re.findall(r"[^\W\d_]+", sentence)[1:]:
                counts[word.lower()][word] += 1
        self._form = {low: forms.most_common(1)[0][0] for low, forms in counts.items()}

    def __call__(self, sentence: str) -> str:
        sentence = re.sub(r"[^\W\d_]+", lambda word: self._form.get(word[0], word[0]), sentence)
        return re.sub(r"(^\W*|[.?!] )(\w)", lambda start: start[1] + start[2].upper(), sentence)
