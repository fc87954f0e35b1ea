"""One shape of errors, whichever part of the application fails, and nothing of a request in it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
import structlog
from fastapi import APIRouter, Body, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from support.gated import Gated

from schemas.errors import DependencyAway, Misconfigured, Usage
from schemas.settings.serve import Serve
from serving.app import Parts, build
from serving.door.live import Live
from serving.refusal import Refusal, unavailable
from serving.server import running

SECRET = "pl4nted-s3cret"
FAILURES = {
    "refusal": (Refusal(409, "it is there already"), 409, "CONFLICT"),
    "away": (DependencyAway("Redis does not answer"), 503, "TEMPORARILY_UNAVAILABLE"),
    "named": (unavailable("Kafka does not answer", code="KAFKA_AWAY", after_s=5), 503, "KAFKA_AWAY"),
    "usage": (Usage("no such card"), 400, "BAD_REQUEST"),
    "setting": (Misconfigured(f"the password {SECRET}"), 500, "INTERNAL_ERROR"),
    "ours": (ValueError(f"row {SECRET}"), 500, "INTERNAL_ERROR"),
}


class Asked(BaseModel):
    amount: int


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/fail/{how}")
    async def fail(how: str) -> None:
        raise FAILURES[how][0]

    @router.post("/ask")
    async def ask(said: Annotated[Asked, Body()], limit: Annotated[int, Query()] = 1) -> int:
        return said.amount * limit

    @router.get("/cut")
    async def cut() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first"
            raise ValueError(SECRET)

        return StreamingResponse(pieces())

    return router


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    settings = Serve(port=0)
    with running(build(Parts(settings, "1", routers=(routes(),))), settings) as url, httpx.Client(base_url=url) as made:
        yield made


@pytest.mark.parametrize("how", FAILURES)
def test_failures(client: httpx.Client, how: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Each kind has its status and code; what is away says when to try again; no words that may hold a secret."""
    with structlog.testing.capture_logs() as lines:
        answer = client.get(f"/fail/{how}")
    _, status, code = FAILURES[how]
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert set(answer.json()) == {"error_code", "message"}
    assert ("retry-after" in answer.headers) == (status == 503)
    assert SECRET not in answer.text + str(lines) + "".join(capfd.readouterr())
    assert [line["event"] for line in lines] == (["request.failed"] if status == 500 else [])


@pytest.mark.parametrize(
    ("said", "query"),
    [({"amount": SECRET}, ""), ({SECRET: 1}, ""), ([SECRET], ""), ({"amount": 1}, f"?limit={SECRET}")],
)
def test_what_does_not_fit(client: httpx.Client, said: object, query: str) -> None:
    """What the framework refuses is 400 in our shape, and says the place without what stood there."""
    answer = client.post(f"/ask{query}", json=said)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")
    assert SECRET not in answer.text


def test_an_answer_that_breaks_off(client: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    """The client sees that it is not whole; the log has kind and place, no traceback and no words."""
    with structlog.testing.capture_logs() as lines, pytest.raises(httpx.RemoteProtocolError):
        client.get("/cut")
    assert [line["event"] for line in lines] == ["request.failed"]
    assert SECRET not in str(lines) + "".join(capfd.readouterr())
    assert client.post("/ask", json={"amount": 3}).json() == 3


def test_parts_run_as_long_as_the_application() -> None:
    """What is to run is entered before the first request and left at the end, in turn; readiness asks each question."""
    seen: list[str] = []

    @asynccontextmanager
    async def part() -> AsyncIterator[None]:
        seen.append("entered")
        yield
        seen.append("left")

    missing = [""]
    settings, model = Serve(port=0), Gated()
    model.open.set()
    parts = Parts(settings, "1", Live(model, settings), running=(part,), waits_for=(lambda: missing[0],))
    with running(build(parts), settings) as url:
        assert seen == ["entered"]
        assert httpx.get(f"{url}/health/ready").json()["status"] == "ready"
        missing[0] = "Kafka does not answer"
        answer = httpx.get(f"{url}/health/ready")
        assert (answer.status_code, answer.json()["message"]) == (503, "Kafka does not answer")
    assert seen == ["entered", "left"]
