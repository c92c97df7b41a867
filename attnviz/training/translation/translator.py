"""The kind of model that translates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.families.writing.translation import TranslationModel
from attnviz.trace import Written
from attnviz.training import recording
from attnviz.training.card import Section
from attnviz.training.kind import Learned, stated
from attnviz.training.networks import halves
from attnviz.training.progress import Progress
from attnviz.training.translation.everyday import judged, sentences
from attnviz.training.translation.gold import alignment_figures, gold
from attnviz.training.translation.learner import LONGEST
from attnviz.training.translation.model_card import MEAN_STATES, SHOWN, sections
from attnviz.training.translation.pairs import Pairs, pairs
from attnviz.training.translation.recipes import TranslationRecipe
from attnviz.training.translation.recording import Recorder
from attnviz.training.translation.school import School, cutter, sides
from attnviz.training.translation.scores import scores
from attnviz.training.translation.settings import BEAM
from attnviz.training.translation.trials import results

#: Most pieces of a sentence that is read.
MAX_LENGTH = 64

#: Words of the source up to which a sentence counts as short, middling; the rest are long.
LENGTHS = (6, 9)

_WORDS = {"en": {"kind": "words"}, "ja": {"kind": "sudachi", "mode": "A"}}


@dataclass(frozen=True)
class Translator:
    """A recipe of a translation model; see `kind.Kind`.

    Attributes:
        recipe: What is made.
        quiet: No progress on standard error.
    """

    recipe: TranslationRecipe
    quiet: bool = False

    @cached_property
    def corpus(self) -> Pairs:
        """All pairs."""
        return pairs(quiet=self.quiet)

    def learn(self, models_folder: Path, state: Path) -> Learned:
        recipe, settings = self.recipe, self.recipe.settings
        lessons = School(recipe.source, recipe.target, settings, self.corpus)
        weights, record = lessons.learn(
            checkpoint=state / "weights.npz",
            label=recipe.name,
            quiet=self.quiet,
            keep=partial(recording.keep, state / recording.SNAPSHOTS),
        )
        subwords = {"source": lessons.subwords[recipe.source], "target": lessons.subwords[recipe.target]}
        return Learned(
            arrays={"weights.npz": halves(weights)},
            files={f"{side}.json": _save(each.pairs) for side, each in subwords.items()},
            card={
                "family": "translation",
                "task": "translation",
                "kinds": ["self", "causal", "cross"] if settings.attention else ["self", "causal"],
                "labels": [],
                "config": {
                    **{f"{side}_size": len(each.vocabulary) for side, each in subwords.items()},
                    **settings.network(),
                    "longest": LONGEST,
                },
                "tokenizers": {
                    side: {**_WORDS[code], "spaced": each.spaced, "lower": each.lower}
                    for code, (side, each) in zip(recipe.languages, subwords.items(), strict=True)
                },
                "alignment": {"layer": settings.guided_layer, "heads": [settings.guided_head]},
                "max_length": MAX_LENGTH,
            },
            training=stated(settings, record, len(self.corpus.train)),
        )

    def recorder(self, folder: Path, content: Mapping[str, Any]) -> Recorder | None:
        if "cross" not in content["kinds"]:
            return None
        return Recorder(folder, _loaded(folder), self.corpus.test, content["training"]["seed"])

    def measure(self, folder: Path, content: Mapping[str, Any], models_folder: Path) -> dict[str, Any]:
        """Scores anew; those of the model without attention, whose weights are not kept, are copied."""
        found = figures(_loaded(folder), self.corpus, quiet=self.quiet)
        return {"metrics": found | {key: value for key, value in content["metrics"].items() if key == MEAN_STATES}}

    def test_sentences(self, content: Mapping[str, Any]) -> Sequence[str]:
        return sides(self.corpus.test, self.recipe.source)[0]

    def sections(self, folder: Path, content: Mapping[str, Any]) -> list[Section]:
        """As `model_card.sections`; the sentences are translated anew."""
        model = _loaded(folder)

        def translate(text: str) -> str:
            return _written(model, text)

        shown = zip(*sides(self.corpus.dev[:SHOWN], self.recipe.source), strict=True)
        dev = [(text, translate(text), wanted) for text, wanted in shown]
        everyday = judged(sentences(self.recipe.source, self.recipe.target), translate)
        return sections(content, self.recipe.tried, dev, everyday, results())


def _save(pairs: Any) -> Any:
    return lambda path: pairs.save(str(path))


def _loaded(folder: Path) -> TranslationModel:
    model = zoo.load(folder)
    if not isinstance(model, TranslationModel):
        raise TypeError(f"Expected a translation model. Received: {type(model).__name__}")
    return model


def _written(model: TranslationModel, text: str, beam: int = 1) -> str:
    output = model.run(model.encode(text), beam=beam).output
    assert isinstance(output, Written)
    return output.text


def figures(model: TranslationModel, corpus: Pairs, *, quiet: bool = False) -> dict[str, Any]:
    """Scores of the model as stored on dev and test, greedy and with a beam of `BEAM`.

    Returns:
        BLEU and chrF in per cent by part and decoding; greedy BLEU on test by length of the source; `alignment`, see
        `alignment_figures`, None where there is nothing to compare with.
    """
    source, target = model.card.languages
    parts = {"dev": corpus.dev, "test": corpus.test}
    metrics: dict[str, Any] = {f"n_{name}": len(part) for name, part in parts.items()}
    progress = Progress("Translate", 2 * sum(map(len, parts.values())), quiet=quiet)
    done, greedy = 0, {}
    for name, part in parts.items():
        sources, references = sides(part, source)
        for way, beam in (("greedy", 1), (f"beam{BEAM}", BEAM)):
            written = []
            for text in sources:
                written.append(_written(model, text, beam))
                done += 1
                progress.update(done, f"{name} {way}")
            metrics |= {f"{name}_{way}_{key}": value for key, value in scores(written, references, target).items()}
            if beam == 1:
                greedy[name] = written
    progress.close(f"test BLEU {metrics['test_greedy_bleu']:.2f}")
    metrics["test_by_length"] = by_length(*sides(corpus.test, source), greedy["test"], source, target)
    metrics["alignment"] = alignment_figures(model, corpus.dev, gold(source), quiet=quiet)
    return metrics


def by_length(
    sources: list[str], references: list[str], written: list[str], source: str, target: str
) -> list[dict[str, Any]]:
    """BLEU of sentences short, middling and long, by words of the source: `from`, `to`, `n`, `bleu` each."""
    cut = cutter(source, None, lower=False)
    counts = np.array([len(cut.words(text)) for text in sources])
    edges = (0, *LENGTHS, int(counts.max()))
    rows = []
    for low, high in pairwise(edges):
        chosen = np.flatnonzero((counts > low) & (counts <= high))
        ours, theirs = ([side[i] for i in chosen] for side in (written, references))
        bleu = scores(ours, theirs, target)["bleu"] if ours else None
        rows.append({"from": low + 1, "to": high, "n": len(chosen), "bleu": bleu})
    return rows
