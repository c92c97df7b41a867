"""What the page is showing: one value, read from the address when a session starts and written back after every run.

The address is read here once per session (and when the browser goes back or forward); from then on the session leads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from attnviz.analysis.explain.cases import KEPT, KINDS
from attnviz.analysis.heads.maps import MAPS
from attnviz.analysis.heads.roles import FIGURES
from attnviz.analysis.reading import PIECES, SPECIAL
from attnviz.analysis.scales import SCALES
from attnviz.i18n import choose, languages
from attnviz.tokenizers import clean
from attnviz.trace import Notice
from attnviz.ui import cache, operations

#: Most sentences shown at once.
MAX_SENTENCES = 20

#: In a long sentence every weight is small: shares of the largest one can be seen from the last row.
DEFAULT_SCALE = "row"

#: No model has more layers, heads or tokens than this; -1 in the address leaves the choice to the page.
MAX_INDEX = 4096

#: Temperatures offered in the step-by-step view.
TEMPERATURES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

#: Lengths of vectors offered where √d is explained; the model's own comes to them.
WIDTHS = tuple(2**power for power in range(10))

_INDICES = tuple(str(index) for index in range(-1, MAX_INDEX))

#: Session keys that the address carries; each is also the key of its widget where it has one.
FIELDS = (
    "lang",
    "model",
    "view",
    "text",
    "sentence",
    "scale",
    "special",
    "pieces",
    "order",
    "numbers",
    "follow",
    "shuffle",
    "temperature",
    "layer",
    "head",
    "query",
    "width",
    "target",
    "instead",
    "map",
    "x",
    "y",
    "likeness",
    "block",
    "cross",
    "path",
    "own",
    "beam",
    "speed",
    "at",
    "edits",
    "edited",
    "against",
    "sentence2",
    "model2",
    "layer2",
    "head2",
    "query2",
    "look1",
    "look2",
    "case",
    "instance",
    "learned",
    "look",
    "mean",
    "aligned",
)

#: Those that are an index.
INDEXED = (
    *("layer", "head", "query", "width", "target", "layer2", "head2", "query2"),
    *("learned", "look", "look1", "look2"),
)

#: Hypotheses kept while a translation is written, and how many tokens a second are shown; 0 shows all at once.
BEAMS, SPEEDS = (1, 4), (0, 1, 2, 4)

#: Names of blocks that one model has beside each other.
BLOCKS = ("encoder", "decoder", "source-target")

#: Longest translation of one's own that is taken from the address, in characters.
MAX_OWN = 2000

#: What a row of weights is compared with; the first that there is where nothing is chosen.
AGAINST = ("sentence", "model", "head", "step")

#: How the similarity of heads is shown.
LIKENESS = ("map", "matrix")


def start(view_keys: Sequence[str]) -> None:
    """Fill the session from the address, once."""
    if "attnviz_started" not in st.session_state:
        st.session_state.attnviz_started = True
        st.session_state.text_version = 0
        st.session_state.step = 0
        st.session_state.last_stamp = 0.0
        _adopt(dict(st.query_params), view_keys)
    for name in FIELDS:
        # A key whose widget is not drawn in this run would be forgotten otherwise.
        st.session_state[name] = st.session_state[name]


def _adopt(parameters: Mapping[str, Any], view_keys: Sequence[str]) -> None:
    """Take over an address; what is missing or impossible gets its default, and a notice if it was given."""
    session = st.session_state
    problems: list[Notice] = []

    def pick(key: str, allowed: Sequence[str], default: str) -> str:
        given = parameters.get(key)
        if given in allowed:
            return str(given)
        if given is not None:
            problems.append(Notice("address", {"name": key, "received": str(given)[:80]}))
        return default

    session.lang = pick("lang", list(languages()), choose(st.context.locale))
    names = cache.model_names()
    session.model = pick("model", names, cache.default_model(session.lang)) if names else ""
    session.view = pick("view", view_keys, view_keys[0])
    session.scale = pick("scale", SCALES, DEFAULT_SCALE)
    session.special = pick("special", SPECIAL, SPECIAL[0])
    session.pieces = pick("pieces", PIECES, _default_pieces(session.model))
    session.order = pick("order", ("sentence", "weight"), "sentence")
    session.numbers = pick("numbers", ("0", "1"), "0") == "1"
    session.follow = pick("follow", ("0", "1"), "1") == "1"
    session.shuffle = int(pick("shuffle", [str(n) for n in range(1000)], "0"))
    session.temperature = float(pick("temperature", [f"{t:g}" for t in TEMPERATURES], "1"))
    session.sentence = int(pick("sentence", [str(n) for n in range(1, MAX_SENTENCES + 1)], "1"))
    for name in INDEXED:
        session[name] = int(pick(name, _INDICES, "-1"))
    session.against = pick("against", ("", *AGAINST), "")
    session.sentence2 = int(pick("sentence2", ["-1", *(str(n) for n in range(1, MAX_SENTENCES + 1))], "-1"))
    session.model2 = pick("model2", ("", *names), "")
    session.instead = int(pick("instead", [str(rank) for rank in range(11)], "0"))
    session.map = pick("map", MAPS, MAPS[0])
    session.x, session.y = pick("x", FIGURES, "distance"), pick("y", FIGURES, "entropy")
    session.likeness = pick("likeness", LIKENESS, LIKENESS[0])
    session.block = pick("block", ("", *BLOCKS), "")
    session.beam = int(pick("beam", [str(n) for n in BEAMS], "1"))
    session.speed = int(pick("speed", [str(n) for n in SPEEDS], "2"))
    session["at"] = int(pick("at", _INDICES, "-1"))
    session.own = clean(str(parameters.get("own") or "")[:MAX_OWN]).text
    session.path, session.cross = _path(parameters.get("path")), _heads(parameters.get("cross"))
    session.edited = pick("edited", ("0", "1"), "0") == "1"
    session.case = pick("case", KINDS, KINDS[0])
    session.instance = int(pick("instance", [str(n) for n in range(1, KEPT + 1)], "1"))
    session.mean = pick("mean", ("0", "1"), "0") == "1"
    session.aligned = pick("aligned", ("0", "1"), "1") == "1"
    problems += operations.adopt(str(parameters.get("edits") or ""))
    for name in ("path", "cross"):
        if parameters.get(name) and not session[name]:
            problems.append(Notice("address", {"name": name, "received": str(parameters[name])[:80]}))
    text = parameters.get("text")
    session.text = str(text) if text is not None else cache.first_example(session.model)
    session.applied = session.text
    session.text_version += 1
    session.problems = problems


def _path(given: object) -> tuple[tuple[int, str], ...]:
    """Chosen tokens, as `path_text` writes them."""
    steps = [each.partition(":") for each in str(given or "").split()[:MAX_INDEX]]
    if not all(place.isascii() and place.isdigit() and len(place) < 5 and token for place, _, token in steps):
        return ()
    return tuple((int(place), token) for place, _, token in steps)


def path_text(path: Sequence[tuple[int, str]]) -> str:
    """A path as the address has it: `3:tea 5:cup`."""
    return " ".join(f"{place}:{token}" for place, token in path)


def _heads(given: object) -> list[str]:
    """Chosen heads of all layers, `layer.head` from 1."""
    return [each for each in str(given or "").split()[:MAX_INDEX] if re.fullmatch(r"[1-9]\d{0,2}\.[1-9]\d{0,2}", each)]


def writing_changed() -> None:
    """Something happened in the picture of a translation that is written."""
    session = st.session_state
    event = session["writing"].get("event")
    if not event:
        return
    if event["kind"] == "alternative":
        session.path = (*session.path, (int(event["place"]), str(event["token"])))
        session["at"] = -1
    elif event["kind"] == "step":
        session["at"] = int(event["place"])
    elif event["kind"] == "token":
        session.query = int(event["place"])


def look_chosen() -> None:
    """The player of a training stands at another look."""
    event = st.session_state["learning"].get("event")
    if event:
        st.session_state.look = int(event["look"])


def own_way() -> None:
    """Back to what the model writes by itself."""
    st.session_state.path, st.session_state.own, st.session_state["at"] = (), "", -1


def undo_choice() -> None:
    """Take back the last token that was chosen."""
    st.session_state.path, st.session_state["at"] = st.session_state.path[:-1], -1


def own_typed() -> None:
    """A translation of one's own was typed: what was chosen before has nothing to do with it."""
    st.session_state.path, st.session_state["at"] = (), -1


