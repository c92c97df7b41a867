"""Loading TensorFlow and every model once, behind the page, so that whoever comes finds them warm."""

from __future__ import annotations

import gc
import importlib
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from streamlit.runtime.scriptrunner import script_runner

from attnviz import families, zoo
from attnviz.errors import AttnvizError
from attnviz.ui import cache, collecting, models, offers


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


def _load() -> None:
    keep_keras_session()
    try:
        cards = zoo.models()
        progress.total = len(cards) + 1
        progress.current = "TensorFlow"
        models.in_worker(families.import_backend)
        progress.done = 1
        for card in cards:
            progress.current = card.name
            try:
                languages = card.languages if "said" in offers.of_model(card.name) else ("",)
                for text in card.examples[:2] or ("a",):
                    for language in languages:
                        cache.trace(card.name, text, language=language)
                    if "steps" in offers.of_model(card.name):
                        cache.steps(card.name, text)
                cache.learning(card.name)
            except AttnvizError:
                pass  # The page says what is wrong with a model when it is chosen.
            progress.done += 1
        importlib.import_module("attnviz.figures")
        gc.collect()
        # What is loaded now stays: no collection need look at it again.
        gc.freeze()
    finally:
        progress.finished.set()
    for card in cards:
        with suppress(AttnvizError):  # as above
            models.in_worker(zoo.load(card.name).prepare)
    gc.collect()
    gc.freeze()
