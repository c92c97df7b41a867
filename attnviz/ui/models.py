"""What models there are: found once, loaded once, run in threads that TensorFlow knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import ContextVar
from typing import TypeVar

from attnviz import zoo
from attnviz.deadline import Deadline
from attnviz.errors import ModelError
from attnviz.families.card import ModelCard
from attnviz.families.model import Model
from attnviz.ui import kept, turns
from attnviz.ui.kept import MEGABYTE

T = TypeVar("T")

#: TensorFlow is slow in a thread it has not seen; Streamlit makes one for every run. These threads live on.
_workers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="attnviz-model")


class EndingError(RuntimeError):
    """No task is begun any more: the process is ending."""


#: Seconds that one task of a page may take.
SECONDS = 60.0

#: Seconds between two looks whether whoever waits still wants it, and until a task that takes long is told of.
_LOOK, _LONG = 0.25, 1.5

#: Told how many seconds a page has waited; raises what ends the page's run where its visitor has gone on.
_told: ContextVar[Callable[[float | None], None] | None] = ContextVar("attnviz_told", default=None)


def tell(waiting: Callable[[float | None], None]) -> None:
    """Have this run of a page told while it waits for long: the seconds, and None once it waits no more."""
    _told.set(waiting)


def in_worker(task: Callable[[], T], limited: bool = True) -> T:
    """What `task` returns, in a thread that TensorFlow knows; a task must not wait for another.

    Of a page, it ends when its visitor has gone on to something else, and after `SECONDS` if it is `limited`.

    Raises:
        EndingError: The process is ending.
        ServerError: `took_too_long`: a task of a page.
    """
    told = _told.get()
    deadline = Deadline(SECONDS if told and limited else float("inf"))
    try:
        coming = _workers.submit(deadline.run, task)
    except RuntimeError as error:
        raise EndingError(*error.args) from error
    if told is None:
        return coming.result()
    begun, said = time.monotonic(), False
    try:
        with turns.given_back():
            while not wait((coming,), _LOOK).done:
                if not deadline.left:
                    raise deadline.error()
                taken = time.monotonic() - begun
                if taken > _LONG:
                    said = True
                    told(taken)
        return coming.result()
    finally:
        deadline.stop()
        coming.cancel()
        if said and coming.done():
            told(None)


@kept.kept(MEGABYTE)
def cards() -> dict[str, ModelCard]:
    """The cards of the models that can be offered, by name."""
    return {card.name: card for card in zoo.models()}


@kept.kept(MEGABYTE)
def refused() -> dict[str, ModelError]:
    """Folders whose card cannot be read, and why."""
    return zoo.problems()


def forget() -> None:
    """Look for models anew when they are next asked for, and make anew what was kept by their names."""
    kept.forget()


@kept.kept(MEGABYTE)
def beside() -> dict[str, tuple[ModelCard, ...]]:
    """Of each offered model the cards of those that are shown beside it only: the same but for one thing."""
    return {name: tuple(zoo.beside(name)) for name in cards()}


def names_beside() -> list[str]:
    """Names of all of these."""
    return [card.name for others in beside().values() for card in others]


def names() -> list[str]:
    """Names of the models that can be offered."""
    return list(cards())


def card(name: str) -> ModelCard:
    """The card of an offered model, or of one that is shown beside one."""
    known = cards()
    if name in known:
        return known[name]
    return {each.name: each for others in beside().values() for each in others}[name]


def title(name: str, language: str) -> str:
    """What a model is called in a language."""
    return card(name).in_language("title", language) or name


def add(files: Mapping[str, bytes]) -> str:
    """Take in a model that was sent; its name."""
    name = in_worker(lambda: zoo.add_files(files)).name
    forget()
    return name


def load(name: str) -> Model:
    """A model, loaded once; however long that takes, for no shorter text would be there sooner."""
    return in_worker(lambda: zoo.load(name), limited=False)
