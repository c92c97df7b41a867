"""Whether a text is in a script the model was trained on."""

from __future__ import annotations

import pytest

from attnviz.families.common.script import fits


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("Book a table", ("en",), True),
        ("naïve café", ("en",), True),
        ("明日、学校に行くよ。", ("en",), False),
        ("明日、学校に行くよ。", ("ja",), True),
        ("コーヒー", ("ja",), True),
        ("Book a table", ("ja",), False),
        ("Привет", ("en",), False),
        ("Привет", ("en", "ja"), False),
        ("table 明日", ("en", "ja"), True),
        ("abテスト", ("en",), False),
        ("abcテスト", ("en",), True),  # half of the letters are enough
        ("123 … !!! 🙂", ("en",), True),
        ("", ("ja",), True),
        ("Привет", ("ru",), True),  # nothing is known of the language
        ("Привет", (), True),
    ],
)
def test_at_least_half_of_the_letters(text, languages, expected):
    assert fits(text, languages) is expected
