"""What is known of single customers, for people and services; the scorer has look-ups of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redis import Redis

from batch.nightly import standing
from batch.nightly.line import text
from schemas.churn import SCALE, Keys, Meta, Status, from_text
from schemas.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Answer:
    """`millionths`, `decile` and `at_risk` are None where the customer is not in the generation."""

    customer: str
    status: Status
    millionths: int | None = None
    decile: int | None = None
    at_risk: bool | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """At risk is a score strictly above `threshold`, in millionths; stale a generation older than `max_age`."""

    threshold: int
    max_age: timedelta

    @classmethod
    def of(cls, threshold: float, max_age_ms: int) -> "Terms":
        return cls(round(threshold * SCALE), timedelta(milliseconds=max_age_ms))


@dataclass(frozen=True, slots=True)
class Found:
    """All answers are of one generation; None where none is live. `age` is since its as_of."""

    meta: Meta | None
    age: timedelta
    answers: tuple[Answer, ...]


def look_up(redis: Redis, keys: Keys, customers: Sequence[str], terms: Terms, now: datetime) -> Found:
    """In the order asked. Raises Misconfigured where Redis holds something else than scores."""
    live = standing.live(redis, keys)
    if live is None:
        return Found(None, timedelta(), tuple(Answer(each, Status.UNAVAILABLE) for each in customers))
    meta, age = live.meta, now - live.meta.as_of
    status = Status.STALE if age > terms.max_age else Status.FRESH
    scores = _scores(redis, keys, meta, customers)
    return Found(meta, age, tuple(_answer(each, scores.get(each), meta, status, terms) for each in customers))


def _scores(redis: Redis, keys: Keys, meta: Meta, customers: Sequence[str]) -> dict[str, int]:
    places = {each: meta.rule.bucket(each) for each in customers}
    asked = [(each, number) for each, number in places.items() if number is not None]
    with redis.pipeline(transaction=False) as pipeline:
        line: Any = pipeline
        for customer, number in asked:
            line.hget(keys.bucket(meta.generation, number), customer)
        answers = line.execute()
    found = {}
    for (customer, number), answer in zip(asked, answers, strict=True):
        if answer is None:
            continue
        try:
            found[customer] = from_text(text(answer))
        except ValueError as error:
            said = f"{keys.bucket(meta.generation, number)} has {text(answer)!r} for customer {customer!r}: {error}"
            raise Misconfigured(said, fix=standing.FIX_LOST) from None
    return found


def _answer(customer: str, score: int | None, meta: Meta, status: Status, terms: Terms) -> Answer:
    if score is None:
        return Answer(customer, Status.UNKNOWN_CUSTOMER)
    return Answer(customer, status, score, meta.decile(score), score > terms.threshold)
