"""Captions that are searched for, several begun at a time, in the place of the most probable word each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from attnviz.families.writing.caption import CaptionModel
from attnviz.families.writing.decoding import beam_search
from attnviz.training.captions.features import Album
from attnviz.training.captions.grammar import Language
from attnviz.training.captions.scores import Written

#: Hypotheses kept, as for translations.
BEAM = 4


def searched(model: CaptionModel, album: Album, language: Language) -> Iterator[Written]:
    """The caption of each picture that beam search finds, as `CaptionModel.run` with `beam=BEAM`.

    Args:
        model: Whose captions.
        album: Its pictures as this model sees them, which are not looked at again.
        language: Of the captions.
    """
    like = model.encode(album.scenes[0], language)
    for row, scene in enumerate(album.scenes):
        encoded = replace(like, source=scene, inputs={**like.inputs, "regions": album.regions([row])})
        rules = model.rules(encoded)
        found = beam_search(model.start(encoded, ()).step, rules, BEAM, length=model.search_length)
        ids = [each.token for each in found if each.token != rules.end]
        yield Written(scene, language, tuple(model.vocabulary[each] for each in ids), model.words.join(ids))
