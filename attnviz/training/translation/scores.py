"""How good translations are: BLEU and chrF by sacreBLEU."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def scores(written: Sequence[str], references: Sequence[str], language: str) -> dict[str, float]:
    """BLEU and chrF of translations, both sides in NFKC.

    Args:
        written: Translations.
        references: One for each.
        language: Of both; Japanese is scored by character, English lower-cased by sacreBLEU's `13a`.

    Source: Post, A Call for Clarity in Reporting BLEU Scores (2018); Popović, chrF (2015).
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    ours, theirs = (
        [
            unicodedata.normalize("NFKC", text).lower() if language == "en" else unicodedata.normalize("NFKC", text)
            for text in side
        ]
        for side in (written, references)
    )
    bleu = BLEU(tokenize="char" if language == "ja" else "13a")
    return {
        "bleu": round(bleu.corpus_score(ours, [theirs]).score, 2),
        "chrf": round(CHRF().corpus_score(ours, [theirs]).score, 2),
    }
