"""The page's own fields, in the order in which they hang on each other. Views declare theirs beside what they draw."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from attnviz.analysis.reading import PIECES, SPECIAL
from attnviz.analysis.scales import SCALES
from attnviz.analysis.surgery.codes import MAX_OPERATIONS, parse, parse_all
from attnviz.errors import InputError
from attnviz.families.common.script import fits
from attnviz.i18n import languages
from attnviz.scenes import Collage, Scene
from attnviz.tokenizers import clean
from attnviz.trace import Notice
from attnviz.ui import hiding, lecture_state
from attnviz.ui.controls import sampling
from attnviz.ui.fields import MAX_INDEX, Facts, Field, Form, index, switch
from attnviz.ui.openings import opening
from attnviz.ui.photos import is_own

#: Most sentences shown at once.
MAX_SENTENCES = 20

#: Longest text that is taken over, in characters: twenty sentences that no model reads to their end.
MAX_TEXT = 40_000

#: Longest translation of one's own that is taken over, in characters.
MAX_OWN = 2000

#: Longest text laid aside that stands in the address, in bytes; the session has it however long.
MAX_ASIDE = 1000

#: Hypotheses kept while a translation is written, and how many tokens a second are shown; 0 shows all at once.
BEAMS, SPEEDS = (1, 4, 8), (0, 1, 2, 4)

#: In a long sentence every weight is small: shares of the largest one can be seen from the last row.
DEFAULT_SCALE = "row"

Values = Mapping[str, Any]

_WRITES = frozenset({"writes"})


def sentences(text: str) -> list[str]:
    """The lines of a text that are not blank."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line for line in lines if line.strip()]


def path_text(path: Sequence[tuple[int, str]]) -> str:
    """A path as the address has it: `3:tea 5:cup`."""
    return " ".join(f"{place}:{token}" for place, token in path)


def default_model(language: str, facts: Facts) -> str:
    """The first model for a language that pools the words of a text, for that is the simplest to see.

    Else the first that reads text, else for the language, else of all; empty where there is none.
    """
    names = [name for name, card in facts.cards.items() if language in card.languages]
    texts = [name for name in names if facts.cards[name].takes == "text"]
    pooling = [name for name in texts if "pooling" in facts.cards[name].kinds]
    return (pooling or texts or names or list(facts.cards) or [""])[0]


def first_example(model: str, facts: Facts) -> str:
    """What is on the screen before anything is typed."""
    return opening(facts.cards[model]).text if model in facts.cards else ""


def _default_view(values: Values, facts: Facts) -> str:
    """What is written, where something is; else the first."""
    card = facts.cards.get(values["model"])
    return "written" if card is not None and card.writes and "written" in facts.views else facts.views[0]


def _same_view(before: Values, after: Values, facts: Facts) -> str:
    """Who chose another view than the first of the model before keeps it."""
    view: str = before["view"]
    return _default_view(after, facts) if view == _default_view(before, facts) else view


def _default_pieces(values: Values, facts: Facts) -> str:
    """Translations are read word by word."""
    card = facts.cards.get(values["model"])
    return "words" if card is not None and card.writes == "translation" else PIECES[0]


def _same_pieces(before: Values, after: Values, facts: Facts) -> str:
    """Who chose otherwise than the model before had it keeps that."""
    pieces: str = before["pieces"]
    return _default_pieces(after, facts) if pieces == _default_pieces(before, facts) else pieces


def _same_text(before: Values, after: Values, facts: Facts) -> str:
    """Another model reads what stands there, if it can; only an example it cannot read gives way to one of its own.

    Between a model of texts and one of pictures, what was laid aside comes back.
    """
    new, text = facts.cards.get(after["model"]), str(before["text"])
    if _crosses(before, after, facts):
        text = str(before["aside"]) or first_example(after["model"], facts) or text
    if new is not None and new.closed and text not in new.examples:
        return opening(new).text
    # It may have come along from a model before the last.
    example = any(text in card.examples for card in facts.cards.values())
    if new is None or not example or not new.examples or new.takes != "text":
        return text
    return text if fits(clean(text).text, new.reads) else opening(new).text


