"""Links between words, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.heads.word_links import agreement, diagonal, parsed, strongest

GOLD = "# a comment\n4\tI like tea .\t茶 が 好き 。\t2-0 2p1 1-2 3-3\n7\tNo .\tいいえ 。\t0-0 1p1\n"


def test_a_line_is_words_and_links():
    first, second = parsed(GOLD)
    assert (first.number, first.source, first.target) == (4, ("I", "like", "tea", "."), ("茶", "が", "好き", "。"))
    assert first.sure == {(2, 0), (1, 2), (3, 3)} and first.possible - first.sure == {(2, 1)}
    assert second.sure == {(0, 0)} and second.possible == {(0, 0), (1, 1)}
    turned = first.turned()
    assert turned.source == first.target and turned.sure == {(0, 2), (2, 1), (3, 3)}
    assert turned.turned() == first


@pytest.mark.parametrize(
    "links", ["", "0-", "0:0", "2-0", "0-1", "0-0 0p0", "0p0", "0-0  1p0"], ids=lambda links: f"<{links}>"
)
def test_bad_links_are_refused(links):
    with pytest.raises(ValueError, match=r"in '0\\ta b"):
        parsed(f"0\ta b\tc\t{links}")


def test_each_target_word_has_its_strongest_source_word():
    assert strongest([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]) == {(1, 0), (0, 1)}


@pytest.mark.parametrize(
    ("sources", "targets", "expected"),
    [
        (3, 3, {(0, 0), (1, 1), (2, 2)}),
        (5, 2, {(1, 0), (3, 1)}),  # the middles of two halves of five: 1.25 and 3.75
        (2, 5, {(0, 0), (0, 1), (1, 2), (1, 3), (1, 4)}),  # 0.2, 0.6, 1.0, 1.4, 1.8
        (1, 3, {(0, 0), (0, 1), (0, 2)}),
    ],
)
def test_the_diagonal(sources, targets, expected):
    assert diagonal(sources, targets) == expected


def test_agreement_by_hand():
    found = [strongest(np.eye(4)[[2, 2, 0, 3]]), frozenset({(0, 0), (1, 1)})]
    # A: 4 + 2. Right by P: 2-0, 2p1, 3-3; 0-0, 1p1. Right by S of 3 + 1: 2-0, 3-3; 0-0.
    expected = {"precision": 5 / 6, "recall": 3 / 4, "aer": 1 - (3 + 5) / (6 + 4)}
    assert agreement(found, parsed(GOLD)) == pytest.approx(expected)
    assert agreement([pair.sure for pair in parsed(GOLD)], parsed(GOLD)) == {"precision": 1, "recall": 1, "aer": 0}
