"""One spelling of each term, and one glossary that has every term of the page."""

from __future__ import annotations

import re

import pytest

from attnviz.i18n import catalogue, languages

#: By language: how a term is not written, and how it is.
SPELLINGS = {
    "en": {
        r"\bcross-attention": "source–target attention",
        r"\bsource-target attention": "source–target attention",
        r"\bself attention": "self-attention",
        r"\btau-b\b": "τ-b",
        r"Jensen-Shannon": "Jensen–Shannon",
        r"Shapley|saliency": "the measures have names of their own",
        r"\bcolor": "colour",
        r"\blicense": "licence",
        r"normaliz|visualiz|summariz": "-ise",
        r"\blog-probabilit": "log probability",
        r"\bfeedforward": "feed-forward",
    },
    "ja": {
        r"エンコーダ(?!ー)": "エンコーダー",
        r"デコーダ(?!ー)": "デコーダー",
        r"トークナイザ(?!ー)": "トークナイザー",
        r"パラメータ(?!ー)": "パラメーター",
        r"ユーザ(?!ー)": "ユーザー",
        r"クエリー": "クエリ",
        r"アライメント": "アラインメント",
        r"アテンション・ロールアウト": "ロールアウト",
        r"ソース・ターゲット・アテンション": "ソース・ターゲット注意",
        r"イェンセン[^・]シャノン|ジェンセン": "イェンセン・シャノン",
        r"セルフ・アテンション": "自己注意",
        r"第[\d{]\w*\}?層|\d+層目|(層|ヘッド) [\d{]": "層1・ヘッド2",
        r"\d nat\b": "ナット",
        r"手術": "重みを変える",
        r"地図": "マップ",
        r"マス(?!ク|タ)": "セル",
        r"[ぁ-んァ-ヶー一-龥）」]: ": "：",
        r"[\d}] (個|トークン|か所|枚|倍|ナット|以上|以下|文字)": "no blank before a counter",
        r"訓練": "学習",
        r"[０-９Ａ-Ｚａ-ｚ]": "half-width digits and letters",
    },
}

#: Terms of the page by their entry in the glossary, as they stand in the English catalogue.
TERMS = {
    "softmax": r"softmax",
    "entropy": r"[Ee]ntropy",
    "rollout": r"[Rr]ollout",
    "norm": r"\bnorms?\b",
    "encoder": r"[Ee]ncoder",
    "decoder": r"[Dd]ecoder",
    "cls": r"\[CLS\]",
    "beam": r"[Bb]eam",
    "greedy": r"[Gg]reedy",
    "tau": r"τ-b",
    "spearman": r"Spearman",
    "integrated_gradients": r"[Ii]ntegrated gradients",
    "gradient_input": r"[Gg]radient × input",
    "comprehensiveness": r"[Cc]omprehensiveness",
    "sufficiency": r"[Ss]ufficiency",
    "log_probability": r"[Ll]og probabilit",
    "bleu": r"\bBLEU\b",
    "chrf": r"\bchrF\b",
    "aer": r"\bAER\b",
    "jensen_shannon": r"Jensen–Shannon",
    "total_variation": r"[Tt]otal variation",
    "adversarial": r"[Aa]dversarial",
    "cosine": r"[Cc]osine",
    "residual": r"[Rr]esidual",
    "layer_norm": r"[Ll]ayer norm",
    "feed_forward": r"[Ff]eed-forward",
    "relu": r"\bReLU\b",
    "loss": r"\b[Ll]oss\b",
    "accuracy": r"\b[Aa]ccuracy\b",
    "parameter": r"\b[Pp]arameter",
    "special_token": r"[Ss]pecial tokens?",
    "piece": r"\b[Pp]ieces?\b",
    "region": r"\b[Rr]egions?\b",
    "causal_mask": r"[Cc]ausal mask",
    "alignment": r"[Aa]lignment",
    "cross_attention": r"[Ss]ource–target attention",
    "self_attention": r"[Ss]elf-attention",
    "temperature": r"[Tt]emperature",
    "nat": r"\bnats?\b",
    "logit": r"\blogit",
    "embedding": r"[Ee]mbedding",
    "vocabulary": r"[Vv]ocabulary",
    "padding": r"[Pp]adding",
    "heatmap": r"[Hh]eatmap",
}

#: Sections that are no part of what is shown.
ASIDE = ("terms", "meanings", "errors", "cli", "upload")


@pytest.mark.parametrize(("language", "wrong"), [(code, wrong) for code in SPELLINGS for wrong in SPELLINGS[code]])
def test_a_term_has_one_spelling(language: str, wrong: str):
    assert [key for key, words in catalogue(language).items() if re.search(wrong, words)] == [], SPELLINGS[language][
        wrong
    ]


def test_every_language_has_its_spellings():
    assert set(SPELLINGS) == set(languages())


def test_the_glossary_has_every_term_of_the_page():
    shown = [words for key, words in catalogue("en").items() if key.split(".")[0] not in ASIDE]
    used = {term for term, pattern in TERMS.items() if any(re.search(pattern, words) for words in shown)}
    assert used == set(TERMS)  # a pattern that is met nowhere checks nothing
    for language in languages():
        words = catalogue(language)
        lacking = {term for term in used if f"terms.{term}" not in words or f"meanings.{term}" not in words}
        assert lacking == set(), language


@pytest.mark.parametrize("language", list(languages()))
def test_no_term_stands_in_the_glossary_twice_and_each_has_a_meaning(language: str):
    words = catalogue(language)
    names = {key.split(".")[1]: name for key, name in words.items() if key.startswith("terms.")}
    assert len(set(names.values())) == len(names)
    assert {key.split(".")[1] for key in words if key.startswith("meanings.")} == set(names)
