"""Publishes one churn generation to Redis: readers see the old one or the new one, never a mixture, never half of one.

    1. claim    a fence number higher than any before; meta says `writing`; what an attempt that died left is removed
    2. write    the buckets, under the new generation's keys alone
    3. verify   every bucket holds as many customers as were written into it
    4. flip     meta says `published`, the pointer moves, the log says so: one script, refused when somebody with a
                higher fence has published, or has claimed this generation, meanwhile
    5. expire   every generation with a lower fence, but for the one that was just replaced

Whatever fails before 4 leaves the old generation live, and the same call may be made again. What is published is
never rewritten.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from operator import index
from typing import Any, Final, TypeVar

import structlog
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from schemas.churn import CRC32_IDS_PER_BUCKET, IDS_PER_BUCKET, SCALE, BucketRule, Keys, canonical, to_text
from schemas.errors import DependencyAway, Misconfigured, Usage

Scores = Mapping[str, int] | Iterable[tuple[str, int]]
Buckets = Mapping[int, Mapping[str, str]]
T = TypeVar("T")

log = structlog.get_logger(__name__)

NAME: Final = re.compile(r"(?!(?:meta|snap)$)[A-Za-z0-9._-]{1,64}")
"""`meta` and `snap` are the second part of other keys."""
SPARSEST: Final = 4
"""Dense buckets may be so many times what full ones would be, and a few more: small generations stay easy to read."""
FEW_BUCKETS: Final = 100
COMMANDS_AT_ONCE: Final = 500
LOGGED: Final = 1_000
GRACE_S: Final = 3_600  # readers finish what they began, then look at the pointer again

FIX_SCORES: Final = "correct the scores; nothing was written, what was live stays live"
FIX_AWAY: Final = "start Redis or correct redis.url, then publish again; what was live stays live until that succeeds"
FIX_REFUSED: Final = "see user and rights in redis.url, and the server's memory limit; no replica or cluster will do"

# KEYS: pointer, highest fence, meta, log. ARGV: generation, fence, at, ...
LIVE: Final = f"""
local pointer = redis.call('GET', KEYS[1]) or ''
local live = tonumber(string.match(pointer, ' (%d+)$') or 0)
local function log(...)
    redis.call('XADD', KEYS[4], 'MAXLEN', '~', {LOGGED}, '*', 'generation', ARGV[1], 'at', ARGV[3], ...)
