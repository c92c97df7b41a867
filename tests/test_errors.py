"""Errors say in the user's language what is wrong."""

from __future__ import annotations

import pickle

import pytest

from attnviz.errors import AttnvizError, DataError, InputError, ModelError, TraceError


@pytest.mark.parametrize("kind", [InputError, ModelError, DataError, TraceError])
def test_every_error_is_the_projects_own_and_has_words(kind):
    error = kind("no_such_block", received="x", expected="a, b")
    assert isinstance(error, AttnvizError)
    assert str(error) == error.message("en") == "There is no block x. There are: a, b."
    assert "ブロック" in error.message("ja") and "x" in error.message("ja")
    assert error.code == "no_such_block"


def test_parameters_may_have_any_name():
    error = InputError("empty_text", code=1, language=2, key=3, self_=4)
    assert error.parameters == {"code": 1, "language": 2, "key": 3, "self_": 4}
    assert error.message("ja")


def test_an_error_survives_on_its_way_between_processes():
    error = ModelError("no_such_model", received="x", expected="a")
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == str(error)
    assert type(copied) is ModelError
