"""Codes of operations: what is written is read back, and what is none is told."""

from __future__ import annotations

import pytest

from attnviz.analysis.surgery.codes import FORMS, MAX_OPERATIONS, MAX_SEARCHES, Operation, joined, parse, parse_all
from attnviz.errors import InputError
from attnviz.i18n import languages

CODES = {
    "uniform": Operation("uniform"),
    "own-L2": Operation("own", layers=(2,)),
    "off-L0H3H5": Operation("off", layers=(0,), heads=(3, 5)),
    "permute-L1H0Q4-7": Operation("permute", layers=(1,), heads=(0,), queries=(4,), seed=7),
    "random-0": Operation("random", seed=0),
    "hot-K3": Operation("hot", keys=(3,)),
    "temperature-B1L0-0.5": Operation("temperature", block=1, layers=(0,), value=0.5),
    "set-L5H11Q8K2-0.25": Operation("set", layers=(5,), heads=(11,), queries=(8,), keys=(2,), value=0.25),
    "set-K2-1.5-alone": Operation("set", keys=(2,), value=1.5, word="alone"),
    "set-K0-0": Operation("set", keys=(0,), value=0.0),
    "adversarial-0.01-3": Operation("adversarial", value=0.01, seed=3),
    "lift-L0-causal": Operation("lift", layers=(0,), word="causal"),
    "lift-padding": Operation("lift", word="padding"),
    "hide-K3K4": Operation("hide", keys=(3, 4)),
    "drop-K12": Operation("drop", keys=(12,)),
    "move-L2H0Q5K3K4-K7": Operation("move", layers=(2,), heads=(0,), queries=(5,), keys=(3, 4), to=(7,)),
    "blank-K1": Operation("blank", keys=(1,)),
}


@pytest.mark.parametrize("code", CODES)
def test_codes_are_read_and_written(code):
    assert parse(code) == CODES[code]
    assert CODES[code].code == code


def test_every_operation_is_here():
    assert {operation.name for operation in CODES.values()} == set(FORMS)


WRONG = (
    *(
        "",
        "-",
        "unheard",
        "UNIFORM",
        "uniform-",
        "uniform-3",
        "uniform-L",
        "uniform-K2",
        "uniform-L0-L1",
        "uniform-B0B1",
    ),
    *("set", "set-K2", "set-0.5", "set-K2-x", "set-K2--0.5", "set-K2-1.5", "set-K2-0.5-all", "set-K2K3-0.5"),
    *("set-K2-nan", "set-K2-inf", "set-K2-1e3", "set-K2-1000.5-alone", "permute", "permute-L0", "permute-1.5"),
    *(
        "temperature-0",
        "temperature-101",
        "temperature",
        "adversarial-0.01",
        "adversarial-L0-0.01-1",
        "adversarial-2-1",
    ),
    *("lift", "lift-L0", "lift-window", "hide", "hide-L0", "drop-L0K1", "drop", "blank-Q1", "hot-K1K2"),
    *("move-K1", "move-K1-K1", "move-K1-L2", "move--K2", "move-K1-K2-K3", "move-L0-K1"),
    *("<b>uniform</b>", "uniform;off", "set-K٣-0.5", "off-L999999", "off" + "-L0" * 300, "set-K1-٠.٥"),
)


@pytest.mark.parametrize("code", WRONG)
def test_what_is_no_code_is_refused_with_what_it_should_be(code):
    with pytest.raises(InputError) as caught:
        parse(code)
    assert caught.value.code == "bad_edit"
    form = FORMS.get(code.split("-")[0])
    expected = form.pattern if form is not None and len(code) < 100 else "uniform"
    assert all(expected in caught.value.message(language) for language in languages())


def test_several_with_bad_ones_among_them():
    operations, errors = parse_all("uniform-L0 nonsense  off-H2 set-K1")
    assert joined(operations) == "uniform-L0 off-H2"
    assert [error.parameters["received"] for error in errors] == ["nonsense", "set-K1"]
    assert parse_all("") == ((), [])
    assert parse_all(["off", "own"]) == ((Operation("off"), Operation("own")), [])


def test_too_many():
    operations, errors = parse_all(" ".join(["off"] * (MAX_OPERATIONS + 3)))
    assert len(operations) == MAX_OPERATIONS
    assert [error.code for error in errors] == ["too_many_edits"]


def test_few_searches_at_a_time():
    """Each runs the model thousands of times; equal ones count, too."""
    given = ["adversarial-1-1", "uniform"] * (MAX_SEARCHES + 3)
    operations, errors = parse_all(given[: 2 * MAX_SEARCHES])
    assert len(operations) == 2 * MAX_SEARCHES and not errors
    operations, errors = parse_all(" ".join(given))
    assert [each.name for each in operations].count("adversarial") == MAX_SEARCHES
    assert [each.name for each in operations].count("uniform") == MAX_SEARCHES + 3
    assert [error.code for error in errors] == ["too_many_searches"]
