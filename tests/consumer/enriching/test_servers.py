"""A Redis of the tests' own that is stopped, hung, emptied, read-only or locked: both modes, within their budgets."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import SecretStr
from redis import Redis
from support.churn import AS_OF_MS, many, meta_of, write

from consumer.enriching import enricher
from consumer.enriching.building import client
from consumer.enriching.enricher import Enricher
from consumer.metrics import REGISTRY
from fraudstream.local.ports import pick
from fraudstream.local.redis import Redis as Server
from fraudstream.local.redis import find
from fraudstream.local.running import started
from models.churn.weighed import Churn
from schemas.churn import Keys
from schemas.settings import Settings

BUDGET_S = 0.05
KEYS = Keys("t:")
CUSTOMERS = [*map(str, range(40)), "stranger"]


@dataclass
class Place:
    server: Server
    settings: Settings

    @property
    def admin(self) -> Redis:
        return client(self.settings, 5.0, texts=True)

    def publish(self, name: str, seed: int) -> None:
        write(self.admin, KEYS, meta_of(name, many(seed)), many(seed), fence=seed)

    def with_url(self, url: str) -> Settings:
        redis = self.settings.redis.model_copy(update={"url": SecretStr(url)})
        return self.settings.model_copy(update={"redis": redis})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(base=tmp_path_factory.mktemp("redis"), port=pick(random.Random()), program=find(allow_fake=False))
    with started(server):
        yield server


@pytest.fixture
def place(server: Server, tmp_path: Path) -> Place:
    usual = Settings()
    redis = usual.redis.model_copy(update={"url": SecretStr(server.url), "prefix": KEYS.prefix, "budget_ms": 50})
    enrich = usual.enrich.model_copy(update={"folder": tmp_path, "check_every": "100ms"})
    found = Place(server, usual.model_copy(update={"redis": redis, "enrich": enrich}))
    found.admin.flushall()
    return found


@pytest.fixture(params=["replica", "lookup"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begun(place: Place, mode: str) -> Iterator[Callable[..., Enricher]]:
    made: list[Enricher] = []

    def begin(settings: Settings = place.settings) -> Enricher:
        enrich = settings.enrich.model_copy(update={"mode": mode})
        made.append(enricher(settings.model_copy(update={"enrich": enrich})))
        made[-1].start()
        return made[-1]

    yield begin
    for each in made:
        each.close()


def ask(by: Enricher, customers: list[str] = CUSTOMERS) -> tuple[Churn, float]:
    began = time.monotonic()
    churn = by.look_up(pa.array(customers), np.full(len(customers), AS_OF_MS))
    return churn, time.monotonic() - began


def until(wanted: Callable[[], object], within_s: float = 8.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if wanted():
            return True
        time.sleep(0.05)
    return False


def degraded() -> bool:
    return REGISTRY.get_sample_value("fraudstream_degraded", {"name": "churn_refresh_failed"}) == 1


def hang(place: Place) -> Callable[[], None]:
    place.server.pause()
    return place.server.resume


def stop(place: Place) -> Callable[[], None]:
    place.server.kill()
    return place.server.start


def empty(place: Place) -> Callable[[], None]:
    place.admin.flushall()
    return lambda: None


def lock(place: Place) -> Callable[[], None]:
    place.admin.config_set("requirepass", "secret")
    place.admin.connection_pool.disconnect()
    admin = client(place.with_url(place.server.url.replace("redis://", "redis://:secret@")), 5.0, texts=True)
    admin.client_kill_filter(_type="normal", skipme=True)
    return lambda: admin.config_set("requirepass", "") and None


@pytest.mark.parametrize("strike", [hang, stop, empty, lock])
def test_the_last_good_generation_serves_on(
    place: Place, begun: Callable[..., Enricher], strike: Callable[[Place], Callable[[], None]]
) -> None:
    """For lots that it is known for; no lot waits longer than the budget; it is told; and a new one is taken after."""
    place.publish("g1", 1)
    by = begun()
    before, _ = ask(by)
    assert (before.generation, before.available) == ("g1", True)
    heal = strike(place)
    try:
        during, first_s = ask(by)
        assert until(degraded if "Replica" in type(by).__name__ else lambda: ask(by) and degraded())
        later = [ask(by) for _ in range(5)]
    finally:
        heal()
    for each in (during, *(each for each, _ in later)):
        assert (each.generation, each.weighed.tolist()) == ("g1", before.weighed.tolist())
    assert first_s < 10 * BUDGET_S
    assert min(took_s for _, took_s in later) < BUDGET_S
    place.publish("g2", 2)
    assert until(lambda: ask(by)[0].generation == "g2" and ask(by)[0].available)
    assert until(lambda: not degraded())
    assert ask(by)[0].weighed.tolist()[:40] == [many(2)[each] for each in CUSTOMERS[:40]]


def test_a_server_that_nobody_may_write_to_is_good_enough(place: Place, begun: Callable[..., Enricher]) -> None:
    """Nothing is ever written to it."""
    place.publish("g1", 1)
    admin = place.admin
    admin.replicaof("127.0.0.1", 1)
    try:
        churn, _ = ask(begun())
    finally:
        admin.replicaof("no", "one")
    assert (churn.generation, churn.available) == ("g1", True)


def test_a_wrong_password_from_the_start(place: Place, begun: Callable[..., Enricher], capsys: Any) -> None:
    """Everybody is unavailable, the log says that it is the login, and never the password."""
    place.publish("g1", 1)
    by = begun(place.with_url(place.server.url.replace("redis://", "redis://nobody:hush-hush@")))
    churn, took_s = ask(by)
    assert (churn.generation, churn.available, set(churn.codes)) == (None, False, {3})
    assert took_s < 10 * BUDGET_S
    said = capsys.readouterr().out
    assert "churn.unavailable" in said
    assert "AuthenticationError" in said
    assert "hush-hush" not in said


def test_a_hung_server_from_the_start_does_not_keep_a_worker_from_scoring(
    place: Place, begun: Callable[..., Enricher]
) -> None:
    """It begins within seconds, without churn; what is published is there as soon as it can be."""
    place.publish("g1", 1)
    place.server.pause()
    try:
        began = time.monotonic()
        by = begun()
        churn, _ = ask(by)
        assert time.monotonic() - began < 5
        assert not churn.available
    finally:
        place.server.resume()
    assert until(lambda: ask(by)[0].available)
