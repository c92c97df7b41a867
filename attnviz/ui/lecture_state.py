"""A slide and the page's state: a slide is what the page shows where nothing else is asked for.

While a lecture is open, the address holds language, lecture and slide, and of all else only what is no longer as the
slide has it. So a slide's address is short, and the way back to a slide is to leave the rest out.
"""

from __future__ import annotations

from collections.abc import Mapping

from attnviz import lectures
from attnviz.lectures import MAX_SLIDES, Lecture, Slide
from attnviz.trace import Notice
from attnviz.ui.fields import Facts, Field, index, switch
from attnviz.ui.state import State

#: What goes with another slide: a guess, and whether the weights are shown.
_SLIDE = ("lecture", "slide", "model", "text", "sentence")

FIELDS: tuple[Field, ...] = (
    Field("lecture", lambda _: ("", *lectures.names()), ""),
    Field("slide", range(1, MAX_SLIDES + 1), 1, reset_on=frozenset({"lecture"})),
    switch("tour", reset_on=frozenset({"lecture"})),
    switch("notes"),
    index("guess", *_SLIDE),
    switch("revealed", reset_on=frozenset(_SLIDE)),
)

#: What a visitor keeps from slide to slide; `aside` is what was laid aside when a model of pictures came.
KEPT = ("lang", "follow", "stage", "contrast", "hide", "only", *(field.name for field in FIELDS))

#: What stands in the address of a slide whatever it is.
ALWAYS = ("lang", "lecture", "slide")


def lecture_of(state: State) -> Lecture | None:
    """The lecture that is open."""
    return lectures.every()[0].get(state.lecture) if state.lecture else None


def slide_of(state: State) -> Slide | None:
    """The slide that is open; beyond the last one, the last."""
    lecture = lecture_of(state)
    return None if lecture is None else lecture.slides[min(state.slide, len(lecture.slides)) - 1]


def opened(lecture: Lecture, number: int, language: str, facts: Facts) -> tuple[State, tuple[Notice, ...]]:
    """The page as a slide has it, and what of the slide the page cannot show."""
    slide = lecture.slides[number - 1]
    given = slide.state_in(language)
    parameters = {**given, "lang": language, "lecture": lecture.name, "slide": number}
    state, said = State.parse(parameters, facts)
    known = {field.name for field in facts.fields}
    wrong = {str(notice.parameters["name"]): notice for notice in said}
    names = [name for name in given if name in wrong or name not in known]
    place = {"lecture": lecture.name, "slide": number}
    return state, tuple(Notice("lecture_state", {**place, "name": n, "received": str(given[n])[:80]}) for n in names)


def own(state: State, facts: Facts) -> State | None:
    """What the open slide shows, with what the visitor keeps from slide to slide; None where no lecture is open."""
    lecture, slide = lecture_of(state), slide_of(state)
    if lecture is None or slide is None:
        return None
    asked, _ = opened(lecture, slide.number, state.lang, facts)
    return asked.replace(**{name: state.values[name] for name in KEPT})


def parse(parameters: Mapping[str, object], facts: Facts) -> tuple[State, tuple[Notice, ...]]:
    """The state an address asks for, as `State.parse`; where a lecture is open, the rest is as its slide has it."""
    asked, said = State.parse(parameters, facts)
    lecture = lecture_of(asked)
    if lecture is None:
        return asked, said
    number = min(asked.slide, len(lecture.slides))
    base, lacking = opened(lecture, number, asked.lang, facts)
    if number != asked.slide:
        lacking += (Notice("address", {"name": "slide", "received": str(asked.slide)}),)
    written = {field.name: field.write(base.values[field.name]) for field in facts.fields}
    state, said = State.parse({**written, **parameters, "slide": str(number)}, facts)
    return state, (*said, *lacking)


def address(state: State, facts: Facts) -> dict[str, str]:
    """The state as the address has it; where a lecture is open, only what is not as its slide has it."""
    base = own(state, facts)
    if base is None:
        return state.address(facts)
    defaults = state.defaults(facts)
    expected = {**base.values, **{name: defaults[name] for name in KEPT}}
    return {
        field.name: field.write(state.values[field.name])
        for field in facts.fields
        if field.name in ALWAYS or state.values[field.name] != expected[field.name]
    }


def edited(state: State, facts: Facts) -> bool:
    """Whether the page is no longer as the open slide has it."""
    base = own(state, facts)
    return base is not None and base != state


def turned(before: State, after: State, facts: Facts) -> State:
    """The state after a change of language: a slide that nobody touched is shown as it is in the other language."""
    if after.lang == before.lang or edited(before, facts):
        return after
    return own(after, facts) or after
