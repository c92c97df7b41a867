"""Readings of a trace against sums written out in loops: nothing is lost, and what is hidden is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.focus import focus
from attnviz.analysis.reading import PIECES, SPECIAL, has_pieces, has_special, read, words
from attnviz.trace import (
    MASK_CAUSAL,
    MASK_NONE,
    MASK_OTHER,
    MASK_PADDING,
    AttentionBlock,
    AttentionTrace,
    Classification,
    Edit,
    Notice,
    TokenAxis,
)

LAYERS, HEADS = 2, 3
ANSWER = Classification(("x", "y"), np.array([0.25, 0.75], np.float32))

TEXT = "Embeddings won't ü東京x, ok"
#: Pieces of the text as WordPiece cuts it, with its special tokens; seven words of eleven pieces.
PIECES_OF_TEXT = [
    ("[CLS]", None),
    ("em", (0, 2)),
    ("##bed", (2, 5)),
    ("##dings", (5, 10)),
    ("won", (11, 14)),
    ("'", (14, 15)),
    ("t", (15, 16)),
    ("u", (17, 18)),
    ("東", (18, 19)),
    ("京", (19, 20)),
    ("x", (20, 21)),
    (",", (21, 22)),
    ("ok", (23, 25)),
    ("[SEP]", None),
]


def axis(pieces=PIECES_OF_TEXT):
    tokens, spans = zip(*pieces, strict=True)
    return TokenAxis.of(tokens, spans, [span is None for span in spans], [token == "##bed" for token in tokens])


def rows(*shape, seed=0):
    raw = np.random.default_rng(seed).exponential(size=shape)
    return (raw / raw.sum(-1, keepdims=True)).astype(np.float32)


def made(block, text=TEXT, **more):
    return AttentionTrace("m", text, (block,), ANSWER, **more)


def whole(key=None, query=None, kind="self", seed=0, text=TEXT, **more):
    key = key or axis()
    query = query or key
    return made(
        AttentionBlock("b", kind, query, key, rows(LAYERS, HEADS, len(query), len(key), seed=seed), **more), text
    )


def by_hand(weights, queries, keys, scaled):
    """Keys summed, queries averaged, in loops and float64; and what falls on keys in no group."""
    layers, heads, _, length = weights.shape
    shown = np.zeros((layers, heads, len(queries), len(keys)))
    hidden = np.zeros((layers, heads, len(queries)))
    for at in np.ndindex(layers, heads):
        for q, query in enumerate(queries):
            for place in query:
                for k, key in enumerate(keys):
                    shown[*at, q, k] += sum(float(weights[*at, place, own]) for own in key) / len(query)
                for own in set(range(length)) - {own for key in keys for own in key}:
                    hidden[*at, q] += float(weights[*at, place, own]) / len(query)
            if scaled:
                shown[*at, q] *= (shown[*at, q].sum() + hidden[*at, q]) / shown[*at, q].sum()
    return shown, hidden


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pieces_that_touch_are_a_word_unless_a_mark_or_a_script_without_blanks_parts_them():
    groups = words(axis(), TEXT)
    assert [group for group in groups if len(group) > 1] == [(1, 2, 3)]
    assert [place for group in groups for place in group] == list(range(len(PIECES_OF_TEXT)))


def spans_of(text, *pieces):
    found, at = [], 0
    for piece in pieces:
        start = text.index(piece, at)
        found.append((piece, (start, start + len(piece))))
        at = start + len(piece)
    return axis(found)


@pytest.mark.parametrize(
    ("text", "pieces", "joined"),
    [
        ("tokenization now", ["token", "ization", "now"], ["tokenization", "now"]),
        ("e.g. 3.5", ["e", ".", "g", ".", "3", ".", "5"], ["e", ".", "g", ".", "3", ".", "5"]),
        ("snake_case", ["snake", "_", "case"], ["snake", "_", "case"]),
        ("お願いします", ["お", "願い", "し", "ます"], ["お", "願い", "し", "ます"]),
        ("データを", ["データ", "を"], ["データ", "を"]),
        ("ab東cd", ["ab", "東", "cd"], ["ab", "東", "cd"]),
        ("naïve", ["na", "ï", "ve"], ["naïve"]),
        ("e\u0301te\u0301", ["e", "\u0301", "t", "e\u0301"], ["e\u0301te\u0301"]),
        ("hi👩‍👧!", ["hi", "👩", "\u200d", "👧", "!"], ["hi", "👩‍👧", "!"]),
        ("Donaudampf schiff", ["Donau", "dampf", "schiff"], ["Donaudampf", "schiff"]),
        ("กขค", ["ก", "ข", "ค"], ["ก", "ข", "ค"]),
        ("한국어는", ["한국", "어", "는"], ["한국어는"]),
        ("C##x", ["C", "#", "#", "x"], ["C", "#", "#", "x"]),
    ],
)
def test_words_of_byte_level_pieces_follow_from_the_text(text, pieces, joined):
    block = whole(spans_of(text, *pieces), text=text)
    shown = read(block, pieces="words").blocks[0]
    assert list(shown.key.tokens) == joined
    assert has_pieces(block) == (pieces != joined)


def test_what_wordpiece_marks_as_going_on_goes_on_in_any_script():
    text = "東京都"
    pieces = axis([("東京", (0, 2)), ("##都", (2, 3))])
    assert words(pieces, text) == ((0, 1),)


def test_parts_of_one_character_belong_together():
    text = "a 世界"
    pieces = axis([("a", (0, 1)), ("<E4>", (2, 3)), ("<B8><96>", (2, 3)), ("界", (3, 4))])
    assert words(pieces, text) == ((0,), (1, 2), (3,))
    assert read(whole(pieces, text=text), pieces="words").blocks[0].key.tokens == ("a", "世", "界")


def test_without_spans_and_in_another_order_nothing_is_merged():
    assert len(words(TokenAxis.of(["a", "##b"]), "ab")) == 2
    assert len(words(axis([("##b", (1, 2)), ("a", (0, 1))]), "ab")) == 2


# ── weights ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("pieces", PIECES)
def test_keys_are_summed_and_queries_averaged(special, pieces):
    own = whole()
    block = read(own, special, pieces).blocks[0]
    groups = words(axis(), TEXT) if pieces == "words" else tuple((place,) for place in range(len(axis())))
    groups = tuple(group for group in groups if special == "show" or not axis().special[group[0]])
    shown, hidden = by_hand(own.blocks[0].weights, groups, groups, special == "renormalise")

    np.testing.assert_allclose(block.weights, shown, rtol=1e-6)
    if special == "show":
        assert block.hidden is None
    else:
        np.testing.assert_allclose(block.hidden, hidden, rtol=1e-6)
        assert block.renormalised == (special == "renormalise")
        assert block.parts == (groups, groups)


def test_queries_and_keys_of_two_sources_are_read_each_for_itself():
    key, query = axis(), spans_of(TEXT, "Embed", "dings", "ok")
    own = whole(key, query, "cross")
    block = read(own, "hide", "words").blocks[0]
    keys = tuple(group for group in words(key, TEXT) if not key.special[group[0]])
    shown, hidden = by_hand(own.blocks[0].weights, ((0, 1), (2,)), keys, False)
    np.testing.assert_allclose(block.weights, shown, rtol=1e-6)
    np.testing.assert_allclose(block.hidden, hidden, rtol=1e-6)
    assert block.query.tokens == ("Embeddings", "ok")


def test_merged_tokens_are_the_text_as_typed_and_unknown_if_a_part_is():
    key = read(whole(), pieces="words").blocks[0].key
    assert (key.tokens[1], key.spans[1], key.unknown[1]) == ("Embeddings", (0, 10), True)
    assert key.tokens[2:5] == ("won", "'", "t") and not any(key.unknown[2:])


@st.composite
def traces(draw):
    """Pieces of letters with blanks, marks and special tokens anywhere."""
    parts = draw(st.lists(st.sampled_from(["ab", "c", " ", ".", "世", "[S]"]), min_size=1, max_size=11))
    text, pieces = "", []
    for part in parts:
        if part == "[S]":
            pieces.append((part, None))
            continue
        if part != " ":
            pieces.append((part, (len(text), len(text) + len(part))))
        text += part
    pieces = pieces or [("[S]", None)]
    kind = draw(st.sampled_from(["self", "pooling", "cross"]))
    query = TokenAxis.of(["w"], special=[True]) if kind == "pooling" else axis(pieces)
    return whole(axis(pieces), query, kind, draw(st.integers(0, 99)), text)


@given(own=traces(), special=st.sampled_from(SPECIAL), pieces=st.sampled_from(PIECES))
def test_nothing_is_lost(own, special, pieces):
    shown = read(own, special, pieces)
    before, block = own.blocks[0], shown.blocks[0]
    sums = block.weights.sum(-1, dtype=np.float64)
    if block.hidden is None:
        np.testing.assert_allclose(sums, 1, atol=2e-6)
    else:
        np.testing.assert_allclose(sums + (0 if block.renormalised else block.hidden), 1, atol=2e-6)
        assert not any(block.key.special)
        on_special = before.weights[..., list(before.key.special)].sum(-1, dtype=np.float64)
        queries = block.parts[0]
        means = [np.mean([on_special[..., place] for place in group], axis=0) for group in queries]
        np.testing.assert_allclose(block.hidden, np.stack(means, -1), atol=1e-6)
    if pieces == "words" and special == "show":  # each key's mass over all queries, counted by what a query stands for
        sizes = np.array([len(group) for group in (block.parts or ([[0]] * len(block.query), ()))[0]])
        total = np.einsum("lhqk,q->lh", block.weights.astype(np.float64), sizes)
        np.testing.assert_allclose(total, before.weights.sum((-1, -2), dtype=np.float64), rtol=1e-5)
    assert len(block.query) > 0 and len(block.key) > 0


@given(own=traces())
def test_asking_for_nothing_gives_the_same_trace(own):
    assert read(own) is own
    assert has_special(own) or read(own, "hide").blocks[0] is own.blocks[0]
    assert has_pieces(own) or read(own, pieces="words") is own


# ── what stays ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_learned_query_of_a_pooling_block_stays():
    own = whole(axis(), TokenAxis.of(["W"], special=[True]), "pooling")
    block = read(own, "hide").blocks[0]
    assert block.query.tokens == ("W",) and "[CLS]" not in block.key.tokens
    assert has_special(own)


def test_special_queries_stay_if_there_are_no_others():
    query = TokenAxis.of(["<s>", "</s>"], special=[True, True])
    block = read(whole(axis(), query, "cross"), "hide").blocks[0]
    assert block.query.tokens == ("<s>", "</s>") and not any(block.key.special)


def test_if_all_keys_are_special_they_are_shown_and_it_says_so():
    own = whole(TokenAxis.of(["[CLS]", "[SEP]"], special=[True, True]))
    shown = read(own, "hide")
    assert shown.blocks == own.blocks and not has_special(own)
    assert shown.notices == (Notice("all_special", {"block": "b"}),)


def test_a_row_of_which_nothing_is_left_stays_zero():
    weights = rows(LAYERS, HEADS, 3, 3)
    weights[0, 0, 1] = 1, 0, 0
    key = axis([("[CLS]", None), ("a", (0, 1)), ("b", (2, 3))])
    block = read(made(AttentionBlock("b", "self", key, key, weights), "a b"), "renormalise").blocks[0]
    assert block.weights[0, 0, 0].tolist() == [0, 0] and block.hidden[0, 0, 0] == 1
    assert block.weights[0, 0, 1].sum() == pytest.approx(1)


def test_an_edited_block_is_read_as_it_was_edited():
    edited = rows(LAYERS, HEADS, 3, 3) * 3 - 0.5
    key = axis([("[CLS]", None), ("a", (0, 1)), ("b", (1, 2))])
    own = made(AttentionBlock("b", "self", key, key, edited, edited=True), "ab", edits=(Edit("b", np.ones((3, 3))),))
    shown = read(own, "renormalise", "words")
    assert shown.edits == own.edits and shown.blocks[0].edited
    assert np.isfinite(shown.blocks[0].weights).all()
    np.testing.assert_allclose(read(own, "hide").blocks[0].weights, own.blocks[0].weights[..., 1:, 1:], rtol=1e-6)


def test_one_layer_or_head_of_a_reading_keeps_what_is_hidden():
    block = read(whole(), "hide", "words").blocks[0]
    part = block.select(1, 2)
    np.testing.assert_array_equal(part.hidden, block.hidden[1:2, 2:3])
    assert part.parts == block.parts
    with pytest.raises(ValueError):
        part.hidden[0, 0, 0] = 0


def test_the_notices_say_what_was_done():
    own = whole()
    hidden = own.blocks[0].weights[:, :, 1:-1][..., [0, -1]].sum(-1).mean()
    notices = read(own, "hide").notices
    assert notices == (Notice("special_hidden", {"tokens": "[CLS], [SEP]", "mean": f"{100 * hidden:.1f}"}),)
    assert read(own, "renormalise").notices[0].code == "special_renormalised"
    assert read(own, pieces="words").notices == (Notice("words_merged", {"pieces": 3, "words": 1}),)


def test_only_what_there_is_can_be_asked_for():
    for wrong in ({"special": "no"}, {"pieces": "no"}):
        with pytest.raises(ValueError, match="Expected one of"):
            read(whole(), **wrong)


# ── masks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_merged_cell_is_masked_only_if_all_it_is_made_of_is():
    text = "ab cd"
    key = axis([("a", (0, 1)), ("b", (1, 2)), ("c", (3, 4)), ("d", (4, 5)), ("[SEP]", None)])
    mask = np.where(np.triu(np.ones((5, 5)), 1) > 0, MASK_CAUSAL, MASK_NONE)
    weights = rows(LAYERS, HEADS, 5, 5) * (mask == MASK_NONE)
    weights /= weights.sum(-1, keepdims=True)
    own = made(AttentionBlock("b", "causal", key, key, weights, mask), text)
    assert read(own, "hide", "words").blocks[0].mask.tolist() == [[MASK_NONE, MASK_CAUSAL], [MASK_NONE, MASK_NONE]]

    mixed = mask.copy()
    mixed[0, 3] = MASK_PADDING
    each = np.broadcast_to(mixed, weights.shape)
    own = made(AttentionBlock("b", "causal", key, key, weights, each), text)
    merged = read(own, pieces="words").blocks[0].mask
    assert merged.shape == (LAYERS, HEADS, 3, 3)
    assert (merged[..., 0, 1] == MASK_OTHER).all() and (merged[..., 1, 0] == MASK_NONE).all()


# ── where a row is ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_focus_names_the_models_own_position():
    shown = read(whole(), "hide", "words")
    assert shown.block("b").query.tokens[focus(shown, query=3).query] == "Embeddings"
    assert focus(shown, query=3).own(shown).query == 1
    assert focus(shown, query=12).own(shown).query == 12
    assert focus(shown, query=0).query == 0  # [CLS] is not shown
    assert focus(whole(), query=3).own(whole()).query == 3
