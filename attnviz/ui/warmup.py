"""Loading TensorFlow and every model once, behind the page, so that whoever comes finds them warm.

What a visitor waits for is loaded next; a page waits for its own model and for no other. With `$ATTNVIZ_WARM` at `0`
no model is loaded before a visitor asks for it, which saves time and memory where few are looked at.
"""

from __future__ import annotations

import gc
import importlib
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from streamlit.runtime.scriptrunner import script_runner

from attnviz import families, zoo
from attnviz.errors import AttnvizError
from attnviz.families.card import ModelCard
from attnviz.ui import cache, collecting, examples, models, offers, questions
from attnviz.ui.openings import opening


@dataclass
class Progress:
    """How far loading has come.

    Attributes:
        total: Steps to take; 0 before it began.
        done: Steps taken.
        current: Name of what is being loaded.
        finished: Set when all models are warm or refused.
    """

    total: int = 0
    done: int = 0
    current: str = ""
    finished: threading.Event = field(default_factory=threading.Event)
    _warm: set[str] = field(default_factory=set)
    _waited_for: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def warm(self, name: str, seconds: float) -> bool:
        """Whether a model is warm or refused; if it is not, it is loaded next, and so long is waited for it."""
        with self._changed:
            if not self.finished.is_set() and name not in self._warm and name not in self._waited_for:
                self._waited_for.append(name)
            return self._changed.wait_for(lambda: self.finished.is_set() or name in self._warm, seconds)

    def following(self, names: Iterable[str]) -> Iterator[str]:
        """Each of these models once, those first that are waited for; a model is warm when the next is asked for."""
        left = list(names)
        while left:
            with self._changed:
                waited_for = [name for name in self._waited_for if name in left]
            self.current = (waited_for or left)[0]
            left.remove(self.current)
            yield self.current
            self.done += 1
            with self._changed:
                self._warm.add(self.current)
                self._changed.notify_all()

    def finish(self) -> None:
        """No model is waited for any more."""
        with self._changed:
            self.finished.set()
            self._changed.notify_all()


progress = Progress()
_lock = threading.Lock()
_started = False


def start() -> None:
    """Load TensorFlow and every model in the background, once per process."""
    global _started
    with _lock:
        if _started:
            return
        _started = True
    threading.Thread(target=_run, name="attnviz-warmup", daemon=True).start()
    collecting.start(progress.finished)


def keep_keras_session() -> None:
    """Stop Streamlit from clearing the Keras session after every run of every visitor.

    It would make TensorFlow forget its kernels (the next call takes 30 ms instead of 1), and reach into what other
    visitors' threads are doing at that moment. Nothing here builds models during a run, so nothing piles up.
    """
    if not callable(script_runner._clean_problem_modules):
        raise RuntimeError("Streamlit no longer has _clean_problem_modules: see whether it still clears the session")
    script_runner._clean_problem_modules = lambda: None


def _run() -> None:
    """`_load`; what it meets because the process is ending is nobody's error."""
    try:
        _load()
    except models.EndingError:
        pass
    except Exception:
        if threading.main_thread().is_alive():
            raise


def _ask(card: ModelCard) -> None:
    """What the page asks of a model when it is chosen."""
    offered = offers.of_model(card.name)
    for text in dict.fromkeys((opening(card).text or "a", *card.examples[:2])):
        for language in card.languages if "said" in offered else ("",):
            cache.trace(card.name, text, language=language)
        if "steps" in offered:
            cache.steps(card.name, text)
    cache.learning(card.name)


def _question(card: ModelCard) -> None:
    """What an answer depends on: derivatives are traced when they are first asked for, which takes seconds."""
    language = card.languages[0] if "said" in offers.of_model(card.name) else ""
    asked = questions.first(card, opening(card).text or "a", language)
    if asked is not None:
        questions.values(asked)


def _load() -> None:
    keep_keras_session()
    try:
        cards = zoo.models()
        progress.total = len(cards) + 1
        progress.current = "TensorFlow"
        models.in_worker(families.import_backend)
        progress.done = 1
        importlib.import_module("attnviz.figures")
        if os.environ.get("ATTNVIZ_WARM") == "0":
            _keep()
            return
        for name in progress.following(card.name for card in cards):
            # Loaded is enough for a visitor: what they look at is asked for by their own page, and not behind examples.
            with suppress(AttnvizError):  # The page says what is wrong with a model when it is chosen.
                models.in_worker(partial(zoo.load, name))
        for card in cards:
            with suppress(AttnvizError):  # as above
                _ask(card)
        _keep()
    finally:
        progress.finish()
    for card in cards:
        with suppress(AttnvizError):  # as above
            models.in_worker(zoo.load(card.name).prepare)
            examples.ask(card)
    for card in cards:
        with suppress(AttnvizError):  # as above
            _question(card)
    _keep()


def _keep() -> None:
    """What is loaded now stays: no collection need look at it again."""
    gc.collect()
    gc.freeze()
