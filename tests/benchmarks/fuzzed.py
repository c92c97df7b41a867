"""The HTTP interface asked by its own description: what schemathesis draws from `/api/openapi.json`, sound and unsound.

    python -m tests.benchmarks.fuzzed [--examples 1000] [--models topics-en …] [--seed 0]

Each answer must be one that the description names, of the type and the shape that it states, and none may be a fault of
the server. What fails is printed as a call that repeats it, and the command ends with 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.applications import Starlette
from starlette.middleware import Middleware

from attnviz import api, zoo
from attnviz.ui.serving import Guard, status

#: No status but those described: 500 is not among them.
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


def fuzz(examples: int, models: Sequence[str], start: int = 0) -> dict[str, Counter[int]]:
    """Ask all that is described.

    Args:
        examples: Of each operation, those that schemathesis thinks are sound and as many that it thinks are not.
        models: That can be asked for.
        start: Seed.

    Returns:
        By operation how often each status was answered.

    Raises:
        Exception: An answer was none that is described; its text has the call.
    """
    app = Starlette(routes=[*status.ROUTES, *api.ROUTES], middleware=[Middleware(Guard)])
    found: dict[str, Counter[int]] = {}
    with _only(models):
        schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers={"Host": "localhost"})
        for result in schema.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()
            found[operation.label] = counted = Counter[int]()
            asks = bool(operation.definition.raw["parameters"] or "requestBody" in operation.definition.raw)
            for mode in list(schemathesis.GenerationMode)[: 1 + asks]:  # what asks for nothing cannot ask for it badly
                _ask(operation.as_strategy(generation_mode=mode), counted, examples, start)
    return found


def _ask(cases: SearchStrategy[schemathesis.Case], counted: Counter[int], examples: int, start: int) -> None:
    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(headers={"Host": "localhost"}, timeout=120)
        counted[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    ask()


@contextmanager
def _only(models: Sequence[str]) -> Iterator[None]:
    folders = {name: zoo.model_folders()[name] for name in models}
    with patch.object(zoo, "model_folders", lambda: folders):
        yield


def main(arguments: Sequence[str]) -> int:
    """Ask, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--models", nargs="+", default=list(zoo.model_folders()))
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    found = fuzz(asked.examples, asked.models, asked.seed)
    print("| operation | requests | answers |\n| --- | ---: | --- |")
    for label, counted in found.items():
        answers = ", ".join(f"{status} {count:,} times" for status, count in sorted(counted.items()))
        print(f"| {label} | {sum(counted.values()):,} | {answers} |")
    print(f"\n{len(asked.models)} models, {time.monotonic() - began:.0f} s, nothing that is not described")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