def _crosses(before: Values, after: Values, facts: Facts) -> bool:
    """Whether what stands there is nothing for the new model, as it takes what the one before did not."""
    old, new = (facts.cards.get(values["model"]) for values in (before, after))
    if old is None or new is None or old.takes == new.takes:
        return False
    return new.takes == "text" or not all(_is_code(line, new.takes) for line in sentences(before["text"]) or [""])


def _is_code(line: str, takes: str) -> bool:
    """Whether a line is the code of what a model takes."""
    if takes == "photo" and is_own(line):
        return True
    try:
        (Collage if takes == "photo" else Scene)(line)
    except InputError:
        return False
    return True


def _laid_aside(before: Values, after: Values, facts: Facts) -> str:
    """A text while a model takes pictures, and the reverse; not what is there anyway before anything is typed."""
    if not _crosses(before, after, facts):
        return str(before["aside"])
    return "" if before["text"] == first_example(before["model"], facts) else str(before["text"])


def _short(text: str) -> str:
    """What is laid aside, where an address has room for it beside the rest."""
    plain = _plain(text)
    return plain if len(plain.encode()) <= MAX_ASIDE else ""


def _default_said(values: Values, facts: Facts) -> str:
    """The page's language, if the model writes in it."""
    card = facts.cards.get(values["model"])
    written = card.languages if card is not None and card.languages else (values["lang"],)
    return values["lang"] if values["lang"] in written or written[0] not in languages() else written[0]


def _same_said(before: Values, after: Values, facts: Facts) -> str:
    """Who chose another language than the page's keeps it."""
    said: str = before["said"]
    return _default_said(after, facts) if said == _default_said(before, facts) else said


def _same_sentence(before: Values, after: Values, facts: Facts) -> int:
    number: int = before["sentence"]
    return min(number, max(len(sentences(after["text"])), 1))


def _text(held: Any) -> str:
    if not isinstance(held, str):
        raise ValueError("text")
    return held


def cut(text: str) -> tuple[str, tuple[Notice, ...]]:
    """A text no longer than is taken over; a notice where it was longer."""
    if len(text) <= MAX_TEXT:
        return text, ()
    return text[:MAX_TEXT], (Notice("text_too_long", {"limit": MAX_TEXT}),)


def _plain(text: str) -> str:
    """Without what no address can carry."""
    return "\n".join(clean(line).text for line in sentences(text))


def _own(given: str) -> str:
    return clean(given[:MAX_OWN]).text


def _path(given: str) -> tuple[tuple[int, str], ...]:
    """Chosen tokens, as `path_text` writes them."""
    steps = [each.partition(":") for each in given.split()[:MAX_INDEX]]
    if given and not steps:
        raise ValueError("path")
    if not all(place.isascii() and place.isdigit() and len(place) < 5 and token for place, _, token in steps):
        raise ValueError("path")
    return tuple((int(place), token) for place, _, token in steps)


def _heads(given: str) -> tuple[str, ...]:
    """Chosen heads of all layers, `layer.head` from 1."""
    listed = given.split()[:MAX_INDEX]
    heads = tuple(each for each in listed if re.fullmatch(r"[1-9]\d{0,2}\.[1-9]\d{0,2}", each))
    if given and not heads:
        raise ValueError("cross")
    return heads


def _block(given: str) -> str:
    """The name of a block: one of ours, or of a layer of a model from elsewhere."""
    if given and not re.fullmatch(r"[\w./:-]{1,80}", given, re.ASCII):
        raise ValueError("block")
    return given


