"""Customers asked for lot by lot: whole lots or nothing, within a budget, whatever Redis does."""

import socket
import threading
import time
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.churn import AS_OF, AS_OF_MS, meta_of, write

from consumer.enriching.lookups import Lookups
from consumer.metrics import REGISTRY
from models.churn.weighed import Churn
from schemas.churn import Keys

BUDGET_S = 0.05
DAY_MS = 86_400_000
MEAN = 500_000
SCORES = {"101": 200_000, "102": 800_001}


def asking(redis: Redis, keys: Keys, **given: Any) -> Lookups:
    found = Lookups(redis, keys, **{"budget_s": BUDGET_S, "max_age_ms": DAY_MS} | given)
    found.start()
    return found


def look_up(by: Lookups, *customers: str, at: int = AS_OF_MS) -> Churn:
    return by.look_up(pa.array(customers), np.full(len(customers), at))


def statuses(churn: Churn) -> list[str]:
    return [churn.fields(row)["status"] for row in range(len(churn.codes))]


def publish(redis: Redis, keys: Keys, name: str = "g1", scores: dict[str, int] = SCORES, buckets: int = 0) -> None:
    write(redis, keys, meta_of(name, scores, buckets=buckets), scores)


def away(port: int) -> Redis:
    address = f"redis://127.0.0.1:{port}"
    retry = Retry(NoBackoff(), 0)
    return Redis.from_url(
        address, decode_responses=True, socket_timeout=BUDGET_S, socket_connect_timeout=BUDGET_S, retry=retry
    )


@pytest.mark.parametrize("buckets", [0, 7])
def test_scores_of_the_current_generation_are_found(redis: Redis, keys: Keys, buckets: int) -> None:
    """Known customers get their score in millionths, others the mean; both bucket rules are followed."""
    publish(redis, keys, buckets=buckets)
    churn = look_up(asking(redis, keys), "102", "7", "101", "102", "not a number", "0101")
    assert (churn.generation, churn.available) == ("g1", True)
    assert churn.weighed.tolist() == [800_001, MEAN, 200_000, 800_001, MEAN, MEAN]
    assert statuses(churn) == ["fresh", "unknown_customer", "fresh", "fresh", "unknown_customer", "unknown_customer"]


def test_a_new_generation_replaces_what_was_known(redis: Redis, keys: Keys) -> None:
    """The next lot after the pointer moved sees the new scores only."""
    by = asking(redis, keys)
    publish(redis, keys)
    assert look_up(by, "101").weighed.tolist() == [200_000]
    publish(redis, keys, "g2", {"101": 900_000})
    churn = look_up(by, "101")
    assert (churn.generation, churn.weighed.tolist()) == ("g2", [900_000])


@pytest.mark.parametrize("between", [["g0"], []])
def test_another_content_of_the_same_name_is_not_mixed_with_the_one_of_before(
    redis: Redis, keys: Keys, clock: Any, between: list[str]
) -> None:
    """As after a Redis that was emptied: a lot is of one of them, also where even the fence is the same again."""
    publish(redis, keys)
    by = asking(redis, keys, clock=clock)
    assert look_up(by, "101").weighed.tolist() == [200_000]
    redis.delete(*redis.scan_iter(f"{keys.prefix}*"))
    for name in [*between, "g1"]:
        publish(redis, keys, name, {"101": 300_000, "102": 400_000})
    fence = 1 + len(between)
    redis.set(keys.current, f"g1 {fence}")
    if not between:
        assert statuses(look_up(by, "101", "102")) == ["unavailable"] * 2
        clock.now += 10
    assert look_up(by, "101", "102").weighed.tolist() == [300_000, 400_000]


def test_what_was_read_is_not_read_again(redis: Redis, keys: Keys) -> None:
    """Within a generation a customer costs one read, known or not."""
    publish(redis, keys)
    by = asking(redis, keys)
    look_up(by, "101", "150")
    redis.delete(keys.bucket("g1", 1))
    assert statuses(look_up(by, "101", "150", "101")) == ["fresh", "unknown_customer", "fresh"]


def test_an_empty_redis_is_unavailable(redis: Redis, keys: Keys) -> None:
    """No generation at all: scoring goes on, nothing is weighed, and the decision says so."""
    churn = look_up(asking(redis, keys), "101")
    assert (churn.generation, churn.available) == (None, False)
    assert churn.fields(0) == {"score": None, "status": "unavailable", "generation": None}


@pytest.mark.parametrize("text", ["high", "", "1", "0.5", "-1.500000", "1.000001", "0,500000"])
def test_a_damaged_score_is_unavailable(redis: Redis, keys: Keys, text: str) -> None:
    """A value that no publisher writes is not guessed at: the mean is weighed."""
    publish(redis, keys)
    redis.hset(keys.bucket("g1", 1), "101", text)
    churn = look_up(asking(redis, keys), "101", "102")
    assert (churn.generation, statuses(churn)) == ("g1", ["unavailable"] * 2)
    assert churn.weighed.tolist() == [MEAN] * 2


@pytest.mark.parametrize("pointer", ["", " ", "nowhere 1", "../../etc 1"])
def test_a_pointer_to_nothing_is_unavailable(redis: Redis, keys: Keys, pointer: str) -> None:
    """Not "unknown customer": nothing is known about anybody."""
    redis.set(keys.current, pointer)
    churn = look_up(asking(redis, keys), "101")
    assert (churn.available, statuses(churn)) == (False, ["unavailable"])