def navigated(view_keys: Sequence[str]) -> None:
    """The browser went back or forward: take over the address it stands at."""
    event = st.session_state["address"].get("navigated")
    if event:
        _adopt(event["parameters"], view_keys)


def entered() -> None:
    """The sentence box sent something."""
    take_entry(st.session_state["box"].get("entry"))


def selected() -> None:
    """A sentence was chosen on the stage."""
    chosen = st.session_state["stage"].get("selected")
    if isinstance(chosen, (int, float)) and 1 <= chosen <= MAX_SENTENCES:
        if int(chosen) != st.session_state.sentence:
            own_way()
        st.session_state.sentence = int(chosen)


def token_chosen() -> None:
    """A token on the stage was chosen as the query; it is told by the model's own position."""
    event = st.session_state["stage"].get("token")
    if event:
        st.session_state.sentence = int(event["sentence"])
        st.session_state.query = int(event["token"])


def chosen() -> None:
    """A head was chosen in the overview: open it."""
    event = st.session_state["maps"].get("chosen")
    if event:
        open_head(int(event["layer"]), int(event["head"]))


def query_chosen(point: Sequence[int]) -> None:
    """A cell of a map was clicked: its row's query, by the model's own position."""
    st.session_state.query = int(point[0])


def open_head(layer: int, head: int) -> None:
    """Show one head."""
    st.session_state.layer, st.session_state.head = layer, head
    st.session_state.view = "head"


