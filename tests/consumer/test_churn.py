import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from consumer.churn import UNAVAILABLE, RedisEnricher
from consumer.metrics import REGISTRY
from schemas.churn import BucketRule, Keys, Status
from schemas.settings import Settings

BUDGET_S = 0.05


def client(url: str) -> Redis:
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=BUDGET_S,
        socket_connect_timeout=BUDGET_S,
        retry=Retry(NoBackoff(), 0),
    )


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.redis.prefix)


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with client(settings.redis.url.get_secret_value()) as each:
        yield each


def write(redis: Redis, keys: Keys, generation: str, scores: dict[str, str], buckets: int = 0) -> None:
    rule = BucketRule(buckets)
    redis.hset(keys.meta(generation), mapping={"buckets": buckets, "rule": rule.name})
    for customer, score in scores.items():
        number = rule.bucket(customer)
        assert number is not None
        redis.hset(keys.bucket(generation, number), customer, score)
    redis.set(keys.current, f"{generation} 1")


@pytest.mark.parametrize("buckets", [0, 7])
def test_scores_of_the_current_generation_are_found(redis: Redis, keys: Keys, buckets: int) -> None:
    """Known customers get their score in millionths, others are unknown; both bucket rules are followed."""
    write(redis, keys, "g1", {"101": "0.200000", "102": "0.800001"}, buckets)
    churn = RedisEnricher(redis, keys, BUDGET_S).look_up(["102", "7", "101", "102", "not a number", "0101"])
    assert churn.generation == "g1"
    assert churn.scores == [800_001, None, 200_000, 800_001, None, None]
    assert churn.statuses[:3] == [Status.FRESH, Status.UNKNOWN_CUSTOMER, Status.FRESH]
    assert churn.degraded == ()


def test_a_new_generation_replaces_what_was_known(redis: Redis, keys: Keys) -> None:
    """The next lot after the pointer moved sees the new scores only."""
    enricher = RedisEnricher(redis, keys, BUDGET_S)
    write(redis, keys, "g1", {"101": "0.200000"})
    assert enricher.look_up(["101"]).scores == [200_000]
    write(redis, keys, "g2", {"101": "0.900000"})
    churn = enricher.look_up(["101"])
    assert (churn.generation, churn.scores) == ("g2", [900_000])


def test_what_was_read_is_not_read_again(redis: Redis, keys: Keys) -> None:
    """Within a generation a customer costs one read, known or not."""
    write(redis, keys, "g1", {"101": "0.200000"})
    enricher = RedisEnricher(redis, keys, BUDGET_S)
    enricher.look_up(["101", "150"])
    redis.delete(keys.bucket("g1", 1))
    assert enricher.look_up(["101", "150"]).statuses == [Status.FRESH, Status.UNKNOWN_CUSTOMER]


def test_an_empty_redis_is_unavailable(redis: Redis, keys: Keys) -> None:
    """No generation at all: scoring goes on, and the decision says so."""
    churn = RedisEnricher(redis, keys, BUDGET_S).look_up(["101"])
    assert (churn.generation, churn.statuses, churn.degraded) == (None, [Status.UNAVAILABLE], (UNAVAILABLE,))


@pytest.mark.parametrize("text", ["high", "", "1", "0.5", "-1.500000", "1.000001", "0,500000"])
def test_a_damaged_score_is_unavailable(redis: Redis, keys: Keys, text: str) -> None:
    """A value that no publisher writes is not guessed at."""
    write(redis, keys, "g1", {"101": text})
    churn = RedisEnricher(redis, keys, BUDGET_S).look_up(["101"])
    assert (churn.scores, churn.statuses) == ([None], [Status.UNAVAILABLE])


@pytest.mark.parametrize("pointer", ["", " ", "nowhere 1"])
def test_a_pointer_to_nothing_is_unavailable(redis: Redis, keys: Keys, pointer: str) -> None:
    """Not "unknown customer": nothing is known about anybody."""
    redis.set(keys.current, pointer)
    churn = RedisEnricher(redis, keys, BUDGET_S).look_up(["101"])
    assert (churn.statuses, churn.degraded) == ([Status.UNAVAILABLE], (UNAVAILABLE,))


def test_a_redis_that_is_gone_is_left_alone_a_while(keys: Keys) -> None:
    """After a failure nothing is asked for two seconds; then it is tried again."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    clock = Clock()
    enricher = RedisEnricher(client(f"redis://127.0.0.1:{port}"), keys, BUDGET_S, clock)
    assert enricher.look_up(["1"]).degraded == (UNAVAILABLE,)
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.2)
        clock.now += 1.9
        enricher.look_up(["1"])
        with pytest.raises(TimeoutError):
            server.accept()
        clock.now += 0.2
        enricher.look_up(["1"])
        server.accept()[0].close()


def test_a_redis_that_does_not_answer_costs_the_budget(keys: Keys) -> None:
    """A hung server delays one lot by the budget and a little, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(server.accept()[0]), daemon=True).start()
        enricher = RedisEnricher(client(f"redis://127.0.0.1:{server.getsockname()[1]}"), keys, BUDGET_S)
        began = time.monotonic()
        assert enricher.look_up(["1"]).degraded == (UNAVAILABLE,)
        assert time.monotonic() - began < 10 * BUDGET_S
        for each in held:
            each.close()


def test_known_customers_are_served_while_redis_is_away(redis: Redis, keys: Keys) -> None:
    """The last generation read goes on counting for those it is known for; the others are unavailable."""
    write(redis, keys, "g1", {"101": "0.200000"})
    enricher = RedisEnricher(redis, keys, BUDGET_S)
    enricher.look_up(["101"])
    enricher._resting_until = time.monotonic() + 60
    churn = enricher.look_up(["101", "102"])
    assert churn.statuses == [Status.FRESH, Status.UNAVAILABLE]
    assert (churn.generation, churn.degraded) == ("g1", (UNAVAILABLE,))


def test_the_age_of_the_generation_can_be_told(redis: Redis, keys: Keys) -> None:
    """When it was published is a figure; a generation that does not say so has none, and its scores all the same."""
    name = "fraudstream_churn_generation_timestamp_seconds"
    write(redis, keys, "g1", {"101": "0.200000"})
    redis.hset(keys.meta("g1"), "published_at", "2026-01-31T06:00:00+00:00")
    enricher = RedisEnricher(redis, keys, BUDGET_S)
    enricher.look_up(["101"])
    assert REGISTRY.get_sample_value(name, {"generation": "g1"}) == datetime(2026, 1, 31, 6, tzinfo=UTC).timestamp()
    for generation, published_at in (("g2", None), ("g3", "tonight")):
        write(redis, keys, generation, {"101": "0.300000"})
        if published_at:
            redis.hset(keys.meta(generation), "published_at", published_at)
        assert enricher.look_up(["101"]).scores == [300_000]
        assert REGISTRY.get_sample_value(name, {"generation": "g1"}) is None
        assert REGISTRY.get_sample_value(name, {"generation": generation}) is None
