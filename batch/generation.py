"""A churn generation in Redis: which one is live, and publishing one that is at hand as a table.

The nightly job publishes generations of any size in the same steps: see `batch.nightly.publication`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import index
from typing import Any, Final

import numpy as np
import pyarrow as pa
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from batch.nightly.content import InMemory
from batch.nightly.line import text, texts
from batch.nightly.publication import By, Publication
from batch.nightly.scored import Scored
from batch.nightly.settled import settled
from schemas.churn import CRC32_IDS_PER_BUCKET, IDS_PER_BUCKET, NAME, SCALE, BucketRule, Keys, canonical
from schemas.errors import DependencyAway, Misconfigured, Usage

Scores = Mapping[str, int] | Iterable[tuple[str, int]]

SPARSEST: Final = 4
"""Dense buckets may be so many times what full ones would be, and a few more: small generations stay easy to read."""
FEW_BUCKETS: Final = 100

FIX_SCORES: Final = "correct the scores; nothing was written, what was live stays live"
FIX_AWAY: Final = "start Redis or correct redis.url, then publish again; what was live stays live until that succeeds"
FIX_REFUSED: Final = "see user and rights in redis.url, and the server's memory limit; no replica or cluster will do"


@dataclass(frozen=True, slots=True)
class Published:
    """`buckets` is how many hashes were written."""

    generation: str
    rows: int
    buckets: int
    rule: BucketRule
    fence: int


@dataclass(frozen=True, slots=True)
class Current:
    """The live generation, as its pointer and its meta hash say."""

    generation: str
    fence: int
    rule: BucketRule
    rows: int
    mean: str
    as_of: datetime
    published_at: datetime
    model: str


def publish(
    redis: Redis, keys: Keys, scores: Scores, *, generation: str, as_of: datetime, published_at: datetime, model: str
) -> Published:
    """Scores are millionths. What could not be read back is refused before anything is written."""
    if not NAME.fullmatch(generation):
        raise Usage(f"{generation!r} cannot name a generation", fix="use up to 64 letters, digits and . _ -")
    known = checked(scores)
    ids, values = pa.array(list(known), pa.large_string()), np.array(list(known.values()), np.uint32)
    rows = settled(Scored.of(ids, values, np.arange(len(known)))).kept
    content = InMemory(rows, bucket_rule(known))
    meta = content.facts.meta(
        generation, as_of=_instant(as_of), published_at=_instant(published_at), model=model, model_digest=""
    )
    with answering():
        live = Publication(redis, keys).run(meta, content, By())
    return Published(generation, len(known), live.buckets, meta.rule, live.fence)


def read_current(redis: Redis, keys: Keys) -> Current | None:
    """None: nothing was ever published. Raises Misconfigured where the pointer leads nowhere."""
    client: Any = redis
    with answering():
        pointer = text(client.get(keys.current) or "").split()
        if not pointer:
            return None
        fields = texts(client.hgetall(keys.meta(pointer[0])))
    try:
        return Current(
            generation=pointer[0],
            fence=int(pointer[1]),
            rule=BucketRule(int(fields["buckets"])),
            rows=int(fields["rows"]),
            mean=fields["mean"],
            as_of=datetime.fromisoformat(fields["as_of"]),
            published_at=datetime.fromisoformat(fields["published_at"]),
            model=fields["model"],
        )
    except (LookupError, ValueError):
        said = f"{keys.current} names generation {pointer[0]!r}, but {keys.meta(pointer[0])} is gone or incomplete"
        raise Misconfigured(said, fix="publish again under a new name; let this Redis evict nothing") from None


def checked(scores: Scores) -> dict[str, int]:
    known: dict[str, int] = {}
    for customer, millionths in scores.items() if isinstance(scores, Mapping) else scores:
        if not _is_id(customer):
            raise Usage(f"{customer!r} is no customer id", fix=FIX_SCORES)
        if customer in known:
            raise Usage(f"customer {customer!r} is there twice", fix=FIX_SCORES)
        known[customer] = _whole(customer, millionths)
    if not known:
        raise Usage("a generation without any customer is not published", fix=FIX_SCORES)
    return known


def bucket_rule(customers: Iterable[str]) -> BucketRule:
    """Dense where all ids are canonical decimals that fill their buckets well enough, else CRC32."""
    ids = list(customers)
    if all(map(canonical, ids)) and fills(max(map(int, ids)), len(ids)):
        return BucketRule()
    return BucketRule(-(-len(ids) // CRC32_IDS_PER_BUCKET))


def fills(highest: int, rows: int) -> bool:
    return highest // IDS_PER_BUCKET + 1 <= SPARSEST * rows / IDS_PER_BUCKET + FEW_BUCKETS


@contextmanager
def answering() -> Iterator[None]:
    """Redis errors as errors of ours: 78 where it refuses, 69 where it does not answer."""
    try:
        yield
    except (AuthenticationError, ResponseError) as error:
        raise Misconfigured(f"Redis refuses: {error}", fix=FIX_REFUSED) from error
    except RedisError as error:
        raise DependencyAway(f"Redis does not answer: {error}", fix=FIX_AWAY) from error


def _whole(customer: str, millionths: int) -> int:
    """The integers of numpy are as good as Python's; 0.5 and True are mistakes."""
    try:
        number = -1 if isinstance(millionths, bool) else index(millionths)
    except TypeError:
        number = -1
    if not 0 <= number <= SCALE:
        raise Usage(f"customer {customer!r} has {millionths!r}, not 0 to {SCALE} millionths", fix=FIX_SCORES)
    return number


def _instant(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise Usage(f"the time {time.isoformat()} says no zone", fix="give it one, such as UTC")
    return time.astimezone(UTC)


def _is_id(customer: object) -> bool:
    """Lone surrogates have no bytes."""
    return isinstance(customer, str) and customer != "" and customer.encode(errors="ignore").decode() == customer
