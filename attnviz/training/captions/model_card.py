"""The sections of a captioner's card. Every number is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attnviz.families.learning import FILE
from attnviz.scenes import BACKGROUNDS, GROCERIES, KINDS
from attnviz.training.captions.grammar import LANGUAGES
from attnviz.training.captions.searched import BEAM
from attnviz.training.card import Section, opening, searched, table
from attnviz.training.recording import SAMPLE

#: Of the card's metrics: the same model without attention, or without a head that is taught.
SIBLINGS = "siblings"

_SIBLING = {
    "whole": "as it is",
    "mean": "mean of the regions in the place of attention",
    "untaught": "no head is taught",
}

_SIBLINGS = (
    "What attention and teaching it are worth: the same settings, but one pass over {scenes} scenes alone, with two "
    "sentences about each in each language (`python -m attnviz.training.captions.siblings`):"
)

#: Captions of dev scenes shown in the card.
SHOWN = 12

_FIGURE = {"named_coarse": "coarse"}

_LANGUAGE = {"en": "English", "ja": "Japanese"}

_PART = {
    "test": "set aside ({n_test})",
    f"test_beam{BEAM}": f"set aside ({{n_test}}), beam of {BEAM}",
    "pairs": "two kinds that never met in training ({n_pairs})",
    "style": "a style of art never seen ({n_style})",
}

_ROLE = {"relation": "relations (“left of”)", "place": "places (“at the top”)", "background": "the background",
         "other": "articles, particles, verbs"}  # fmt: skip

_DECODER = (
    "A pre-norm Transformer decoder (Vaswani et al. 2017) without an encoder of its own: it looks at 14 × 14 regions, "
    "each the numbers of block 10 of EfficientNet-Lite0 there (112) beside those of its last block{last} (320), and a "
    "vector learned for its place. The encoder is in `vision.npz`: {encoder}"
)

#: By what the model takes.
_ARCHITECTURE = {
    "scene": _DECODER.format(last=", of 7 × 7 regions twice as wide", encoder="frozen, as it was trained on ImageNet"),
    "photo": _DECODER.format(
        last=" there",
        encoder="its first blocks are as they were trained on ImageNet, the last five learned from single photographs "
        "of the training part what they show (`attnviz.training.captions.photo_encoder`), then it was frozen",
    ),
}

_SOURCE = "- [{name}]({url}), {revision}, {licence}. {attribution}."

_SPLIT = {
    "scene": f"Scenes are drawn by chance from {len(KINDS)} kinds of things in two styles of art (a third is never "
    f"learned from), on {len(BACKGROUNDS)} backgrounds: none to four things, of sizes 0.75 to 1.6, half of them tilted "
    "up to 20°, each at least 55 % visible. {n:,} to learn from, others to choose the pass and to report, all by seeds "
    "fixed beforehand. In half of those to learn from the kind of one thing is given to one drawn at random, so that "
    "there may be several of it; in the others in a fifth. 200 pairs of kinds never meet in a scene that is learned "
    "from. Sentences come from a grammar "
    "(`attnviz.training.captions.grammar`), others in every pass",
    "photo": f"Collages of one to four photographs of {len(GROCERIES)} kinds (the data set's coarse classes, peppers "
    "by colour), laid out by chance: {n:,} of photographs of the official training part to learn from, others of the "
    "validation part to choose the pass. Reported are collages of photographs of the official test part alone, which "
    "is of other days and shops; photographs come there as often as the part has them. Sentences come from a grammar "
    "(`attnviz.training.captions.photo_grammar`), others in every pass",
}

_RIGHT_OF_PHOTOS = (
    "Greedy captions, or by beam search where it says so. *Perfect*: the whole sentence "
    "is one that the grammar has for the collage. *Named*: kinds in the "
    "collage that the caption names; *coarse*: the same of the data set's coarse classes, a pepper being a pepper. "
    "*Invented*: things named that are not there. *Twice*: captions that name a kind twice. *Places*: share right of "
    "what is said of the places of things that are there. `python -m attnviz evaluate {name}` prints them."
)

_RIGHT = (
    "Greedy captions, or by beam search where it says so. *Perfect*: the whole sentence "
    "is one that the grammar has for the scene; where a thing lies "
    "within 0.6 cells of the border between two words, either passes. *Named*: kinds in the scene that the caption "
    "names, with the right colour. *Invented*: things named that are not there. *Twice*: captions that name a thing "
    "twice. `python -m attnviz evaluate {name}` prints them."
)

_SEVERAL = (
    "Of the {n} scenes with several things of one kind, to be named once with their number, {perfect} of the captions "
    "are perfect (English and Japanese)."
)

_POINTING = (
    "Words that name a thing which is there, in the model's own captions of the scenes set aside: share whose "
    "heaviest region lies on that thing (at least a quarter of it covered), and the weight on all such regions. "
    "Chance, a region taken blindly: {chance}; always the middle of the picture: {centre}. {taught} "
    "{words:,} words ({language})."
)

_TAUGHT = (
    "{heads} In training −log of their weight on that thing was added to the loss, {guided} times. The other heads "
    "were left to themselves."
)

_LOOK = {
    "named": "was taught to look at the thing that is being named",
    "next": "at every word at the thing that is named next",
    "read": "at the thing that the word before was about",
}

_UNTAUGHT = "No head was taught where to look."

_TEACHING = (
    "The three heads that were taught stand in layers of their own, so that what has been named, what is to be named "
    "and how they lie to each other can be known before a word is chosen."
)

_ROLES = (
    "Words that name no thing, in sentences of the grammar that the model reads, weight of {whose}: on the things "
    "they are about, on other things, and on the bare background, beside the share of the picture that things "
    "cover ({language})."
)

_MOVED = (
    "Does the word follow the light? Where a thing is about to be named, what its regions have of the weight was moved "
    "to another thing, at that word alone ({language}, {words:,} words of the first scenes set aside). In {which}the "
    "next word became the other thing's in {other}, and stayed in {same}."
)

_STRANGE = (
    "A picture is called strange, with a notice, where what the last block sees in the whole, its halves and its "
    "quarters is further from the means of all kinds than in 98 % of the collages of validation photographs "
    "(Mahalanobis distance, one covariance for all kinds). So {test} of the {n_test} collages of test photographs are "
    "called strange, which they are not, and {drawn} of {n_drawn} drawn scenes, which are. Other photographs than of "
    "groceries were not at hand to be tried."
)

_OUTLINED = (
    "On the thing itself: in {n} photographs of the test part, each shown whole, what is of the named kind was "
    "outlined by hand (`attnviz.training.captions.outlined`). The heaviest region of {whose} lies inside for {en} of "
    "the words that name it rightly in English ({words_en}) and {ja} in Japanese ({words_ja}); a region taken blindly "
    "does for {chance}."
)

RECORDED = (
    f"`{FILE}` has looks at the training, at logarithmically spaced steps from the untrained model on; the last is the "
    "model as stored. The English captions of some example scenes are the stored model's, greedy, and held fixed: at "
    "each look the model of then reads them. Loss (nats per token), share of tokens more probable than any other and "
    f"entropy of the head that names are of sentences of the grammar about {SAMPLE} scenes set aside, end tokens "
    "counted."
)


def sections(
    card: Mapping[str, Any],
    taught: Mapping[str, tuple[int, int]],
    tried: Sequence[str],
    dev: Sequence[tuple[str, str, str]],
) -> list[Section]:
    """The model card after name and summary.

    Args:
        card: The content of `card.json`.
        taught: Layer and head of each look that was taught, see `CaptionSettings.taught`.
        tried: What was tried when the settings were chosen.
        dev: Code, English and Japanese caption of the first `SHOWN` dev scenes.
    """
    metrics, training, takes = card["metrics"], card["training"], card.get("takes", "scene")
    right = _RIGHT if takes == "scene" else _RIGHT_OF_PHOTOS
    notes = f"{card['notes']['en']}\n\n{card['notes']['ja']}"
    return [
        *opening(card, _ARCHITECTURE[takes], "{key} {value}", _SOURCE, _SPLIT[takes].format(n=training["n_train"])),
        Section(
            "How well",
            right.format(name=card["name"]) + searched(card, "the model shipped before named most things on dev"),
            _scores(metrics),
            *_counts(metrics),
            *_siblings(metrics),
        ),
        Section("Where it looks", *_looks(metrics, training["settings"]["guided"], taught)),
        Section("What it gets wrong", notes, _strange(metrics), _captions(dev)),
        Section("Training", *_training(training, tried)),
        Section("How its attention was learned", RECORDED if FILE in card["files"] else ""),
    ]


def _share(value: float) -> str:
    return f"{value:.1%}"


def _scores(metrics: Mapping[str, Any]) -> str:
    rows = [
        (
            told.format_map(metrics),
            _LANGUAGE[language],
            *map(_share, metrics[f"{part}_{language}"].values()),
        )
        for part, told in _PART.items()
        for language in LANGUAGES
        if f"{part}_{language}" in metrics
    ]
    figures = [_FIGURE.get(name, name) for name in metrics["test_en"]]
    return table(["pictures", "language", *figures], rows, words=2)


def _counts(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    rows = [
        (row["things"], row["n"], _share(row["perfect"]), _share(other["perfect"]), _share(row["named"]))
        for row, other in zip(metrics["by_count_en"], metrics["by_count_ja"], strict=True)
    ]
    head = ["things", "scenes", "perfect, English", "perfect, Japanese", "named, English"]
    found = [metrics[f"several_{language}"] for language in LANGUAGES]
    perfect = " and ".join(_share(each["perfect"]) for each in found if each["n"])
    several = _SEVERAL.format(n=found[0]["n"], perfect=perfect) if perfect else ""
    return "By the number of things, scenes set aside:", table(head, rows, words=0), several


def _siblings(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """A captioner like it beside those that lack something; nothing where none was trained."""
    others = metrics.get(SIBLINGS)
    if not others:
        return ()
    rows = []
    for which, found in others.items():
        perfect = [_share(found[f"{part}_{code}"]["perfect"]) for part in ("test", "pairs") for code in LANGUAGES]
        heads = [found[f"pointing_{code}"]["heads"] for code in LANGUAGES if f"pointing_{code}" in found]
        best = [_share(max(row["hits"] for row in each)) for each in heads] or ["–"] * len(LANGUAGES)
        rows.append((_SIBLING[which], *perfect, *best))
    head = ["model", *(f"perfect, {part}, {code}" for part in ("set aside", "never met") for code in LANGUAGES)]
    head += [f"heaviest on it, best head, {code}" for code in LANGUAGES]
    scenes = max(each["scenes"] for each in others.values())
    told = _SIBLINGS.format(scenes=f"{scenes:,}")
    return told, table(head, rows, words=1)


def _looks(metrics: Mapping[str, Any], guided: float, taught: Mapping[str, tuple[int, int]]) -> list[str]:
    heads = ", ".join(f"{_head(*place)} {_LOOK[look]}" for look, place in taught.items())
    who = _TAUGHT.format(heads=f"{heads[:1].upper()}{heads[1:]}.", guided=guided) if taught else _UNTAUGHT
    whose = _head(*taught["named"]) if taught else "all heads together"
    paragraphs = [_TEACHING] if len({layer for layer, _ in taught.values()}) == len(_LOOK) else []
    for language in LANGUAGES:
        found = metrics[f"pointing_{language}"]
        facts = {"chance": _share(found["chance"]), "centre": _share(found["centre"]), "words": found["words"]}
        paragraphs.append(_POINTING.format(**facts, taught=who, language=_LANGUAGE[language]))
        unseen = metrics.get(f"pointing_style_{language}")
        beside = [found["heads"], *([unseen["heads"]] if unseen else [])]
        rows = [
            (
                _head(each[0]["layer"], each[0]["head"]),
                *(_share(one[key]) for one in each for key in ("hits", "weight")),
            )
            for each in zip(*beside, strict=True)
        ]
        head = ["head", "heaviest on it", "weight on it", "style never seen: heaviest", "weight"]
        paragraphs.append(table(head[: 1 + 2 * len(beside)], rows, words=1))
        paragraphs.append(_ROLES.format(whose=whose, language=_LANGUAGE[language]))
        roles = [(_ROLE[role], *map(_share, row.values())) for role, row in metrics[f"roles_{language}"].items()]
        head = ["words", "things they are about", "other things", "background", "covered by things"]
        paragraphs.append(table(head, roles, words=1))
        paragraphs.append(_follows(metrics[f"moved_{language}"], _LANGUAGE[language]))
    return [*paragraphs, _outlined(metrics, whose)]


def _outlined(metrics: Mapping[str, Any], whose: str) -> str:
    found = metrics.get("outlined")
    if not found:
        return ""
    said = {language: _share(found[language]["hits"]) for language in LANGUAGES}
    words = {f"words_{language}": found[language]["words"] for language in LANGUAGES}
    return _OUTLINED.format(n=found["n"], chance=_share(found["chance"]), whose=whose, **said, **words)


def _follows(found: Mapping[str, Any], language: str) -> str:
    told = _MOVED.format(
        language=language,
        words=found["words"],
        which="all heads of all layers ",
        **{key: _share(found["all"][key]) for key in ("other", "same")},
    )
    only = f" In the taught heads alone: {_share(found['taught']['other'])} and {_share(found['taught']['same'])}."
    return told + only


def _head(layer: int, head: int) -> str:
    return f"layer {layer + 1}, head {head + 1}"


def _strange(metrics: Mapping[str, Any]) -> str:
    found = metrics.get("strange")
    return _STRANGE.format(**found | {key: _share(found[key]) for key in ("test", "drawn")}) if found else ""


def _captions(dev: Sequence[tuple[str, str, str]]) -> str:
    rows = [(f"`{code}`", english, japanese) for code, english, japanese in dev]
    return f"The first {SHOWN} dev pictures:\n\n" + table(["picture", "English", "Japanese"], rows)


def _training(training: Mapping[str, Any], tried: Sequence[str]) -> tuple[str, ...]:
    rows = [
        (
            number,
            f"{each['loss']:.3f}",
            _share(each["perfect_en"]),
            _share(each["perfect_ja"]),
            _share(each["named_en"]),
        )
        for number, each in enumerate(training["history"], 1)
    ]
    stated = ", ".join(f"{key} {value}" for key, value in training["settings"].items())
    return (
        f"Seed {training['seed']}; {training['epochs']} passes, {training['seconds'] / 60:.0f} minutes on two cores, "
        f"scenes drawn and encoded beforehand; pass {training['best_epoch']} had the most perfect captions on dev. "
        f"Settings: {stated}. Passes on dev:",
        table(["pass", "training loss", "perfect, English", "perfect, Japanese", "named, English"], rows, words=0),
        "Tried:\n\n" + "\n".join(f"- {line}" for line in tried) if tried else "",
    )
