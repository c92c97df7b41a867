"""A model folder's card brought up to date from its stored weights, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnviz import zoo
from attnviz.tokenizers import from_config
from attnviz.training import card as cards
from attnviz.training.corpora import Examples
from attnviz.training.evaluation import encode
from attnviz.training.explanations import SENTENCES, explanations
from attnviz.training.networks import forward, network, set_weights
from attnviz.training.recipe import Recipe


def explained(
    chosen: Recipe, folder: Path, content: dict[str, Any], *, sentences: int = SENTENCES, quiet: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of `explanations` for a model folder, and its cases."""
    test = chosen.corpus(content["training"]["seed"], quiet=quiet).test
    return explanations(zoo.load(folder), test, sentences=sentences, label=content["name"], quiet=quiet)


def write(
    chosen: Recipe, folder: Path, content: dict[str, Any], metrics: dict[str, Any], cases: dict[str, Any], quiet: bool
) -> None:
    """`card.json` and `README.md` with these figures and cases; all other files stay as they are.

    Args:
        chosen: Recipe of the model.
        folder: The model folder.
        content: Of its card.
        metrics: All figures.
        cases: From `explained`.
        quiet: No progress on standard error.
    """
    content = {**content, "metrics": metrics, "cases": cases}
    content["files"] = content.pop("files")  # stays last
    test = chosen.corpus(content["training"]["seed"], quiet=quiet).test
    cards.store(folder, content, _readme(chosen, folder, content, test))


def _readme(chosen: Recipe, folder: Path, content: dict[str, Any], test: Examples) -> str:
    model = network(content["config"], chosen.variant)
    set_weights(model, zoo.read_weights(folder))
    tokenizer = from_config(content["tokenizer"], folder / "vocabulary.txt")
    batch = encode(tokenizer, test, content["config"]["max_length"])
    return cards.readme(content, chosen, tokenizer, forward(model), test, batch)