end
"""
CLAIM: Final = f"""{LIVE}
if redis.call('HGET', KEYS[3], 'status') == 'published' then return {{0, 0}} end
local left = tonumber(redis.call('HGET', KEYS[3], 'last_bucket') or -1)
local fence = math.max(redis.call('INCR', KEYS[2]), live + 1)
redis.call('SET', KEYS[2], fence)
redis.call('HSET', KEYS[3], 'status', 'writing', 'fence', fence, 'last_bucket', math.max(left, tonumber(ARGV[4])))
redis.call('PERSIST', KEYS[3])
log('event', 'writing', 'fence', fence)
return {{fence, left}}
"""
FLIP: Final = f"""{LIVE}
local fence = tonumber(ARGV[2])
if live >= fence or tonumber(redis.call('HGET', KEYS[3], 'fence') or 0) ~= fence then return false end
local replaced = string.match(pointer, '^%S+') or ''
redis.call('HSET', KEYS[3], 'status', 'published')
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2])
log('event', 'published', 'fence', fence, 'rows', ARGV[4], 'model', ARGV[5], 'replaced', replaced)
return replaced
"""


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
    rule = bucket_rule(known)
    buckets = by_bucket(known, rule)
    meta = {
        "as_of": _instant(as_of),
        "published_at": _instant(published_at),
        "rows": len(known),
        "mean": to_text((2 * sum(known.values()) + len(known)) // (2 * len(known))),
        "rule": rule.name,
        "buckets": rule.buckets,
        "model": model,
    }
    with answering():
        fence = _Publication(redis, keys, generation, meta).run(buckets)
    return Published(generation, len(known), len(buckets), rule, fence)


def read_current(redis: Redis, keys: Keys) -> Current | None:
    """None: nothing was ever published. Raises Misconfigured where the pointer leads nowhere."""
    client: Any = redis
    with answering():
        pointer = _text(client.get(keys.current) or "").split()
        if not pointer:
            return None
        fields = {_text(name): _text(value) for name, value in client.hgetall(keys.meta(pointer[0])).items()}
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
    if all(map(canonical, ids)):
        buckets = max(map(int, ids)) // IDS_PER_BUCKET + 1
        if buckets <= SPARSEST * len(ids) / IDS_PER_BUCKET + FEW_BUCKETS:
            return BucketRule()
    return BucketRule(-(-len(ids) // CRC32_IDS_PER_BUCKET))


def by_bucket(scores: Mapping[str, int], rule: BucketRule) -> Buckets:
    buckets: dict[int, dict[str, str]] = defaultdict(dict)
    for customer, millionths in scores.items():
        number = rule.bucket(customer)
        if number is not None:  # the rule was chosen so that every customer has one
            buckets[number][customer] = to_text(millionths)
    return buckets


class _Publication:
    """One attempt. `last_bucket` in meta only grows, so that every bucket ever written can be found again."""

    def __init__(self, redis: Redis, keys: Keys, generation: str, meta: Mapping[str, Any]) -> None:
        self._redis: Any = redis
        self._keys = keys
        self._generation = generation
        self._meta = meta

    def run(self, buckets: Buckets) -> int:
        fence = self._claim(max(buckets))
        self._write(buckets)
        self._verify(buckets)
        replaced = self._flip(fence)
        try:
            self._expire(fence, {self._generation, replaced})
        except RedisError as error:  # the generation is live; the next publication expires these too
            log.warning("churn.expiry_postponed", generation=self._generation, error=type(error).__name__)
        return fence

    def _claim(self, last_bucket: int) -> int:
        fence, left = self._script(CLAIM, 0, self._meta["published_at"], last_bucket)
        if not fence:
            said = f"generation {self._generation!r} is published already, and what is published is never rewritten"
            raise Usage(said, fix="publish under a new name")
        self._each(range(left + 1), lambda line, number: line.unlink(self._bucket(number)))
        return int(fence)

    def _write(self, buckets: Buckets) -> None:
        self._redis.hset(self._keys.meta(self._generation), mapping=self._meta)
        self._each(sorted(buckets), lambda line, number: line.hset(self._bucket(number), mapping=buckets[number]))

    def _verify(self, buckets: Buckets) -> None:
        numbers = sorted(buckets)
        counts = self._each(numbers, lambda line, number: line.hlen(self._bucket(number)))
        for number, count in zip(numbers, counts, strict=True):
            if count != len(buckets[number]):
                said = f"{self._bucket(number)} holds {count} customers, not the {len(buckets[number])} written into it"
                raise Misconfigured(said, fix="let this Redis evict nothing and one publisher run at a time; try again")

    def _flip(self, fence: int) -> str:
        try:
            replaced = self._script(FLIP, fence, self._meta["published_at"], self._meta["rows"], self._meta["model"])
        except ResponseError:
            raise
        except RedisError as error:
            said = f"Redis went away while generation {self._generation!r} was to go live, so it may be live: {error}"
            raise DependencyAway(said, fix="publish it again; where it did go live, that is refused") from error
        if replaced is None:
            said = f"generation {self._generation!r} does not go live: another publisher was faster"
            raise Misconfigured(said, fix="let one publisher run at a time")
        return _text(replaced)

    def _expire(self, fence: int, kept: set[str]) -> None:
        """Meta comes last: as long as it has no expiry, the next publication does this again."""
        logged = self._redis.xrange(self._keys.log)
        names = {_text(fields.get(b"generation") or fields.get("generation")) for _, fields in logged} - kept
        for name in sorted(names):
            meta = self._keys.meta(name)
            known, last_bucket = self._redis.hmget(meta, "fence", "last_bucket")
            if known is None or int(known) >= fence or self._redis.ttl(meta) >= 0:
                continue
            buckets = [self._keys.bucket(name, number) for number in range(int(last_bucket) + 1)]
            self._each([*buckets, meta], lambda line, key: line.expire(key, GRACE_S))

    def _each(self, items: Iterable[T], command: Callable[[Any, T], object]) -> list[Any]:
        answers: list[Any] = []
        rest = iter(items)
        while batch := list(islice(rest, COMMANDS_AT_ONCE)):
            with self._redis.pipeline(transaction=False) as pipeline:
                for item in batch:
                    command(pipeline, item)
                answers += pipeline.execute()
        return answers

    def _script(self, text: str, *arguments: object) -> Any:  # noqa: ANN401 - the script's answer
        keys = (self._keys.current, f"{self._keys.prefix}fence", self._keys.meta(self._generation), self._keys.log)
        return self._redis.eval(text, len(keys), *keys, self._generation, *arguments)

    def _bucket(self, number: int) -> str:
        return self._keys.bucket(self._generation, number)


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


def _instant(time: datetime) -> str:
    if time.tzinfo is None:
        raise Usage(f"the time {time.isoformat()} says no zone", fix="give it one, such as UTC")
    return time.astimezone(UTC).isoformat()


def _is_id(customer: object) -> bool:
    """Lone surrogates have no bytes."""
    return isinstance(customer, str) and customer != "" and customer.encode(errors="ignore").decode() == customer


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
