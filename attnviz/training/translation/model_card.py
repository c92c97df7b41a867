"""The sections of a translation model's card. Every number is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attnviz.families.learning import FILE
from attnviz.training.card import Section, opening, searched, table
from attnviz.training.recording import SAMPLE
from attnviz.training.translation.everyday import Judged, markdown
from attnviz.training.translation.settings import BEAM
from attnviz.training.translation.trials import PAIRS

#: Translations of dev sentences shown in the card.
SHOWN = 25

#: Key of the figures of the same model with the mean of the encoder's states in the place of attention.
MEAN_STATES = "mean_states"

#: In them those of the model with attention, where both were trained with settings of before; `settings` says which.
EARLIER = "earlier"

#: What the card of a model says whose training was looked at.
RECORDED = (
    f"`{FILE}` has looks at the training, at logarithmically spaced steps from the untrained model on; the last is the "
    "model as stored. The translations of the example sentences are the stored model's, greedy, and held fixed: at "
    "each look the model of then reads them, and the file keeps its source–target weights, the log probability of each "
    "token, and what it would have written itself. Loss (nats per token), share of tokens more probable than any other "
    "and entropy of the alignment heads named above are of the reference translations of "
    f"{SAMPLE} test pairs drawn by the seed, end tokens counted. Nothing was chosen by them."
)


def sections(
    card: Mapping[str, Any],
    tried: Sequence[str],
    dev: Sequence[tuple[str, str, str]],
    everyday: Sequence[Judged],
    trials: Mapping[str, Mapping[str, float]],
) -> list[Section]:
    """The model card after name and summary.

    Args:
        card: The content of `card.json`.
        tried: What was tried when the settings were chosen.
        dev: Sentence, translation, reference of the first `SHOWN` pairs.
        everyday: Sentences from daily life; with none, the card has no such part.
        trials: What `trials.results` gives; with none, the card has no such table.
    """
    return [
        *opening(card, _ARCHITECTURE, "{key} {value}", _SOURCE, _SPLIT.format(n=card["training"]["n_train"])),
        Section("How well", *_scores(card)),
        Section("How well its attention aligns", *_alignment(card)),
        Section("What it gets wrong", *_mistakes(card, dev)),
        Section("Sentences from daily life", *((_EVERYDAY, markdown(everyday)) if everyday else ())),
        Section("Training", *_training(card["training"], tried), *_trials(trials)),
        Section("How its attention was learned", RECORDED if FILE in card["files"] else ""),
    ]


_ARCHITECTURE = "A pre-norm Transformer (Vaswani et al. 2017; Xiong et al. 2020)"

_SOURCE = "- [{name}]({url}), {revision}, {licence}. {attribution}."

_FIGURES = ("BLEU", "chrF", "best pass", "BLEU, last pass alone", "AER, all heads", "AER, best head", "parameters")

_EVERYDAY = (
    "Typed before they were translated; greedy. One reader's verdict on each translation, and on the alignment: "
    "where the head named above looks when each word is written. A verdict stands only beside the translation "
    "that was judged."
)

_SPLIT = (
    "The 500 dev pairs of small_parallel_enja select; 500 pairs of the union, chosen by the order of a hash "
    "before anything was looked at, test. A pair any side of which occurs in dev or test, without regard to case, "
    "punctuation and blanks, is not learned from. {n:,} pairs to train. The English of "
    "small_parallel_enja is put back into natural form: no blank before `'m`, `n't` and punctuation, capitals as "
    "the natural set mostly writes each word."
)


def _scores(card: Mapping[str, Any]) -> tuple[str, ...]:
    metrics = card["metrics"]
    rows = [
        (f"{name} ({metrics[f'n_{name}']})", label, metrics[f"{name}_{way}_bleu"], metrics[f"{name}_{way}_chrf"])
        for name in ("dev", "test")
        for way, label in (("greedy", "greedy"), (f"beam{BEAM}", f"beam of {BEAM}"))
    ]
    return (
        "SacreBLEU and chrF, both sides in NFKC; Japanese by character (`tokenize=char`), English lower-cased (`13a`). "
        f"`python -m attnviz evaluate {card['name']}` prints them." + searched(card, "BLEU was best on dev"),
        table(["part (pairs)", "decoding", "BLEU", "chrF"], rows),
        "Greedy BLEU on test by words of the source:",
        length_table(metrics),
        _mean_states(metrics),
    )


def _mistakes(card: Mapping[str, Any], dev: Sequence[tuple[str, str, str]]) -> tuple[str, ...]:
    return (
        f"{card['notes']['en']}\n\n{card['notes']['ja']}",
        f"The first {SHOWN} sentences of dev, translated greedily, beside the reference:",
        table(["sentence", "translation", "reference"], [[text.replace("|", "\\|") for text in row] for row in dev]),
    )


def _training(training: Mapping[str, Any], tried: Sequence[str]) -> tuple[str, ...]:
    rows = [
        (number, f"{each['loss']:.2f}", f"{each['bleu']:.1f}", f"{each['chrf']:.1f}")
        for number, each in enumerate(training["history"], 1)
    ]
    return (
        f"Seed {training['seed']}; {training['epochs']} passes, {training['seconds'] / 60:.0f} minutes; the running "
        f"mean after pass {training['best_epoch']} had the best BLEU on dev. Settings: "
        + ", ".join(f"{key} {value}" for key, value in training["settings"].items())
        + ". Greedy, the mean over passes, on dev:",
        table(["pass", "training loss", "BLEU", "chrF"], rows),
        "Tried:\n\n" + "\n".join(f"- {line}" for line in tried),
    )


def length_table(metrics: Mapping[str, Any]) -> str:
    """Of the model, and of that without attention where there is one."""
    heads, columns = ["words", "sentences", "BLEU"], [metrics["test_by_length"]]
    if MEAN_STATES in metrics:
        if earlier := metrics[MEAN_STATES].get(EARLIER):
            heads.append("BLEU, earlier settings")
            columns.append(earlier["test_by_length"])
        heads.append("BLEU, earlier settings, without attention" if earlier else "BLEU without attention")
        columns.append(metrics[MEAN_STATES]["test_by_length"])
    rows = [
        (f"{row[0]['from']}–{row[0]['to']}", row[0]["n"], *(each["bleu"] for each in row))
        for row in zip(*columns, strict=True)
    ]
    return table(heads, rows)


def _mean_states(metrics: Mapping[str, Any]) -> str:
    found = metrics.get(MEAN_STATES)
    if not found:
        return ""
    earlier = found.get(EARLIER)
    alike = earlier["settings"] if earlier else "the same settings and as many passes"
    with_attention = (
        f" With attention and these settings it was BLEU {earlier['dev_greedy_bleu']} on dev and "
        f"{earlier['test_greedy_bleu']} on test; with those above it has not been trained without."
        if earlier
        else ""
    )
    return (
        "Without attention: the same network with the mean of the encoder's states in the place of source–target "
        f"attention, trained on the same pairs with {alike}, has, greedy, BLEU "
        f"{found['dev_greedy_bleu']} and chrF {found['dev_greedy_chrf']} on dev, BLEU {found['test_greedy_bleu']} and "
        f"chrF {found['test_greedy_chrf']} on test.{with_attention}"
    )


def _alignment(card: Mapping[str, Any]) -> tuple[str, ...]:
    """What agrees with the links set by hand, beside the diagonal."""
    found = card["metrics"].get("alignment")
    if not found:
        return ()
    stated = card["alignment"]
    heads = ", ".join(str(head + 1) for head in stated["heads"])
    rows = {
        f"layer {stated['layer'] + 1}, head {heads}: the alignment shown on the page": found["chosen"],
        "mean over all heads": found["mean"],
        "diagonal: the same share of the sentence": found["diagonal"],
    }
    rows |= {f"layer {each['layer'] + 1}, head {each['head'] + 1}": each for each in found["heads"]}
    return (
        f"One annotator set the word correspondences of {found['n_pairs']} dev pairs by hand, before any alignment of "
        f"the model was seen (`tests/data/alignments-en-ja.txt`: {found['n_sure']:,} sure, {found['n_possible']:,} "
        "possible links; its head says by what rules) and read them through once more; nobody else has. The model "
        "reads the reference translation; special tokens are left out, weights of a source word's pieces are summed, "
        "rows of a target word's pieces averaged; each target word is linked to the source word of its greatest "
        "weight, nothing is tuned. Punctuation counts; so does every particle, linked or not. Precision, recall and "
        "alignment error rate of Och and Ney (2003).",
        table(
            ["weights", "precision", "recall", "AER"],
            [(name, *(f"{row[key]:.1%}" for key in ("precision", "recall", "aer"))) for name, row in rows.items()],
        ),
    )


def _trials(results: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
    if not results:
        return ()
    rows = [
        (
            name,
            *(row[key] for key in ("bleu", "chrf", "pass", "last_bleu")),
            *(f"{row[key]:.1%}" if key in row else "–" for key in ("aer_mean", "aer_head")),
            f"{row['parameters']:,}",
        )
        for name, row in results.items()
    ]
    return (
        f"Settings beside each other: English → Japanese, {PAIRS:,} of the pairs, one run with one seed each, "
        "greedy, on dev. Every line differs from the first in what its name says; all see the same pairs as often, "
        "with the same learning rate: none was looked for that suits the recurrent model better. "
        "BLEU and chrF are those of the mean over passes, at the best pass; the last pass alone is without the mean. "
        "Alignment error rates are of the dev pairs with links set by hand, read as above. How much another seed would "
        "change was not measured. `python -m attnviz.training.translation.trials` prints them.",
        table(["trial", *_FIGURES], rows),
    )
