"""The public names of `attnviz.analysis`: all there, documented, and nothing heavy before it is needed."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import attnviz
from attnviz import analysis


@pytest.mark.parametrize("name", analysis.PUBLIC)
def test_a_name_is_what_its_module_has_and_says_what_it_is(name):
    home, there = analysis.PUBLIC[name]
    assert getattr(analysis, name) is getattr(importlib.import_module(f"attnviz.analysis.{home}"), there)
    assert (getattr(analysis, name).__doc__ or "").strip()
    assert name in dir(analysis)


def test_what_is_not_there_says_what_is():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'; it has Focus"):
        attnviz.analysis.nothing  # noqa: B018


def test_nothing_is_loaded_before_it_is_asked_for():
    script = (
        "import sys, attnviz; attnviz.analysis; assert 'attnviz.analysis.focus' not in sys.modules;"
        "attnviz.analysis.focus_on; assert 'tensorflow' not in sys.modules and 'plotly' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_submodules_are_imported_as_ever():
    from attnviz.analysis import focus, tables
    from attnviz.analysis.heads import roles

    assert callable(tables.weights) and callable(roles.heads)
    assert callable(focus.focus)
    modules = {each.name for each in pkgutil.iter_modules(analysis.__path__)}
    assert not modules & set(analysis.PUBLIC)
