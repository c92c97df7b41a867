"""What the HTTP interface says of itself is what it does: schemathesis asks by it, sound and unsound."""

from __future__ import annotations

import pytest
from schemathesis.core.failures import FailureGroup
from starlette.responses import Response

from attnviz.api import ROUTES, traces
from attnviz.api.described import document
from attnviz.ui.serving import status
from tests.benchmarks.fuzzed import fuzz
from tests.shipped import POOLING

NAME = POOLING[0]


def test_every_answer_is_one_that_is_described():
    found = fuzz(17, [NAME])
    assert found["GET /api/trace"][200] and found["POST /api/trace"][400] and found["GET /api/scene.webp"][400]
    assert {code for counted in found.values() for code in counted} <= {200, 400, 404, 413, 503}


def test_what_is_described_is_there_and_what_is_there_is_described():
    described = set(document([NAME])["paths"])
    there = {route.path for route in [*ROUTES, *status.ROUTES]}
    own = {"/api", "/api/{rest:path}", "/api/openapi.json", "/api/status", "/api/photo/{kind}/{number:int}.webp"}
    assert described == there - own


def test_an_answer_that_is_not_described_is_seen(monkeypatch):
    def failing(self, request):
        return Response('{"models": 3}', 500, media_type="application/json")

    monkeypatch.setattr(traces.Models, "get", failing)
    with pytest.raises(FailureGroup, match="500"):
        fuzz(3, [NAME])
