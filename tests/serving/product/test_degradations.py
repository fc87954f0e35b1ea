"""What is away is said, with a code and when to try again, within seconds; what does not need it goes on."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from support.registered import Shop

from fraudstream.local.running import Servers
from schemas.settings import Settings, load
from serving.product import examples

SOON_S = 12.0
KAFKA, REDIS = "KAFKA_UNAVAILABLE", "REDIS_UNAVAILABLE"
VERDICT = examples.VERDICTS["list"]["value"]


@contextmanager
def silent() -> Iterator[int]:
    """A server that accepts and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield listener.getsockname()[1]


@contextmanager
def closed() -> Iterator[int]:
    """A port on which nobody listens, and nobody else will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def settings_of(folder: Path, bootstrap: str, redis: str) -> Settings:
    given = {
        "kafka.bootstrap": bootstrap,
        "redis.url": redis,
        "registry.cache": str(folder / "schemas"),
        "models.root": str(folder / "models"),
        "enrich.folder": str(folder / "churn"),
        "state.url": str(folder / "state"),
    }
    return load(given, env={})


@pytest.fixture(scope="module", params=[closed, silent], ids=["refusing", "silent"])
def away(request: Any, opened: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A door of which neither Kafka nor Redis answers."""
    with request.param() as kafka, request.param() as redis:
        settings = settings_of(
            tmp_path_factory.mktemp("away"), f"127.0.0.1:{kafka}", f"redis://127.0.0.1:{redis}/0?protocol=2"
        )
        with opened(settings) as door:
            yield door


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/v1/customers/101/churn", None, REDIS),
        ("GET", "/v1/customers/101/offer", None, REDIS),
        ("GET", "/v1/flags", None, KAFKA),
        ("GET", "/v1/cards/card-1/transactions", None, KAFKA),
        ("GET", "/v1/decisions/event-1", None, KAFKA),
        ("POST", "/v1/labels", VERDICT, KAFKA),
        ("POST", "/v1/labels", {"event_id": "event-1", "is_fraud": True}, KAFKA),
    ],
)
def test_what_is_away_is_said_within_seconds(away: Any, method: str, path: str, body: Any, code: str) -> None:
    """503 with a code that names it and a Retry-After; where it stands is nobody's business."""
    began = time.monotonic()
    answer = away.client.request(method, path, json=body)
    assert time.monotonic() - began < SOON_S
    assert (answer.status_code, answer.json()["error_code"]) == (503, code)
    assert int(answer.headers["retry-after"]) > 0
    assert "127.0.0.1" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_fraud": "no"}, "INVALID_LABEL"),
        ({"is_fraud": None}, "INVALID_LABEL"),
        ({"event_time": "noon"}, "BAD_REQUEST"),
        ({"timestamp": 1}, "INVALID_LABEL"),
        ({"currency": "eur"}, "INVALID_LABEL"),
    ],
)
def test_a_body_that_is_wrong_is_wrong_whatever_is_away(away: Any, change: dict[str, Any], code: str) -> None:
    """Trying again would not help, so that it is not what is said; also while Kafka is not asked again yet."""
    right = {"event_id": "event-1", "is_fraud": True}
    assert away.post("/v1/labels", right).status_code == 503
    answer = away.post("/v1/labels", right | change)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


def test_decisions_need_neither(away: Any) -> None:
    """They say that churn was not to be had, and are made as in the stream without it."""
    began = time.monotonic()
    [one] = away.post("/v1/transactions/score", {"transaction": examples.TRANSACTION}).json()["decisions"]
    assert time.monotonic() - began < SOON_S
    assert one["degraded"] == ["churn_unavailable"]
    assert one["churn"] == {"score": None, "status": "unavailable", "generation": None}
    assert away.get("/v1/model").json()["model"]["name"] == "rules"


def test_many_who_wait_for_what_is_away_do_not_hold_up_the_others(away: Any) -> None:
    """What stands still has a thread of its own; the line before it ends, and nobody in it waits for long."""

    async def ask() -> tuple[list[int], float]:
        async with httpx.AsyncClient(base_url=away.client.base_url, timeout=60) as client:
            waiting = [asyncio.create_task(client.get("/v1/decisions/e")) for _ in range(12)]
            await asyncio.sleep(0.2)
            began = time.monotonic()
            model = await client.get("/v1/model")
            took = time.monotonic() - began
            assert model.status_code == 200
            return [(await each).status_code for each in waiting], took

    began = time.monotonic()
    statuses, took = asyncio.run(ask())
    assert time.monotonic() - began < SOON_S
    assert set(statuses) <= {429, 503}
    assert statuses.count(429) >= 4
    assert took < 1.0


def test_without_a_generation_a_score_is_not_there_yet_and_an_offer_is_what_the_policy_says(
    services: Servers, opened: Any, tmp_path: Path
) -> None:
    """503 with when to try again; who calls is listened to."""
    settings = settings_of(tmp_path, services.bootstrap, services.redis_url)
    redis = settings.redis.model_copy(update={"prefix": "nothing-here:", "url": SecretStr(services.redis_url)})
    with opened(settings.model_copy(update={"redis": redis})) as door:
        answer = door.get("/v1/customers/101/churn")
        assert (answer.status_code, answer.json()["error_code"]) == (503, "NO_GENERATION")
        assert int(answer.headers["retry-after"]) > 0
        offer = door.get("/v1/customers/101/offer").json()
        assert (offer["offer"], offer["status"], offer["generation"]) == ("listen", "unavailable", None)
        flags = door.get("/v1/flags")
        assert (flags.status_code, flags.json()["error_code"]) == (503, KAFKA)


def test_a_model_that_becomes_live_decides_from_then_on(services: Servers, opened: Any, tmp_path: Path) -> None:
    """Until one is promoted the rules decide; nobody has to start the door again."""
    settings = settings_of(tmp_path, services.bootstrap, services.redis_url)
    settings = settings.model_copy(update={"models": settings.models.model_copy(update={"check_every": "1s"})})
    with opened(settings) as door:
        assert door.get("/v1/model").json()["model"]["name"] == "rules"
        Shop(settings, tmp_path).champion()
        until = time.monotonic() + 60
        while (model := door.get("/v1/model").json())["model"]["name"] != "fraud":
            assert time.monotonic() < until
            time.sleep(0.1)
        assert model["policy"].startswith("fraud/1 ")
        [one] = door.post("/v1/transactions/score", {"transaction": examples.TRANSACTION}).json()["decisions"]
        assert one["model"] == model["model"]
