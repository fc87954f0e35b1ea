"""Bodies that nobody would send: none breaks the door, makes it wait, or gets a word of itself told.

`make fuzz-http` sends 20,000; a few hundred are sent each time.
"""

import json
import logging
import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from schemathesis import openapi
from support.bodies import BODIES, CSV, JSON, MODELS, PARQUET

COUNT = int(os.environ.get("FUZZ_BODIES", "400"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
SECRET = "pl4nted-s3cret"
ALLOWED = {200, 400, 405, 413, 415}
SLOWEST_S = 10.0
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**53 + 1, 2**63, 10**400, -0.0, 1e-320, 1e308, "", " ", SECRET),
    *("5.1", "NaN", "\ud800", "\0", "=1+1", "é" * 50, "x" * 5_000, [], {}, [[]], {SECRET: SECRET}, [SECRET] * 3),
)
NAMES = (
    "dataframe_split",
    "dataframe_records",
    "instances",
    "inputs",
    "data",
    "params",
    "columns",
    "index",
    SECRET,
    "",
)
KINDS = (JSON, CSV, PARQUET, "text/plain", "application/json;charset=utf-8", f"application/{SECRET}", "", ";", "é")

Change = Callable[[random.Random, bytes], bytes]


def flipped(rng: random.Random, body: bytes) -> bytes:
    found = bytearray(body)
    for _ in range(rng.randint(1, 8)):
        if found:
            found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def cut(rng: random.Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body) + 1)]


def doubled(rng: random.Random, body: bytes) -> bytes:
    begin = rng.randrange(len(body) + 1)
    end = min(len(body), begin + rng.randrange(1, 200))
    return body[:end] + body[begin:end] * rng.randrange(1, 40) + body[end:]


def with_secret(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body) + 1)
    return body[:at] + SECRET.encode() + body[at:]


def token(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body) + 1)
    word = rng.choice([b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\u", b"NaN", b"1e999", b"-", b"null", b"\n", b"\0"])
    return body[:at] + word * rng.choice([1, 1, 2, 500]) + body[at:]


def planted(rng: random.Random, body: bytes) -> bytes:
    """Another value somewhere in the JSON; as it was where it is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return with_secret(rng, body)
    return json.dumps(changed(rng, said)).encode()


def changed(rng: random.Random, said: Any) -> Any:
    if isinstance(said, dict) and said and rng.random() < 0.8:
        name = rng.choice(list(said))
        kept = {each: value for each, value in said.items() if each != name}
        return {**kept, rng.choice([name, name, name, rng.choice(NAMES)]): changed(rng, said[name])}
    if isinstance(said, list) and said and rng.random() < 0.8:
        at = rng.randrange(len(said))
        return [*said[:at], changed(rng, said[at]), *said[at + 1 :]]
    return rng.choice(VALUES)


CHANGES: tuple[Change, ...] = (flipped, cut, doubled, with_secret, token, planted, planted, planted)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Every line of every log meanwhile."""
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.DEBUG, "uvicorn"):
        yield lambda: f"{lines} {caplog.text}"


def test_mutated_bodies(doors: dict[str, httpx.Client], said: Callable[[], str]) -> None:
    """Answered in time, in one shape, as what it is: no 500, nothing of the secret in answers, headers or logs."""
    rng, seen = random.Random(SEED), set[int]()
    bodies = [each for each in BODIES if each.method == "POST" and len(each.content("iris")) < 50_000]
    for number in range(COUNT):
        body, model = rng.choice(bodies), rng.choice(MODELS)
        content = body.content(model)
        for _ in range(rng.randint(0, 2)):
            content = rng.choice(CHANGES)(rng, content)
        kind = body.kind or JSON
        if rng.random() < 0.15:
            kind = rng.choice(KINDS)
        began = time.monotonic()
        answer = doors[model].post("/invocations", content=content, headers={"content-type": kind.encode()})
        told = f"seed {SEED}, body {number} for {model}: {answer.status_code} {answer.text[:300]}"
        assert time.monotonic() - began < SLOWEST_S, told
        assert answer.status_code in ALLOWED, told
        strict = json.loads(answer.text, parse_constant=pytest.fail)
        assert set(strict) in ({"predictions"}, {"error_code", "message"}), told
        assert SECRET not in answer.text + str(answer.headers), told
        seen.add(answer.status_code)
    assert {200, 400, 415} <= seen
    assert SECRET not in said()
    for client in doors.values():
        assert client.get("/ping").status_code == 200


def test_by_its_own_description(doors: dict[str, httpx.Client]) -> None:
    """Requests made up from the OpenAPI of the door, valid and not: each route gives a status that is described."""
    base = str(doors["loans"].base_url)
    schema = openapi.from_url(f"{base}/openapi.json")
    examples = max(10, COUNT // 40)
    routes = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        routes.add(operation.path)

        @bounded(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def answered(case: Any) -> None:
            answer = case.call(base_url=base)
            assert answer.status_code < 500
            case.validate_response(answer) if answer.status_code == 200 else answer.json()["error_code"]

        answered()
    assert "/invocations" in routes