def compared_changed() -> None:
    """Something else to compare with was chosen: its row is looked for anew."""
    session = st.session_state
    session.layer2 = session.head2 = session.query2 = -1


def open_sentence(text: str, view: str, edits: Sequence[str] = ()) -> None:
    """Show one sentence in a view, with operations on its weights; a step of the browser's history."""
    session = st.session_state
    own_way()
    session.text = session.applied = text
    session.text_version += 1
    session.step += 1
    session.sentence, session.shuffle, session.target = 1, 0, -1
    session.view = view
    operations.adopt(" ".join(edits))


def take_entry(entry: Mapping[str, Any] | None) -> None:
    """Take over what the sentence box sent, if it is new.

    Args:
        entry: `text`, `kind` (apply, live or follow), `follow` and a `stamp` that rises.
    """
    session = st.session_state
    if not entry or entry["stamp"] <= session.last_stamp:
        return
    session.last_stamp = entry["stamp"]
    session.follow = bool(entry["follow"])
    session.problems = []
    text = str(entry["text"])
    if entry["kind"] == "follow" and not (session.follow and text.strip()):
        return
    if text != session.text:
        own_way()
        session.shuffle = 0
        session.sentence = min(session.sentence, max(len(sentences(text)), 1))
    session.text = text
    if entry["kind"] == "apply":
        session.applied = text
        session.step += 1


def _default_pieces(model: str) -> str:
    """Translations are read word by word."""
    writes = bool(model) and "cross" in cache.card(model).kinds
    return "words" if writes else PIECES[0]


def model_changed(before: str | None) -> None:
    """Another model was chosen: an untouched example gives way to one of the new model's, the user's own text stays."""
    session = st.session_state
    session.shuffle = 0
    session.layer = session.head = session.query = session.width = session.target = -1
    session.instead = 0
    compared_changed()
    session.learned = session.look = session.look1 = session.look2 = -1
    if before and session.pieces == _default_pieces(before):
        session.pieces = _default_pieces(session.model)
    session.block, session.cross = "", []
    own_way()
    if before and session.text in cache.examples(before) and cache.examples(session.model):
        session.text = session.applied = cache.first_example(session.model)
        session.text_version += 1
        session.sentence = 1


def sentences(text: str) -> list[str]:
    """The lines of a text that are not blank."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line for line in lines if line.strip()]


def parameters() -> dict[str, str]:
    """The address of what is shown, as strings; the text without what no address can carry."""
    session = st.session_state
    plain = "\n".join(clean(line).text for line in sentences(session.text))
    values: dict[str, Any] = {name: session[name] for name in FIELDS}
    values |= {"path": path_text(session.path), "cross": " ".join(session.cross)}
    values |= {"text": plain, "temperature": f"{session.temperature:g}"}
    values |= {name: int(values[name]) for name in ("numbers", "follow", "edited", "mean", "aligned")}
    values["edits"] = " ".join(session.edits)
    return {name: str(value) for name, value in values.items()}
