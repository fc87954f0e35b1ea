"""The OpenAPI document: every example of it runs, and what comes back is what it says."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest

METHODS = ("get", "post")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item and path.startswith("/v1/"):
                yield method, path, item[method]


def filled(path: str, operation: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and the query with the examples of their parameters."""
    query = {}
    for each in operation.get("parameters", ()):
        [example, *_] = each["schema"].get("examples", each.get("examples", [None]))
        if each["in"] == "path":
            path = path.replace("{" + each["name"] + "}", quote(example, safe=""))
        elif example is not None:
            query[each["name"]] = example
    return path, query


def bodies(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return {name: each["value"] for name, each in content.get("application/json", {}).get("examples", {}).items()}


def test_every_example_runs_and_is_answered_as_documented(door: Any) -> None:
    """Each request of the document is answered with 200, and the answer has the shape that is documented for it."""
    document, tried = door.get("/openapi.json").json(), 0
    for method, path, operation in operations(document):
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        validator = jsonschema_rs.Draft202012Validator(schema | {"components": document.get("components", {})})
        address, query = filled(path, operation)
        for body in bodies(operation).values() if method == "post" else (None,):
            answer = door.client.request(method, address, params=query, json=body)
            assert answer.status_code == 200, f"{method} {address}: {answer.text[:300]}"
            assert answer.headers["content-type"] == "application/json"
            validator.validate(answer.json())
            tried += 1
    assert tried >= 10


def test_every_body_of_an_example_is_valid_by_its_own_schema(door: Any) -> None:
    """A generator that follows the document sends what is taken; the one row that is refused is refused by it, too."""
    document = door.get("/openapi.json").json()
    for _, path, operation in operations(document):
        for name, body in bodies(operation).items():
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            valid = jsonschema_rs.Draft202012Validator(schema).is_valid(body)
            assert valid is ((path, name) != ("/v1/transactions/score", "list"))


def test_every_operation_tells_what_it_is_and_how_it_fails(door: Any) -> None:
    """A summary, a description, and the one shape of errors for every status but 200."""
    found = list(operations(door.get("/openapi.json").json()))
    assert len(found) == 8
    for _, _, operation in found:
        assert operation["summary"]
        assert operation["description"]
        for status, response in operation["responses"].items():
            if status != "200":
                schema = response["content"]["application/json"]["schema"]
                assert schema["required"] == ["error_code", "message"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/customers/7/nothing"])
def test_what_is_not_there_has_the_shape_of_errors(door: Any, path: str) -> None:
    """No path, one shape."""
    answer = door.get(path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"error_code", "message"}
