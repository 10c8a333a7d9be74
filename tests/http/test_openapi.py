"""The JSON API keeps what its description promises: schemathesis reads that, and asks all sorts of things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from pagebell.testing import PrintServer
from pagebell.web.api.operations import ENDPOINTS

TRIES = 3
ENDLESS = "/events"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with PrintServer() as server:
        yield "http://" + server.uri.split("/")[2]


def test_answers_are_as_described_whatever_is_asked(base: str) -> None:
    schema = schemathesis.openapi.from_url(f"{base}/api/openapi.json")
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == ENDLESS:
            continue

        @settings(
            max_examples=TRIES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            headers = {"requesting-user-name": "ada"}
            # what a schema can't say, such as octets of a text, is refused all the same
            case.call_and_validate(base_url=base, headers=headers, excluded_checks=[positive_data_acceptance])

        ask()
    assert asked >= len(ENDPOINTS)
