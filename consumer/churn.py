"""Churn scores for the customers of a lot, from Redis, within a budget; a slow or absent Redis never stops scoring.

    1. one read of the pointer; its generation holds for the whole lot
    2. what this process does not know yet of that generation is read, one command per bucket
    3. when the budget is spent, or Redis fails, the rest of the lot is `unavailable` and Redis is left alone a while

What was read is kept while the generation lasts, so a lot that was cut short leaves less for the next one, and the
last generation read goes on serving the customers it is known for while Redis is away.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import structlog
from redis import Redis
from redis.exceptions import RedisError

from consumer.metrics import CHURN_GENERATION_TIME
from schemas.churn import BucketRule, Keys, Status, from_text

UNAVAILABLE: Final = "churn_unavailable"
REST_S: Final = 2.0
COMMANDS_AT_ONCE: Final = 200
MOST_REMEMBERED: Final = 1_000_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Churn:
    """Per customer asked for, in that order: millionths and status. `generation` None: none could be read, ever."""

    generation: str | None
    scores: Sequence[int | None]
    statuses: Sequence[Status]
    degraded: tuple[str, ...] = ()


class Enricher(Protocol):
    def look_up(self, customers: Sequence[str]) -> Churn: ...


class RedisEnricher:
    """The client must time out by itself within the budget and must not retry."""

    def __init__(self, redis: Redis, keys: Keys, budget_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis: Any = redis
        self._keys = keys
        self._budget_s = budget_s
        self._clock = clock
        self._resting_until = 0.0
        self._generation: str | None = None
        self._rule = BucketRule()
        self._known: dict[str, int | None] = {}

    def look_up(self, customers: Sequence[str]) -> Churn:
        whole = self._refresh(customers)
        scores = [self._known.get(customer) for customer in customers]
        statuses = [self._status(customer) for customer in customers]
        return Churn(self._generation, scores, statuses, () if whole else (UNAVAILABLE,))

    def _status(self, customer: str) -> Status:
        if customer not in self._known:
            return Status.UNAVAILABLE
        return Status.UNKNOWN_CUSTOMER if self._known[customer] is None else Status.FRESH

    def _refresh(self, customers: Iterable[str]) -> bool:
        """True when every customer's score, or that there is none, is known."""
        started = self._clock()
        if started < self._resting_until:
            return False
        try:
            return self._follow_pointer() and self._read(customers, started + self._budget_s)
        except (RedisError, ValueError, OSError, LookupError, AttributeError, TypeError) as error:
            self._resting_until = self._clock() + REST_S
            log.warning("churn.unavailable", error=type(error).__name__, rest_s=REST_S)
            return False

    def _follow_pointer(self) -> bool:
        pointer = self._redis.get(self._keys.current)
        if pointer is None:
            return False
        generation = pointer.split()[0]
        if generation != self._generation:
            buckets, published_at = self._redis.hmget(self._keys.meta(generation), "buckets", "published_at")
            if buckets is None:
                raise ValueError("the generation has no meta hash")
            self._rule = BucketRule(int(buckets))
            self._generation = generation
            self._known.clear()
            say_published(generation, published_at)
            log.info("churn.generation", generation=generation)
        return True

    def _read(self, customers: Iterable[str], deadline: float) -> bool:
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        wanted = self._by_bucket({customer for customer in customers if customer not in self._known})
        buckets = list(wanted.items())
        for start in range(0, len(buckets), COMMANDS_AT_ONCE):
            if self._clock() >= deadline:
                return False
            self._read_buckets(buckets[start : start + COMMANDS_AT_ONCE])
        return True

    def _by_bucket(self, customers: Iterable[str]) -> dict[int, list[str]]:
        wanted: dict[int, list[str]] = defaultdict(list)
        for customer in customers:
            bucket = self._rule.bucket(customer)
            if bucket is None:
                self._known[customer] = None
            else:
                wanted[bucket].append(customer)
        return wanted

    def _read_buckets(self, buckets: Sequence[tuple[int, list[str]]]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for bucket, customers in buckets:
                pipeline.hmget(self._keys.bucket(str(self._generation), bucket), customers)
            answers = pipeline.execute()
        for (_, customers), answer in zip(buckets, answers, strict=True):
            for customer, text in zip(customers, answer, strict=True):
                self._known[customer] = None if text is None else from_text(text)


def say_published(generation: str, published_at: str | None) -> None:
    """One that does not say when, or not as a time, has no age; its scores are as good."""
    CHURN_GENERATION_TIME.clear()
    with suppress(ValueError):
        at = datetime.fromisoformat(published_at or "").timestamp()
        CHURN_GENERATION_TIME.labels(generation).set(at)
