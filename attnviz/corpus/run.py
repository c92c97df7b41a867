"""Measure a model over a corpus: part after part, each added to what is known and forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from attnviz.corpus import result, state, workers
from attnviz.corpus.batches import Options, Part, check, part_of
from attnviz.corpus.reading import Line
from attnviz.corpus.result import Measured
from attnviz.corpus.state import State, digest
from attnviz.corpus.tables import measured
from attnviz.deadline import check as check_deadline
from attnviz.errors import InputError
from attnviz.families.model import Model

#: Sentences in a part: what a killed run does again, at most.
PART = 2048

#: Told after each part: lines done, this run's and those of a run before it.
Progress = Callable[[int], None]


def measure(
    model: Model | workers.Source,
    sentences: Iterable[str | Line],
    *,
    effect: bool = False,
    faithfulness: bool = False,
    brief: bool = False,
    folder: Path | str | None = None,
    progress: Progress | None = None,
    part: int = PART,
    ray: workers.Where = False,
) -> Measured:
    """What every head of a model does over many sentences, with the weights of its real runs.

    Nothing grows with the number of sentences: each part is measured, added up and forgotten.

    Args:
        model: As `attnviz.load` gives it, or what that takes, or a function without arguments that makes it.
        sentences: Texts, or codes of scenes for a model of pictures, from anywhere; as `reading.lines` reads files.
        effect: Also how far the answer moves where a head is switched off (total variation, 0–1), for a classifier
            that takes edits: one run more for every head.
        faithfulness: Also whether attention tells what an answer rests on, for a classifier: one run more for every
            token, and more.
        brief: Keep three sentences each of the highest, the middle and the lowest only.
        folder: Where the results are written; a run that was killed goes on from what it left there, if it is given
            the same again, and one that is done is read.
        progress: Told how many lines are done, after every part.
        part: Sentences in a part.
        ray: With Ray, one process for each core of this machine (True), so many (a number), or the cores of a cluster
            (its address, or "auto"). The result is the same. Each process makes the model: give its name, its folder,
            or a function.

    Returns:
        Tables of heads, sentences and tokens, and a summary.

    Raises:
        InputError: `corpus_parts`: a part of no sentence; `corpus_empty`: no sentence could be measured;
            `corpus_folder`: the folder has the results of something else, or `corpus_other`: what is left there is of
            another run; what `batches.check` and `workers.parts` say; `cannot_write`.
        ExtraError: `ray_extra`.

    >>> import attnviz
    >>> found = attnviz.corpus.measure("sentiment-en", ["a good film", "what a bad film that was", ""])
    >>> found.summary["sentences"], found.summary["refused"]
    (2, {'empty_text': 1})
    >>> found.chosen("pooling", 0, 0, "largest")["text"][0]
    'a good film'
    """
    if part < 1:
        raise InputError("corpus_parts", received=part)
    loaded = workers.made(model)
    options = Options(effect, faithfulness)
    check(loaded, options)
    place = None if folder is None else Path(folder)
    about = _about(loaded, options, part, brief)
    known = _left(place, about)
    lines = _lines(sentences)
    if place is not None and (place / result.FILE).exists():
        return _done(place, about, lines, part)
    seen = ""
    for _ in range(known.lines // part):
        seen = digest(seen, list(islice(lines, part)))
    if known.lines and seen != known.digest:
        raise InputError("corpus_other", folder=str(place), file=state.FILE)
    following = iter(lambda: list(islice(lines, part)), [])
    if ray is False:
        found = _here(loaded, following, options, known.lines)
    else:
        found = workers.parts(ray, model, following, options, known.lines)
    with closing(found):
        for some, of_some in found:
            known.add(some, of_some)
            if place is not None and len(some) == part:
                known.save(place)
            if progress is not None:
                progress(known.lines)
            check_deadline()
    if not known.sentences:
        raise InputError("corpus_empty", refused=sum(known.refused.values()))
    whole = measured(known, brief)
    if place is not None:
        whole.save(place)
        (place / state.FILE).unlink(missing_ok=True)
    return whole


def _here(
    model: Model, parts: Iterable[list[Line]], options: Options, first: int
) -> Generator[tuple[list[Line], Part]]:
    """Part after part in this process; `first`: how many sentences came before."""
    for some in parts:
        yield some, part_of(model, some, options, seed=first)
        first += len(some)


def _about(model: Model, options: Options, part: int, brief: bool) -> dict[str, Any]:
    """What a result is of: only with the same can a run go on."""
    card = model.card
    files = {name: facts.get("sha256", "") for name, facts in sorted(card.details.get("files", {}).items())}
    told = {"effect": options.effect, "faithfulness": options.faithfulness, "part": part, "brief": brief}
    return {"model": card.name, "weights": files.get("weights.npz", ""), "options": told}


def _left(place: Path | None, about: dict[str, Any]) -> State:
    """What a killed run knew; nothing where there was none."""
    left = None if place is None else state.saved(place)
    if left is None:
        return State(about)
    if left.about != about:
        raise InputError("corpus_other", folder=str(place), file=state.FILE)
    return left


def _done(place: Path, about: dict[str, Any], lines: Iterator[Line], part: int) -> Measured:
    """What stands in the folder, if it is of the same."""
    found = result.read(place)
    seen = ""
    while some := list(islice(lines, part)):
        seen = digest(seen, some)
    told = json.loads(json.dumps(about))
    if {name: found.summary.get(name) for name in told} != told or found.summary.get("corpus") != seen:
        raise InputError("corpus_folder", folder=str(place))
    return found


def _lines(sentences: Iterable[str | Line]) -> Iterator[Line]:
    for at, each in enumerate(sentences, 1):
        yield each if isinstance(each, Line) else Line(str(each), str(at))