def test_a_generation_that_goes_while_it_is_read_says_nothing(redis: Redis, keys: Keys) -> None:
    """Buckets that were emptied between pointer and read do not make a customer an unknown one."""
    publish(redis, keys)
    by = asking(redis, keys)
    look_up(by, "101")
    for key in redis.scan_iter(f"{keys.prefix}*g1*"):
        redis.delete(key)
    assert statuses(look_up(by, "102")) == ["unavailable"]


def test_a_lot_cut_short_is_unavailable_for_all_and_leaves_less_for_the_next(redis: Redis, keys: Keys) -> None:
    """Half a lot's answers would make decisions depend on how quick Redis was."""
    scores = {str(customer * 100): 1_000 for customer in range(500)}
    publish(redis, keys, scores=scores)
    ticks = iter(range(10_000))
    by = asking(redis, keys, clock=lambda: next(ticks) * BUDGET_S / 3)
    lots = [look_up(by, *scores) for _ in range(4)]
    assert [each.available for each in lots] == [False, True, True, True]
    assert set(statuses(lots[0])) == {"unavailable"}
    assert set(statuses(lots[1])) == {"fresh"}


def test_a_redis_that_is_gone_is_left_alone_a_while(keys: Keys, clock: Any) -> None:
    """After a failure nothing is asked for two seconds; then it is tried again."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    by = asking(away(port), keys, clock=clock)
    assert not look_up(by, "1").available
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.2)
        clock.now += 1.9
        look_up(by, "1")
        with pytest.raises(TimeoutError):
            server.accept()
        clock.now += 0.2
        look_up(by, "1")
        server.accept()[0].close()


def test_a_redis_that_does_not_answer_costs_the_budget(keys: Keys) -> None:
    """A hung server delays one lot by the budget and a little, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(server.accept()[0]), daemon=True).start()
        by = asking(away(server.getsockname()[1]), keys)
        began = time.monotonic()
        assert not look_up(by, "1").available
        assert time.monotonic() - began < 10 * BUDGET_S
        for each in held:
            each.close()


def test_lots_of_known_customers_are_served_while_redis_is_away(redis: Redis, keys: Keys, clock: Any) -> None:
    """The last generation goes on counting where all of a lot is known; where somebody is not, nobody is."""
    publish(redis, keys)
    by = asking(redis, keys, clock=clock)
    look_up(by, "101")
    by._resting_until = clock.now + 60
    known, mixed = look_up(by, "101", "101"), look_up(by, "101", "102")
    assert (known.generation, known.available, statuses(known)) == ("g1", True, ["fresh", "fresh"])
    assert (mixed.generation, mixed.available, statuses(mixed)) == ("g1", False, ["unavailable", "unavailable"])


def test_it_says_once_that_redis_is_away_and_once_that_it_is_back(
    redis: Redis, keys: Keys, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each, a metric meanwhile; not one for each lot."""
    by = asking(redis, keys, clock=clock)
    publish(redis, keys, "g0")
    look_up(by, "101")
    redis.delete(keys.current)
    for _ in range(3):
        look_up(by, "101")
        clock.now += 3
    assert REGISTRY.get_sample_value("fraudstream_degraded", {"name": "churn_refresh_failed"}) == 1
    publish(redis, keys)
    for _ in range(3):
        look_up(by, "101")
        clock.now += 3
    assert REGISTRY.get_sample_value("fraudstream_degraded", {"name": "churn_refresh_failed"}) == 0
    said = capsys.readouterr().out
    assert [said.count(f"churn.{name}") for name in ("unavailable", "recovered", "generation")] == [1, 1, 2]


def test_a_generation_of_26_hours_is_stale(redis: Redis, keys: Keys) -> None:
    """By the time of the transaction, not by the clock on the wall: its mean is weighed then."""
    publish(redis, keys)
    by = asking(redis, keys, max_age_ms=26 * 3_600_000)
    late = AS_OF + timedelta(hours=26)
    at = np.array([0, 1]) + round(late.timestamp() * 1000)
    churn = by.look_up(pa.array(["101", "101"]), at)
    assert statuses(churn) == ["fresh", "stale"]
    assert churn.weighed.tolist() == [200_000, MEAN]


def test_the_age_of_the_generation_can_be_told(redis: Redis, keys: Keys) -> None:
    """When it was published is a figure; a generation that does not say so has none, and its scores all the same."""
    name, as_of = "fraudstream_churn_generation_timestamp_seconds", "fraudstream_churn_as_of_timestamp_seconds"
    publish(redis, keys)
    by = asking(redis, keys)
    look_up(by, "101")
    assert REGISTRY.get_sample_value(name, {"generation": "g1"}) == AS_OF.timestamp()
    assert REGISTRY.get_sample_value(as_of, {"generation": "g1"}) == AS_OF.timestamp()
    for generation, published_at in (("g2", None), ("g3", "tonight")):
        publish(redis, keys, generation, {"101": 300_000})
        redis.hdel(keys.meta(generation), "published_at")
        if published_at:
            redis.hset(keys.meta(generation), "published_at", published_at)
        assert look_up(by, "101").weighed.tolist() == [300_000]
        assert REGISTRY.get_sample_value(name, {"generation": "g1"}) is None
        assert REGISTRY.get_sample_value(name, {"generation": generation}) is None
