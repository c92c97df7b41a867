"""The sections of a classifier's model card. Every number is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attnviz import zoo
from attnviz.analysis.explain.faithfulness import Forward
from attnviz.tokenizers import Tokenizer, clean
from attnviz.training import explained
from attnviz.training.batch import Batch
from attnviz.training.card import Section, opening, table
from attnviz.training.corpora import Examples
from attnviz.training.pretrained_teacher import PretrainedTeacher
from attnviz.training.recipe import ClassifierRecipe

_ARCHITECTURES = {
    "pooling": "`Embedding` → `AttentionPooling` → `Dense(relu)` → `Dense(softmax)`",
    "encoder": "`Embedding`, a learned [CLS] vector before it and a learned vector for each position → layers of "
    "`LayerNormalization` → `MultiHeadAttention` → sum → `LayerNormalization` → `Dense(relu)` → `Dense` → sum (pre-"
    "norm, Xiong et al. 2020) → `LayerNormalization` of the [CLS] vector → `Dense(softmax)`",
}

#: Of an encoder whose [CLS] comes in late.
_LATE = (
    ". [CLS] takes nothing in before the last layer: until then words look at words, and [CLS] at itself. In the last "
    "layer it reads the words, and nothing but that row reaches the prediction"
)

#: What the figures of attention are measured on.
_MEASURED = {
    "pooling": "the weights have",
    "encoder": "the row of [CLS] in the last layer, mean over its heads, what falls on [CLS] itself left out and the "
    "rest scaled to sum to 1, has",
}

_SOURCE = "- {name}, {url}, {revision}. Licence {licence}. {attribution}."

#: How many of the surest mistakes the card shows.
MISTAKES = 10


def sections(
    card: Mapping[str, Any],
    recipe: ClassifierRecipe,
    tokenizer: Tokenizer,
    predict: Forward,
    test: Examples,
    batch: Batch,
) -> list[Section]:
    """The model card after name and summary.

    Args:
        card: The content of `card.json`.
        recipe: What was trained.
        tokenizer: With its vocabulary.
        predict: The model as stored.
        test: The test part, as text.
        batch: The same as ids.
    """
    metrics, training = card["metrics"], card["training"]
    split = (
        f"{recipe.split} Seed {training['seed']}. In numbers: {training['n_train']:,} to train, "
        f"{training['n_validation']:,} to validate, {metrics['n_test']:,} to test."
    )
    counts = [[label, *row] for label, row in zip(recipe.labels, metrics["confusion"], strict=True)]
    return [
        *opening(card, _architecture(card), "{key} {value:,}", _SOURCE, split),
        Section(
            "How well",
            _accuracy_table(metrics, recipe),
            _cross_validation(metrics, recipe),
            "Confusion over the test part, rows true, columns predicted:",
            table(["", *recipe.labels], counts, words=1),
        ),
        *([Section("Negation", _negation(metrics["negation"], recipe))] if "negation" in metrics else []),
        Section("What attention rests on", *_rests_on(card, recipe), explained.section(metrics)),
        *([Section("What its heads do", _heads(metrics["heads"]))] if "heads" in metrics else []),
        Section(
            "What it gets wrong",
            recipe.notes["en"],
            recipe.notes["ja"],
            _probes(recipe, tokenizer, predict),
            "The mistakes it is surest of, from the test part:",
            _mistakes(recipe.labels, predict, test, batch),
        ),
        Section("Training", _training_text(card, recipe)),
    ]


def _architecture(card: Mapping[str, Any]) -> str:
    return _ARCHITECTURES[card["family"]] + (_LATE if card["config"].get("late") else "")


def _rests_on(card: Mapping[str, Any], recipe: ClassifierRecipe) -> list[str]:
    guided, original = recipe.settings.guided, recipe.original
    untaught = (
        f"Nothing was taught where to look: this is [{original}](../../{original}/README.md) without that, learned by "
        "the same settings from the same sentences, to stand beside it."
    )
    taught = (
        "The last layer was taught where to look: how far its [CLS] row (mean over heads) is from the attention "
        f"weights of {recipe.sibling} is part of the loss (Kullback–Leibler divergence, weight {guided:g}). So the row "
        "is a *taught* one, and what follows says how well it learned to point at what counts."
    )
    beside = [_beside(each) for each in card["metrics"].get("beside", ())]
    said = [*([taught] if guided else []), *([untaught] if original else [])]
    return [*said, _faithfulness_text(card["metrics"], card["family"]), *beside]


def _beside(told: Mapping[str, Any]) -> str:
    """What another model, the same but untaught, comes to."""
    return (
        f"Untaught, all else alike ([{told['name']}](../{zoo.BESIDE}/{told['name']}/README.md), beside it in "
        f"“Compare”): accuracy {told['accuracy']:.2%}, macro accuracy {told['macro_accuracy']:.2%}; removing the "
        f"top-weighted token costs {_number(told['drop_ratio'])} times a random other one "
        f"({_number(told['drop_ratio_low'])} to {_number(told['drop_ratio_high'])}); Kendall's τ-b with leave-one-out "
        f"{told['kendall']['removed']:.2f}."
    )


def _accuracy_table(metrics: Mapping[str, Any], recipe: ClassifierRecipe) -> str:
    up = "../.." if recipe.original else ".."
    rows = [
        ("this model", ""),
        ("its weights made uniform, nothing retrained", "uniform_"),
        ("retrained with mean pooling, same settings", "mean_pooling_"),
        (f"[{metrics.get('sibling')}]({up}/{metrics.get('sibling')}/README.md), attention pooling", "sibling_"),
    ]
    known = [row for row in rows if f"{row[1]}accuracy" in metrics]
    figures = table(
        ["test part", "accuracy", "macro accuracy"],
        [[name, f"{metrics[p + 'accuracy']:.2%}", f"{metrics[p + 'macro_accuracy']:.2%}"] for name, p in known],
        words=1,
    )
    words, prefix = known[-1][0].split(",")[0], known[-1][1]
    gain = 100 * (metrics["accuracy"] - metrics[f"{prefix}accuracy"])
    if prefix == "sibling_":
        return (
            f"{figures}\n\nUniform means the same weight on every key, in all layers and heads. Against {words}, by "
            f"its card on the same test part, the encoder gains {gain:+.2f} points of accuracy."
        )
    return f"{figures}\n\nAgainst mean pooling, attention buys {gain:+.2f} points of accuracy."


def _cross_validation(metrics: Mapping[str, Any], recipe: ClassifierRecipe) -> str:
    if "cv_mean" in metrics:
        return (
            f"Cross-validation, {metrics['cv_folds']} parts, whole groups held out (recorded at training): macro "
            f"accuracy {metrics['cv_mean']:.2%} ± {metrics['cv_sd']:.2%} (mean ± standard deviation)."
        )
    if recipe.teacher is not None:
        return "Cross-validation was not done for this model: its teacher would have to learn anew for each part."
    if recipe.sibling and recipe.settings.distillation:
        return (
            "Cross-validation was not done for this model: it learns from its sibling, which has seen most of the "
            "sentences that would be held out."
        )
    return ""


def _negation(found: Mapping[str, Any], recipe: ClassifierRecipe) -> str:
    rows = [
        ["all sentences", f"{found['sentences']:.2%}"],
        ["both of a pair", f"{found['both']:.2%}"],
        ["positive by a negation (“never boring”)", f"{found['negated_positive']:.2%}"],
        ["negative by a negation (“not good”)", f"{found['negated_negative']:.2%}"],
    ]
    learned = (
        "The model learned from pairs made of frames and words (`negation.toml`), some of the same make as these, and "
        "never from these sentences."
        if recipe.beside is not None
        else "The model is a weighted sum of words, of which none sees another: it cannot turn one round."
    )
    return (
        f"On {found['pairs']} minimal pairs, two sentences each that differ by a negation and in what they say, "
        f"written by hand (`attnviz/training/negation_pairs.toml`). {learned} Right are:\n\n"
        f"{table(['minimal pairs', 'right'], rows, words=1)}"
    )


def _heads(heads: Sequence[Mapping[str, Any]]) -> str:
    names = {
        "entropy": "entropy (nats)",
        "largest": "largest weight",
        "previous": "on the token before",
        "next": "on the token after",
        "same": "on itself",
        "special": "on [CLS]",
    }
    rows = [
        [f"{head['layer']}.{head['head']}", *(f"{head[name][0]:.3f} ± {head[name][1]:.3f}" for name in names)]
        for head in heads
    ]
    return (
        "Each head over the test part, the mean over all queries of a sentence, of which in the last layer only [CLS] "
        "matters to the prediction; mean ± standard deviation over sentences:\n\n"
        f"{table(['layer.head', *names.values()], rows, words=1)}"
    )


def _number(value: float | None) -> str:
    return "∞" if value is None else f"{value:.1f}"


def _faithfulness_text(metrics: Mapping[str, Any], family: str) -> str:
    figures = table(
        ["tokens removed", "drop, top-weighted", "drop, random others", "sentences"],
        [
            [k, f"{entry['top']:.4f}", f"{entry['random']:.4f}", f"{entry['n']:,}"]
            for k, entry in metrics["comprehensiveness"].items()
        ],
        words=1,
    )
    return (
        f"Over the test part {_MEASURED[family]} a mean entropy of {metrics['entropy_mean']:.4f} nats "
        f"({metrics['normalised_entropy_mean']:.4f} of even weights). Removing the top-weighted token changes the "
        f"predicted class in {metrics['flip_top']:.2%} of the sentences, removing a random other one in "
        f"{metrics['flip_random']:.2%}. It costs the predicted class {metrics['drop_top']:.4f} of probability against "
        f"{metrics['drop_random']:.4f}: {_number(metrics['drop_ratio'])} times as much (95 % interval, bootstrap over "
        f"sentences, {_number(metrics['drop_ratio_low'])} to {_number(metrics['drop_ratio_high'])}).\n\n"
        "Comprehensiveness, the probability the predicted class loses (sentences of at least twice that many "
        f"tokens):\n\n{figures}"
    )


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("`", "\\`")


def _probes(recipe: ClassifierRecipe, tokenizer: Tokenizer, predict: Forward) -> str:
    rows = []
    for text in recipe.probes:
        tokens = tokenizer.tokenize(clean(text).text)
        probabilities, weights = predict(np.array([[token.id for token in tokens]], dtype=np.int32))
        best = int(probabilities[0].argmax())
        shown = " ".join(
            f"{_escape(token.text)}{'?' if token.unknown else ''} ({weight:.2f})"
            for token, weight in zip(tokens, weights[0], strict=True)
        )
        rows.append([shown, recipe.labels[best], f"{probabilities[0, best]:.3f}"])
    which = "weights from [CLS], as above" if recipe.family == "encoder" else "weights"
    figures = table([f"tokens and their {which}", "says", "probability"], rows, words=2)
    return f"A few sentences to compare (`?` marks a word outside the vocabulary):\n\n{figures}"


def _mistakes(labels: Sequence[str], predict: Forward, test: Examples, batch: Batch) -> str:
    probabilities, _ = predict(batch.ids)
    predicted = probabilities.argmax(axis=1)
    sureness = np.where(predicted != batch.labels, probabilities.max(axis=1), -1.0)
    rows = [
        [_escape(test.texts[row]), labels[batch.labels[row]], labels[predicted[row]], f"{sureness[row]:.3f}"]
        for row in np.argsort(-sureness, kind="stable")[:MISTAKES]
        if sureness[row] > 0
    ]
    return table(["sentence", "people say", "the model says", "probability"], rows, words=3)


#: What is said of the looks at a training.
_LOOKS = (
    "Attention and predictions for the example sentences, and loss, accuracy and entropy over a sample of the test "
    "part, at logarithmically spaced steps from the untrained model on, are in `learning.npz`. Nothing was chosen "
    "by them.\n\n"
)


def _training_text(card: Mapping[str, Any], recipe: ClassifierRecipe) -> str:
    training = card["training"]
    settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in training["settings"].items())
    tried = "\n".join(f"- {line}" for line in recipe.tried)
    best = f"pass {training['best_epoch']} of {training['epochs']}"
    figure = f"{training['validation_macro_accuracy']:.2%}"
    auxiliary = (
        "The auxiliary task is a finer annotation of the same sentences; its head is thrown away after training. "
        if training["settings"]["auxiliary"]
        else ""
    )
    rare = training["min_count"]
    vocabulary = (
        f"Words seen fewer than {rare} times are unknown." if rare > 1 else "Every word of the training part is known."
    )
    return (
        f"Settings: {settings}. {vocabulary} The pass with the best validation figure is kept: {best}, "
        f"validation macro accuracy {figure}. {auxiliary}{_teaching(card, recipe)}"
        "Weights are stored in half "
        "precision, and every figure above is computed from what is stored. All of it, "
        f"baselines and cross-validation included, took {training['seconds']:.0f} seconds.\n\n"
        f"{'' if recipe.original else _LOOKS}"
        f"{_positions(card)}\n\n"
        f"Tried, and chosen by the validation part alone:\n\n{tried}"
    )


def _positions(card: Mapping[str, Any]) -> str:
    length = card["trained_length"]
    if card["family"] == "encoder":
        return (
            f"Trained range: the first {length} tokens. Positions beyond were reached by few training sentences; they "
            "share the position vector of the last one before."
        )
    return (
        f"b is penalised in training (L2). Positions beyond the first {length} were reached by few training "
        "sentences; they share the value of the last one before."
    )


def _teaching(card: Mapping[str, Any], recipe: ClassifierRecipe) -> str:
    if not recipe.settings.distillation:
        return ""
    if recipe.teacher is not None:
        return _pretrained(card["training"]["teacher"], recipe.settings.distillation, recipe.teacher)
    return (
        f"Part of each target ({recipe.settings.distillation:.0%}) are the probabilities of a teacher, the mean of "
        f"{recipe.sibling} with attention and with mean pooling, both from its folder; as many mixtures of training "
        "sentences, which nobody wrote, are learned from the teacher alone (distillation, Hinton et al. 2015). The "
        "teacher has not learned from the test part. "
    )


def _pretrained(stated: Mapping[str, Any], share: float, teacher: PretrainedTeacher) -> str:
    settings = ", ".join(
        f"{key.replace('_', ' ')} {value}"
        for key, value in stated.items()
        if key not in ("validation_accuracy", "layer", "sets", "unlabelled")
    )
    return (
        f"Part of each target ({share:.0%}) are the probabilities of a teacher (distillation, Hinton et al. 2015; Tang "
        f"et al. 2019): {teacher.title}, which first learned the same training part, with heads on the mean of its "
        f"last layer's vectors ({settings}; validation accuracy {stated['validation_accuracy']:.1%}). What it alone "
        f"judges is learned too, in {stated['sets']} sets that the passes take in turn: as many mixtures of training "
        f"sentences, which nobody wrote, as there are training sentences, and {stated['unlabelled']:,} of "
        f"{teacher.source}, none of them in the validation or test part. The teacher was not given the test part; what "
        "it read before it came here may include some of its sentences, without their labels. The embedding starts "
        "from the principal components of what each word is after layer "
        f"{stated['layer'] + 1} of the teacher as it came, the mean over its places in the training part. "
    )
