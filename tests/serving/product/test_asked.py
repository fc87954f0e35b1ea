"""What is read as a request, and what is refused before anything is done for it."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from schemas.settings.serve import Serve
from serving.product.asked import Asked, Object
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
    ("content", "found"), [(b"{}", {}), ('\ufeff{"a": "\\ud83d\\ude00"}'.encode(), {"a": "\U0001f600"})]
)
def test_what_is_right_is_read(content: bytes, found: Any) -> None:
    """Characters in two halves are whole."""
    assert read(content) == found
