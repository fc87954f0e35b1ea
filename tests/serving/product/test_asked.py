"""What is read as a request, and what is refused before anything is done for it."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message
from support.gated import Gated
from support.served import served

from schemas.settings.serve import Serve
from serving.door.live import Live
from serving.product.asked import LATEST_MS, Asked, Object, moment_ms
from serving.refusal import Refusal

SECRET = "hunter2"


def read(content: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Object:
    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    kind = () if any(name == b"content-type" for name, _ in headers) else ((b"content-type", b"application/json"),)
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [*kind, *headers]}
    return asyncio.run(Asked(Serve()).object(Request(scope, receive)))


def refused(content: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(content, headers)
    return caught.value


@pytest.mark.parametrize(
    "content",
    [
        b'{"transaction": {"memo": "hunter2", "memo": "b"}}',
        b'{"event_id": "hunter2", "is_fraud": true, "is_fraud": false}',
        b'{"hunter2": 1, "hunter2": 2}',
        b'{"a": "hunter2", "b": NaN}',
        b'{"a": "hunter2", "b": 1} {}',
        b'{"a": "hunter2 \\ud800"}',
        b'{"hunter2 \\ud800": 1e400}',
        b"hunter2",
        b'["hunter2"]',
    ],
)
def test_json_is_read_as_strictly_as_by_the_model(content: bytes) -> None:
    """A name that stands twice would be one of two verdicts, whichever came last; nothing of it is said."""
    refusal = refused(content)
    assert refusal.status == 400
    assert SECRET not in refusal.message


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"{}", {}),
        (b'{"a": [1e-400, -0.0]}', {"a": [0.0, 0.0]}),
        ('\ufeff{"a": "\\ud83d\\ude00"}'.encode(), {"a": "\U0001f600"}),
    ],
)
def test_what_is_right_is_read(content: bytes, found: Any) -> None:
    """Characters in two halves are whole; a number too small for doubles is what the stream has."""
    assert read(content) == found


JSON = (b"content-type", b"application/json")
HEADERS = [
    ((JSON,), 200),
    ((JSON, (b"content-encoding", b"identity")), 200),
    ((JSON, (b"content-encoding", b"gzip")), 415),
    ((JSON, (b"content-encoding", b"identity, gzip")), 415),
    ((JSON, (b"content-encoding", b"identity"), (b"content-encoding", b"br")), 415),
    ((JSON, JSON), 400),
    ((JSON, (b"content-type", b"text/csv")), 400),
    (((b"content-type", b"text/csv"), JSON), 400),
]


@pytest.mark.parametrize(("headers", "status"), HEADERS)
def test_what_the_body_is_said_to_be(headers: tuple[tuple[bytes, bytes], ...], status: int) -> None:
    """Once, and as it is: an encoding that changes nothing is none."""
    if status == 200:
        assert read(b"{}", headers) == {}
    else:
        assert refused(b"{}", headers).status == status


@pytest.mark.parametrize(("headers", "status"), HEADERS)
def test_the_model_hears_the_same(headers: tuple[tuple[bytes, bytes], ...], status: int) -> None:
    """Two routes that differ in it would be two opinions on what was sent."""
    model = Gated()
    model.open.set()
    with served(Live(model, Serve())) as url:
        assert httpx.post(f"{url}/invocations", content=b'{"inputs": [1]}', headers=headers).status_code == status


@pytest.mark.parametrize(
    "said",
    [
        -99999999999999999999,
        -1,
        99999999999999999999,
        "99999999999999999999",
        "1" * 64,
        LATEST_MS + 1,
        "2100-01-01T00:00Z",
    ],
)
def test_a_time_that_nobody_can_mean(said: object) -> None:
    """Neither before anything was counted nor in another century; it is not brought to the nearest that could be."""
    with pytest.raises(Refusal, match="complete_since is not within") as caught:
        moment_ms(said, "complete_since")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("said", "found"), [(None, None), (0, 0), ("0", 0), (LATEST_MS, LATEST_MS), ("1970-01-01T00:00:01Z", 1_000)]
)
def test_a_time(said: object, found: int | None) -> None:
    """Milliseconds, as a number or as digits, or ISO 8601."""
    assert moment_ms(said, "since") == found
