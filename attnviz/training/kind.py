"""What a kind of model supplies; the pipeline does the rest. A kind to come is one more class of this form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from attnviz.training.card import Section
from attnviz.training.recipe import Recipe
from attnviz.training.recording import Recorder


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What a training gives.

    Attributes:
        arrays: Weights in the precision they are stored in, by file name; `weights.npz` are those of the model.
        files: Vocabularies and the like, by file name: each writes itself to a path.
        card: The card's entries that are this kind's own.
        training: The card's record of the training: `seed`, `seconds`, `n_train`, `settings` and more.
        metrics: Figures that need a training of their own; `Kind.measure` copies them.
    """

    arrays: Mapping[str, Mapping[str, NDArray[Any]]]
    files: Mapping[str, Callable[[Path], object]]
    card: Mapping[str, Any]
    training: Mapping[str, Any]
    metrics: Mapping[str, Any] = field(default_factory=dict)


def stated(settings: Any, record: Mapping[str, Any], count: int) -> dict[str, Any]:
    """A card's record of one training.

    Args:
        settings: How it was trained, a dataclass; `seed` among them.
        record: As `loop.fit` gives it.
        count: Of what was learned from.
    """
    chosen = asdict(settings)
    return {
        "seed": chosen.pop("seed"),
        "seconds": round(record["seconds"], 1),
        "n_train": count,
        "settings": chosen,
        "epochs": record["epochs"],
        "best_epoch": record["best_epoch"],
        "history": [{key: round(value, 4) for key, value in each.items()} for each in record["history"]],
    }


class Kind(Protocol):
    """One recipe with all that its kind of model knows to do with it.

    Attributes:
        recipe: What is made.
        quiet: No progress on standard error.
    """

    @property
    def recipe(self) -> Recipe: ...

    @property
    def quiet(self) -> bool: ...

    def learn(self, models_folder: Path, state: Path) -> Learned:
        """Read and split the data, and train.

        Args:
            models_folder: Where models lie that this one learns from.
            state: Folder for what an interrupted run goes on from. Weights that `recording.keep` puts into
                `recording.SNAPSHOTS` below it are looked at.

        Raises:
            DataError: The data cannot be had, or are not what they should be.
        """
        ...

    def recorder(self, folder: Path, content: Mapping[str, Any]) -> Recorder | None:
        """Looks at weights of the model of a folder whose card has this content; None: this model is not looked at."""
        ...

    def measure(self, folder: Path, content: Mapping[str, Any], models_folder: Path) -> dict[str, Any]:
        """The card's entries that are computed from the folder and the data: `metrics`, and what else there is.

        Figures of `content` that need a training of their own are copied.
        """
        ...

    def test_sentences(self, content: Mapping[str, Any]) -> Sequence[str]:
        """What the test part asks a model with this card: texts, or codes of scenes."""
        ...

    def sections(self, folder: Path, content: Mapping[str, Any]) -> list[Section]:
        """The model card for people, after name and summary; every number from `content` or computed."""
        ...
