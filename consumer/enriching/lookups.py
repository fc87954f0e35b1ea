"""Churn scores asked for lot by lot, within a budget; a slow or absent Redis never stops scoring.

    1. one read of the pointer; its generation holds for the whole lot
    2. what this process does not know yet of that generation is read, one command per bucket
    3. the generation must still be there after that, the same one, or what it did not have is not known either
    4. when the budget is spent, or Redis fails, nobody of the lot is known; after a failure Redis is left alone a while

What was read is kept until the pointer moves, be it to another content of the same name, so a lot that was cut short
leaves less for the next one, and the last generation goes on serving lots of which every customer is known while Redis
is away.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from redis import Redis
from redis.exceptions import RedisError

from consumer.enriching.published import named
from consumer.enriching.remembered import NOBODY, Remembered
from consumer.enriching.telling import Telling, said
from models.churn.packed import UNKNOWN
from models.churn.weighed import Basis, Churn, Times, weighed
from models.hashing import Hashes, hash_strings
from schemas.churn import BucketRule, Keys, from_text

REST_S: Final = 2.0
COMMANDS_AT_ONCE: Final = 200
MOST_REMEMBERED: Final = 1_000_000
TROUBLE: Final = (RedisError, ValueError, OSError, LookupError, AttributeError, TypeError)
FACTS: Final = ("buckets", "as_of", "mean", "published_at", "digest")
"""Generations of an older release have no digest."""
NONE: Final = "no generation is published"


class Lookups:
    """The client must give texts, time out by itself within the budget, and not retry."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        budget_s: float,
        max_age_ms: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis: Any = redis
        self._keys = keys
        self._budget_s, self._max_age_ms, self._clock = budget_s, max_age_ms, clock
        self._telling = Telling()
        self._resting_until = 0.0
        self._basis: Basis | None = None
        self._followed: str | None = None
        self._facts: list[str | None] = []
        self._rule = BucketRule()
        self._remembered = Remembered()

    def start(self) -> None:
        """Compiles what the budget of the first lot would be spent on; Redis is asked when there is a lot."""
        self._remembered.look_up(hash_strings(pa.array([""])))

    @property
    def trouble(self) -> str:
        return self._telling.trouble

    def close(self) -> None:
        self._redis.close()

    def look_up(self, customers: pa.Array, at: Times) -> Churn:
        asked = hash_strings(customers)
        self._refresh(customers, asked)
        found = self._remembered.look_up(asked)
        own = None if (found == UNKNOWN).any() else np.where(found == NOBODY, UNKNOWN, found).astype(np.int32)
        return weighed(self._basis, own, at, self._max_age_ms)

    def _refresh(self, customers: pa.Array, asked: Hashes) -> None:
        """Leaves everybody known whom the budget is enough for."""
        started = self._clock()
        if started < self._resting_until:
            return
        try:
            self._follow_pointer()
            self._read(customers, asked, started + self._budget_s)
        except TROUBLE as error:
            self._resting_until = self._clock() + REST_S
            why = NONE if isinstance(error, Unpublished) else said(error)
            self._telling.failed(why, self._basis.generation if self._basis else None)
        else:
            self._telling.well()

    def _follow_pointer(self) -> None:
        pointer = self._redis.get(self._keys.current)
        if pointer is None:
            raise Unpublished
        generation = named(pointer)
        if pointer != self._followed:
            facts = self._redis.hmget(self._keys.meta(generation), *FACTS)
            buckets, as_of, mean, published_at, _ = facts
            if buckets is None:
                raise ValueError("the generation has no meta hash")
            self._rule = BucketRule(int(buckets))
            self._basis = Basis.of(generation, datetime.fromisoformat(as_of), from_text(mean))
            self._remembered = Remembered()
            self._followed, self._facts = pointer, facts
            self._telling.generation(generation, self._basis.as_of_ms, _seconds(published_at), by="look-ups")

    def _read(self, customers: pa.Array, asked: Hashes, deadline: float) -> None:
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered = Remembered()
        rows = np.flatnonzero(self._remembered.look_up(asked) == UNKNOWN)
        _, first = np.unique(asked[rows], return_index=True)
        wanted = self._by_bucket(customers.take(pa.array(rows[first])).to_pylist(), asked[rows[first]])
        for start in range(0, len(wanted), COMMANDS_AT_ONCE):
            if self._clock() >= deadline:
                return
            self._read_buckets(wanted[start : start + COMMANDS_AT_ONCE])

    def _by_bucket(self, customers: Sequence[str], numbers: Hashes) -> list[tuple[int, list[tuple[str, int]]]]:
        wanted: dict[int, list[tuple[str, int]]] = defaultdict(list)
        nobody = []
        for customer, number in zip(customers, numbers.tolist(), strict=True):
            bucket = self._rule.bucket(customer)
            if bucket is None:
                nobody.append(number)
            else:
                wanted[bucket].append((customer, number))
        self._remembered.add(np.array(nobody, np.uint64), np.full(len(nobody), NOBODY, np.int32))
        return list(wanted.items())

    def _read_buckets(self, buckets: Sequence[tuple[int, list[tuple[str, int]]]]) -> None:
        generation = "" if self._basis is None else self._basis.generation
        with self._redis.pipeline(transaction=False) as pipeline:
            for bucket, asked in buckets:
                pipeline.hmget(self._keys.bucket(generation, bucket), [customer for customer, _ in asked])
            pipeline.hmget(self._keys.meta(generation), *FACTS)
            *answers, facts = pipeline.execute()
        if facts != self._facts:
            self._followed = None  # what the pointer says next is news, whatever it says
            raise LookupError(f"generation {generation} went while it was read")
        numbers = [number for _, asked in buckets for _, number in asked]
        texts = [text for answer in answers for text in answer]
        scores = [UNKNOWN if text is None else from_text(text) for text in texts]
        self._remembered.add(np.array(numbers, np.uint64), np.array(scores, np.int32))


class Unpublished(LookupError):
    """There is no pointer."""


def _seconds(published_at: str | None) -> float | None:
    """One that does not say when, or not as a time, has no age; its scores are as good."""
    with suppress(ValueError):
        return datetime.fromisoformat(published_at or "").timestamp()
    return None
