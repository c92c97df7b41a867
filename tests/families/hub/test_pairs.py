"""Two sentences with a separator between them: ids and segments as the tokenizer's own pair, weights as NumPy's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import zoo
from attnviz.analysis.reading import read
from attnviz.errors import InputError
from attnviz.families.hub import sentence_pieces
from attnviz.trace import AttentionTrace
from tests.families.hub import hub_folders as folders
from tests.families.hub.test_classifiers import classifier

SEPARATORS = {kind: "[SEP]" for kind in ("bert", "distilbert", "electra")}
SEPARATORS |= {kind: "</s></s>" for kind in ("roberta", "camembert")}
FIRST, SECOND = "the cat", "sat the cats"


@pytest.mark.parametrize("kind", SEPARATORS)
def test_a_pair_is_the_tokenizers_own(kind: str, tmp_path: Path):
    folder, mark = folders.make(kind), SEPARATORS[kind]
    model: Any = zoo.load(folder.write(tmp_path / "tiny"))
    encoded = model.encode(FIRST, second=SECOND)
    own = model._pieces.tokenizer.encode(FIRST, SECOND)
    ids, taught = encoded.inputs["tokens"][0], kind in ("bert", "electra")

    assert model.separator == mark and own.ids == ids.tolist()
    assert encoded.axis.special == tuple(map(bool, own.special_tokens_mask))
    sentences = [each for each in own.sequence_ids if each is not None]
    shown = [s for s, special in zip(encoded.axis.segments, encoded.axis.special, strict=True) if not special]
    assert shown == sentences and encoded.axis.segments[0] == 0 and encoded.axis.segments[-1] == 1
    assert [each.code for each in encoded.notices] == ["pair_segments" if taught else "pair"]
    typed = model.encode(encoded.source)
    assert typed.axis == encoded.axis and (typed.inputs["tokens"] == ids).all()
    marks = [
        encoded.text[slice(*span)]
        for span, special in zip(encoded.axis.spans, encoded.axis.special, strict=True)
        if span and special
    ]
    assert "".join(marks) == mark

    trace = model.run(encoded)
    segments: Any = np.array(encoded.axis.segments) if taught else 0
    if taught:
        assert encoded.inputs["segments"][0].tolist() == own.type_ids == segments.tolist()
        plain = folders.outputs_of(folder, ids)[0]
        assert np.abs(trace.blocks[0].weights - plain).max() > 1e-3
    np.testing.assert_allclose(trace.blocks[0].weights, folders.outputs_of(folder, ids, segments)[0], atol=2e-5)


def test_segments_move_with_their_tokens_and_are_kept_in_json(tmp_path: Path):
    folder = folders.make("bert")
    model: Any = zoo.load(folder.write(tmp_path / "tiny"))
    encoded = model.encode(f"{FIRST} [SEP] {SECOND}")
    left = encoded.keep([place for place in range(len(encoded.axis)) if place != 1])
    assert left.axis.segments == encoded.axis.segments[:1] + encoded.axis.segments[2:]
    assert left.inputs["segments"][0].tolist() == list(left.axis.segments)
    trace = model.run(left)
    expected = folders.outputs_of(folder, left.inputs["tokens"][0], left.inputs["segments"][0])[0]
    np.testing.assert_allclose(trace.blocks[0].weights, expected, atol=2e-5)
    again = AttentionTrace.from_dict(json.loads(trace.to_json()))
    assert again.blocks[0].key == trace.blocks[0].key and "segments" in trace.to_dict()["blocks"][0]["key"]
    hidden = read(trace, "hide", "words").blocks[0].key
    assert hidden.segments is not None and sorted(set(hidden.segments)) == [0, 1] and "[SEP]" not in hidden.tokens


@pytest.mark.parametrize("text", ["the cat", "the cat [SEP]", "[SEP] the cat"])
def test_one_sentence_is_no_pair(text: str, tmp_path: Path):
    encoded = zoo.load(folders.make("bert").write(tmp_path / "tiny")).encode(text)
    assert encoded.axis.segments is None and "segments" not in encoded.inputs and not encoded.notices


def test_the_first_separator_counts(tmp_path: Path):
    model = zoo.load(folders.make("bert").write(tmp_path / "tiny"))
    assert model.encode("the [SEP] cat [SEP] sat").axis.segments == (0, 0, 0, 1, 1, 1, 1)


def test_a_classifier_of_pairs_reads_them(tmp_path: Path):
    folder = classifier("bert", type_vocab_size=2)
    model: Any = zoo.load(folder.write(tmp_path / "tiny"))
    pair, same = model.encode(FIRST, second=SECOND), model.encode(f"{FIRST} [SEP] {SECOND}")
    shares = model.probabilities([pair, same])
    np.testing.assert_allclose(shares[0], shares[1], atol=1e-7)
    alone = type(pair)(pair.source, {"tokens": pair.inputs["tokens"]}, pair.axes)
    assert np.abs(model.probabilities([alone])[0] - shares[0]).max() > 1e-4
    assert model.gradients(pair, 1).shape == (1, *model.embed(pair).shape)


def test_a_model_with_one_segment_has_none(tmp_path: Path):
    model = zoo.load(folders.make("bert", type_vocab_size=1).write(tmp_path / "tiny"))
    encoded = model.encode("the [SEP] cat")
    assert encoded.axis.segments == (0, 0, 0, 1, 1) and "segments" not in encoded.inputs
    assert [each.code for each in encoded.notices] == ["pair"]


def test_a_bert_with_another_ones_tokenizer_has_none(tmp_path: Path):
    """As multilingual MiniLM: BERT's network, XLM-RoBERTa's pieces, which are taught without segments."""
    (tmp_path / "pieces").mkdir()
    (tmp_path / "pieces" / sentence_pieces.FILE).write_bytes(folders.sentence_model())
    whole = sentence_pieces.read(tmp_path / "pieces", {}, "xlm-roberta")
    folder = folders.make("bert", vocab_size=whole.get_vocab_size())
    folder.files = {"tokenizer.json": whole.to_str()}
    model: Any = zoo.load(folder.write(tmp_path / "tiny"))
    encoded = model.encode(FIRST, second=SECOND)
    assert encoded.inputs["tokens"][0].tolist() == whole.encode(FIRST, SECOND).ids and "segments" not in encoded.inputs
    expected = folders.outputs_of(folder, encoded.inputs["tokens"][0])[0]
    np.testing.assert_allclose(model.run(encoded).blocks[0].weights, expected, atol=2e-5)


def test_what_is_no_pair_is_refused(tmp_path: Path):
    model: Any = zoo.load(folders.make("bert").write(tmp_path / "tiny"))
    for first, second, code in (("a [SEP] b", "c", "separator_typed"), ("a", " \x00", "empty_text")):
        with pytest.raises(InputError) as raised:
            model.trace(first, second=second)
        assert raised.value.code == code
    other = zoo.load(folders.make("gpt2").write(tmp_path / "other"))
    with pytest.raises(InputError) as raised:
        other.trace("a", second="b")
    assert raised.value.code == "no_pair" and not other.separator
