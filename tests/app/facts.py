"""What a state is read against in tests that need no page: the shipped models and all views."""

from __future__ import annotations

from attnviz.ui import models, views
from attnviz.ui.fields import Facts, gathered
from attnviz.ui.settings import PAGE
from attnviz.ui.state import State


def facts(language: str = "en") -> Facts:
    """Those of the page as a browser in that language opens it."""
    return gathered(PAGE, views.VIEWS, models.cards(), language, models.names_beside())


def parsed(**parameters: object) -> State:
    """The state an address asks for; one that asks for the impossible fails the test."""
    state, notices = State.parse(parameters, facts())
    assert not notices, [notice.parameters for notice in notices]
    return state