def _edits(given: str) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    """Operations on the weights; what is no operation is left out, and one notice tells all of it."""
    operations, errors = parse_all(given)
    codes = tuple(operation.code for operation in operations)
    if not errors:
        if given and not operations:
            raise ValueError("edits")
        return codes, ()
    received = ", ".join(dict.fromkeys(f"{error.parameters['received']}" for error in errors))
    expected = "; ".join(dict.fromkeys(str(error.parameters.get("expected", MAX_OPERATIONS)) for error in errors))
    return codes, (Notice("bad_edits", {"name": "edits", "received": received[:200], "expected": expected[:400]}),)


def _codes(held: Any) -> tuple[str, ...]:
    try:
        return tuple(parse(each).code for each in held)
    except (InputError, TypeError, AttributeError) as error:
        raise ValueError("edits") from error


def _pairs(held: Any) -> tuple[tuple[int, str], ...]:
    try:
        return tuple((int(place), _text(token)) for place, token in held)
    except TypeError as error:
        raise ValueError("path") from error


#: What goes with another sentence or model: how its translation came about.
_TEXT = frozenset({"model", "text", "sentence"})

PAGE: tuple[Field, ...] = (
    Field("lang", tuple(languages()), lambda _, facts: facts.language, always=True),
    Field(
        "model",
        lambda facts: tuple(facts.cards),
        lambda values, facts: default_model(values["lang"], facts),
        always=True,
    ),
    Field(
        "view",
        lambda facts: facts.views,
        _default_view,
        reset_on=frozenset({"model"}),
        becomes=_same_view,
        always=True,
    ),
    Field(
        "text",
        Form(cut, _plain, lambda held: cut(_text(held))[0]),
        lambda values, facts: first_example(values["model"], facts),
        reset_on=frozenset({"model"}),
        becomes=_same_text,
        always=True,
    ),
    Field(
        "aside",
        Form(lambda given: (_short(given), ()), _short, _text),
        "",
        reset_on=frozenset({"model"}),
        becomes=_laid_aside,
    ),
    Field(
        "said",
        tuple(languages()),
        _default_said,
        reset_on=frozenset({"lang", "model"}),
        becomes=_same_said,
        needs=frozenset({"said"}),
    ),
    switch("both", needs=frozenset({"said"})),
    Field("sentence", range(1, MAX_SENTENCES + 1), 1, reset_on=frozenset({"text", "model"}), becomes=_same_sentence),
    Field("scale", SCALES, DEFAULT_SCALE),
    Field("special", SPECIAL, SPECIAL[0]),
    Field("pieces", PIECES, _default_pieces, reset_on=frozenset({"model"}), becomes=_same_pieces),
    switch("numbers"),
    switch("stage"),
    switch("contrast"),
    *hiding.FIELDS,
    switch("follow", True),
    Field("shuffle", range(1000), 0, reset_on=frozenset({"model", "text"}), needs=frozenset({"reordered"})),
    Field(
        "block",
        Form(lambda given: (_block(given), ()), str, lambda held: _block(_text(held))),
        "",
        frozenset({"model"}),
    ),
    index("layer", "model", together=frozenset({"head"})),
    index("head", "model", together=frozenset({"layer"})),
    index("query", "model"),
    Field(
        "cross",
        Form(lambda given: (_heads(given), ()), " ".join, lambda held: _heads(" ".join(held))),
        (),
        reset_on=frozenset({"model"}),
        needs=_WRITES,
    ),
    Field("own", Form(lambda given: (_own(given), ()), str, lambda held: _own(_text(held))), "", _TEXT, needs=_WRITES),
    Field(
        "path",
        Form(lambda given: (_path(given), ()), path_text, _pairs),
        (),
        reset_on=_TEXT | {"own"},
        needs=_WRITES,
    ),
    index("at", *_TEXT, "own", "path", needs=_WRITES),
    Field("beam", BEAMS, 1, needs=_WRITES),
    Field("speed", SPEEDS, 2, needs=_WRITES),
    *sampling.FIELDS,
    Field("edits", Form(_edits, " ".join, _codes), (), reset_on=frozenset({"model", "text"})),
    switch("edited"),
    *lecture_state.FIELDS,
)
