"""Parts of a corpus measured by several processes, on this machine or a cluster, with Ray.

Plain actors, not Ray Data: sentences come from anywhere, one after the other, and are added up in the order of the
corpus, so that a run that was killed goes on and sums are those of one process. A data set of Ray's would have to be
there as a whole, or in files that it reads itself.

A worker holds the model and measures one part at a time. One that dies is replaced, and its part is given to another.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from attnviz import zoo
from attnviz.corpus.batches import Options, Part, part_of
from attnviz.corpus.reading import Line
from attnviz.deadline import check as check_deadline
from attnviz.errors import ExtraError, InputError
from attnviz.families.model import Model

#: Where Ray runs: how many workers on this machine (True: one a core), or the address of a cluster.
Where = bool | int | str

#: What a worker makes its model of.
Source = str | Path | Callable[[], Model]

#: An address as Ray takes it; all else is a slip, like a file's name.
ADDRESS = re.compile(r"auto|(ray://)?[\w.-]+:\d+|(ray://)?\[[0-9a-fA-F:]+\]:\d+")

#: How often a part is tried before it is said that workers die of it, and in a row how often a worker is begun.
TRIES = 3

#: What a worker takes: a core, and memory for TensorFlow and a model of middle size, in bytes.
CORES, MEMORY = 1, 2**30

#: Parts that are done and wait for one before them, for each worker; bounds memory.
AHEAD = 2

#: Of a Ray of our own: how its temporary folder begins; sockets lie in it, whose paths must be short.
FOLDER = "attnviz-ray-"

#: Of a Ray of our own: it keeps parts on their way, in bytes.
STORE = 128 * 2**20

#: Of a Ray of our own, before it is imported: it tells nobody, listens at this machine only, and lets nobody else in.
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # what keeps it at 127.0.0.1, on Linux too
    "RAY_AUTH_MODE": "token",
}

#: How long a look for what is done lasts before the deadline is looked at, in seconds.
LOOK = 5.0


class Worker:
    """A process with the model: an actor of Ray's."""

    def __init__(self, source: Source, home: str | None) -> None:
        # One core each: a worker a core leaves no other. Before TensorFlow is there.
        os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")
        if home is not None:
            os.environ["HOME"] = home
        self._model = made(source)

    def ready(self) -> None:
        """Answers once the model is there."""

    def part(self, lines: list[Line], options: Options, seed: int) -> Part:
        """As `batches.part_of`."""
        return part_of(self._model, lines, options, seed)


def made(source: Source | Model) -> Model:
    """The model: as it is, from a function that makes it, or what `attnviz.load` gives."""
    if isinstance(source, Model):
        return source
    return source() if callable(source) else zoo.load(source)


def parts(
    where: Where, source: Source | Model, some: Iterable[list[Line]], options: Options, first: int
) -> Generator[tuple[list[Line], Part]]:
    """Measure parts at once; they come back in the order they were given, with their sentences.

    Args:
        where: Workers on this machine, or a cluster's address; there attnviz must be installed and the model be found.
        source: A name, a folder, or a function that makes the model in each worker.
        some: Sentences of each part.
        options: What is measured.
        first: How many sentences came before: the seed of a part is its place.

    Raises:
        ExtraError: `ray_extra`: Ray is not installed.
        InputError: `ray_model`: a model that is there already cannot be sent; `ray_address`: no such form of an
            address, or no worker; `ray_start`: Ray did not start, or did not answer; `ray_lost`: workers end before
            they are ready, or die of one part.
    """
    if isinstance(source, Model):
        raise InputError("ray_model", model=source.card.name)
    wanted = None if isinstance(where, bool) else str(where).strip()
    number = int(wanted) if wanted and wanted.isdecimal() else None
    if number == 0 or (number is None and wanted and not ADDRESS.fullmatch(wanted)):
        raise InputError("ray_address", received=wanted, expected="2, auto, ray://head:10001, head:6379")
    local = number is not None or not wanted
    home = os.environ.get("HOME") if local else None
    with _started(None if local else wanted, number) as ray:
        pool = _Pool(ray, (source, home), options)
        try:
            yield from pool.run(some, first)
        finally:
            pool.close()


@contextmanager
def _started(address: str | None, workers: int | None) -> Iterator[Any]:
    """Ray, as it is where it runs already; what it sets of the environment is taken back."""
    before = _environment()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address is None:
        os.environ.update(QUIET, RAY_AUTH_TOKEN=_token())
    try:
        ray = _ray()
        if ray.is_initialized():
            yield ray
            return
        with tempfile.TemporaryDirectory(prefix=FOLDER, ignore_cleanup_errors=True) as folder:
            try:
                _start(ray, address, workers, Path(folder))
                yield ray
            finally:
                ray.shutdown()
    finally:
        for name in _environment().keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@cache
