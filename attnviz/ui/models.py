"""What models there are: found once, loaded once, run in threads that TensorFlow knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.families.card import ModelCard
from attnviz.families.model import Model
from attnviz.ui.kept import MEGABYTE, kept

T = TypeVar("T")

#: TensorFlow is slow in a thread it has not seen; Streamlit makes one for every run. These threads live on.
_workers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="attnviz-model")


class EndingError(RuntimeError):
    """No task is begun any more: the process is ending."""


def in_worker(task: Callable[[], T]) -> T:
    """What `task` returns, in a thread that TensorFlow knows; a task must not wait for another.

    Raises:
        EndingError: The process is ending.
    """
    try:
        coming = _workers.submit(task)
    except RuntimeError as error:
        raise EndingError(*error.args) from error
    return coming.result()


@kept(MEGABYTE)
def cards() -> dict[str, ModelCard]:
    """The cards of the models that can be offered, by name."""
    return {card.name: card for card in zoo.models()}


@kept(MEGABYTE)
def refused() -> dict[str, ModelError]:
    """Folders whose card cannot be read, and why."""
    return zoo.problems()


def forget() -> None:
    """Look for models anew when they are next asked for."""
    cards.cache_clear()
    refused.cache_clear()


def names() -> list[str]:
    """Names of the models that can be offered."""
    return list(cards())


def card(name: str) -> ModelCard:
    """The card of an offered model."""
    return cards()[name]


def title(name: str, language: str) -> str:
    """What a model is called in a language."""
    return card(name).in_language("title", language) or name


def add(files: Mapping[str, bytes]) -> str:
    """Take in a model that was sent; its name."""
    name = in_worker(lambda: zoo.add_files(files)).name
    forget()
    return name


def load(name: str) -> Model:
    """A model, loaded once."""
    return in_worker(lambda: zoo.load(name))
