"""Requests that a generator makes of the OpenAPI document: right ones, wrong ones, and ones nobody would think of.

FUZZ is how many of each kind and route; a few stand in the suite.
"""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

EXAMPLES = int(os.environ.get("FUZZ", "15"))
ROUTES = (
    ("POST", "/v1/transactions/score"),
    ("GET", "/v1/customers/{customer}/churn"),
    ("GET", "/v1/customers/{customer}/offer"),
    ("GET", "/v1/flags"),
    ("GET", "/v1/model"),
)
SLOW = (
    ("POST", "/v1/labels"),
    ("GET", "/v1/decisions/{event_id}"),
    ("GET", "/v1/cards/{card}/transactions"),
)
"""Each of these asks Kafka: a third as many."""


@pytest.fixture(scope="module")
def document(door: Any) -> Any:
    found = schemathesis.openapi.from_dict(door.get("/openapi.json").json())
    found.config.update(base_url=str(door.client.base_url))
    return found


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), [*ROUTES, *SLOW])
def test_whatever_is_asked_is_answered_as_documented(document: Any, method: str, path: str, mode: Any) -> None:
    """No 500, a documented status, and an answer of the documented shape."""
    operation, asked = document[path][method], []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES // 3 if (method, path) in SLOW else EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def ask(case: Any) -> None:
        answer = case.call()
        asked.append(answer.status_code)
        assert answer.status_code != 500
        case.validate_response(answer, checks=CHECKS)

    if mode is GenerationMode.NEGATIVE and path == "/v1/model":
        return
    ask()
    assert asked


CHECKS = (
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.CHECKS.get_one("status_code_conformance"),
    schemathesis.checks.CHECKS.get_one("content_type_conformance"),
    schemathesis.checks.CHECKS.get_one("response_schema_conformance"),
)