def _token() -> str:
    """What a process shows to be let in: one, since Ray reads it once."""
    return secrets.token_hex(32)


def _environment() -> dict[str, str]:
    """What Ray sets, and what is set for it."""
    own = ("HOME", "PYTHONBREAKPOINT")
    return {name: value for name, value in os.environ.items() if name.startswith("RAY_") or name in own}


def _start(ray: Any, address: str | None, workers: int | None, folder: Path) -> None:
    how: dict[str, Any] = {"address": address, "logging_level": logging.ERROR, "log_to_driver": False}
    if address is None:
        # Its processes write at home, and ask clouds whether they are in one unless a file there says so.
        (folder / "ray_bootstrap_config.yaml").write_text("{}")
        os.environ["HOME"] = str(folder)
        how |= {
            "address": "local",
            "num_cpus": workers or os.cpu_count(),
            "include_dashboard": False,
            "object_store_memory": STORE,
            "_temp_dir": str(folder),
            "_plasma_directory": str(folder),
        }
    try:
        ray.init(**how)
    except Exception as error:  # of many kinds, from many packages
        raise InputError("ray_start", cause=f"{type(error).__name__}: {error}"[:300]) from error


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ExtraError("ray_extra") from error
    return ray


class _Pool:
    """Workers, what each is at, and what waits to be added up.

    Args:
        ray: The package, started.
        given: To each worker.
        options: What is measured.
    """

    def __init__(self, ray: Any, given: tuple[Source, str | None], options: Options) -> None:
        self._ray, self._given, self._options = ray, given, options
        self._actor = ray.remote(num_cpus=CORES, max_restarts=0, max_task_retries=0)(Worker)
        room = ray.cluster_resources()
        self._size = max(1, int(min(room.get("CPU", 1) / CORES, room.get("memory", MEMORY) / MEMORY)))
        self._idle: list[Any] = []
        #: By what will be there: the worker, and the place of its part, None while it begins.
        self._running: dict[Any, tuple[Any, int | None]] = {}
        self._failed: dict[int | None, int] = {}

    def run(self, some: Iterable[list[Line]], first: int) -> Iterator[tuple[list[Line], Part]]:
        """See `parts`."""
        coming, places = iter(some), count()
        given: dict[int, tuple[list[Line], int]] = {}  # not yet added up, with their seeds
        done: dict[int, Part] = {}
        again: list[int] = []  # parts whose worker died
        following, more = 0, True
        for _ in range(self._size):
            self._begin()
        while True:
            while self._idle and (again or (more and len(given) < AHEAD * self._size)):
                if again:
                    place = again.pop(0)
                elif lines := next(coming, None):
                    place = next(places)
                    given[place], first = (lines, first), first + len(lines)
                else:
                    more = False
                    break
                self._give(place, *given[place])
            if not more and not given:
                return
            for place, part in self._look():
                if part is None:
                    again.append(place)
                else:
                    done[place] = part
            while following in done:
                yield given.pop(following)[0], done.pop(following)
                following += 1

    def _begin(self) -> None:
        worker = self._actor.remote(*self._given)
        self._running[worker.ready.remote()] = worker, None

    def _give(self, place: int, lines: list[Line], seed: int) -> None:
        worker = self._idle.pop()
        self._running[worker.part.remote(lines, self._options, seed)] = worker, place

    def _look(self) -> Iterator[tuple[int, Part | None]]:
        """Parts that are done, or None of one whose worker died."""
        check_deadline()
        ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=LOOK)
        for each in ready:
            worker, place = self._running.pop(each)
            try:
                part = self._ray.get(each)
            except self._ray.exceptions.RayTaskError as error:  # the model's own, as it would be here
                raise error.cause from None
            except self._ray.exceptions.RayError as error:
                self._count(place, error)
                self._begin()
                part = None
            else:
                self._failed.pop(place, None)
                self._idle.append(worker)
            if place is not None:
                yield place, part

    def _count(self, place: int | None, error: Exception) -> None:
        self._failed[place] = self._failed.get(place, 0) + 1
        if self._failed[place] == TRIES:
            raise InputError("ray_lost", times=TRIES, cause=f"{type(error).__name__}: {error}"[:300]) from error

    def close(self) -> None:
        """End all workers: on a cluster, others may want the room."""
        for worker in [*self._idle, *(worker for worker, _ in self._running.values())]:
            self._ray.kill(worker)
