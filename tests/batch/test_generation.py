"""Publishing a churn generation to a real Redis, read back by the documented keys alone."""

import hashlib
import struct
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import ConnectionError as Gone

from batch.generation import Current, Published, Scores, bucket_rule, publish, read_current
from batch.nightly.publication import GRACE_S, Publication
from consumer.enriching.lookups import Lookups
from fraudstream.local.running import Servers
from models.churn.packed import packed
from models.hashing import hash_strings
from schemas.churn import SCALE, BucketRule, Keys, Status
from schemas.errors import DependencyAway, Misconfigured, Usage

Meddle = Callable[[Callable[[], object]], Any]
NIGHT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
OLD = {"7": 250_000, "101": 12_345}
NEW = {str(number): number * 1_000 for number in range(1, 301)}
NAMES = {f"cus_{number:05d}": number for number in range(1_000)}


@pytest.fixture
def redis(services: Servers) -> Iterator[Redis]:
    with Redis.from_url(services.redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def keys() -> Keys:
    return Keys(f"churn-{uuid.uuid4().hex}:")


def put(redis: Redis, keys: Keys, scores: Scores, generation: str = "g1", at: datetime = NIGHT) -> Published:
    return publish(
        redis, keys, scores, generation=generation, as_of=at - timedelta(hours=2), published_at=at, model="m/1"
    )


def live(redis: Redis, keys: Keys) -> str | None:
    current = read_current(redis, keys)
    return None if current is None else current.generation


def dying_after(services: Servers, steps: int) -> Any:
    """A process that dies before its n-th round trip to Redis."""
    client: Any = Redis.from_url(services.redis_url)
    connect, left = client.connection_pool.get_connection, iter(range(steps))

    def step(*arguments: object, **options: object) -> object:
        if next(left, None) is None:
            raise Gone("died here")
        return connect(*arguments, **options)

    client.connection_pool.get_connection = step
    return client


@pytest.fixture
def meddle(services: Servers, monkeypatch: pytest.MonkeyPatch) -> Meddle:
    """A client of which somebody else does something right before what it wrote is verified."""
    verify = Publication.verify

    def meddling(doing: Callable[[], object]) -> Any:
        client: Any = Redis.from_url(services.redis_url)

        def verified(self: Publication, *arguments: Any) -> None:
            if self._redis is client:
                doing()
            verify(self, *arguments)

        monkeypatch.setattr(Publication, "verify", verified)
        return client

    return meddling


def fail(*_: object) -> None:
    raise Gone("no answer")


def test_a_score_is_read_by_the_documented_key(redis: Redis, keys: Keys) -> None:
    """As with redis-cli: HGET churn:<generation>:1 101."""
    published = put(redis, keys, OLD)
    assert published == Published("g1", 2, 2, BucketRule(), 1)
    assert redis.get(f"{keys.prefix}current") == "g1 1"
    assert redis.hget(f"{keys.prefix}g1:1", "101") == "0.012345"
    assert redis.hget(f"{keys.prefix}g1:0", "7") == "0.250000"


def test_meta_says_what_a_reader_needs(redis: Redis, keys: Keys) -> None:
    """The hash of the live generation has its rows, mean, rule and times, and what its copies can be checked by."""
    put(redis, keys, OLD)
    whole = packed(hash_strings(pa.array(list(OLD))), np.array(list(OLD.values()), np.uint32))
    entries = b"".join(struct.pack("<QI", *each) for each in zip(whole.numbers, whole.scores, strict=True))
    assert redis.hgetall(f"{keys.prefix}meta:g1") == {
        "as_of": "2026-03-01T00:30:00+00:00",
        "published_at": "2026-03-01T02:30:00+00:00",
        "rows": "2",
        "mean": "0.131173",
        "rule": "dense",
        "buckets": "0",
        "chunks": "1",
        "digest": hashlib.sha256(entries).hexdigest(),
        "quantiles": "[12345, 12345, 12345, 12345, 250000, 250000, 250000, 250000, 250000]",
        "deciles": "[0, 0, 0, 0, 1, 0, 0, 0, 0, 1]",
        "last_bucket": "1",
        "last_chunk": "0",
        "model": "m/1",
        "model_digest": "",
        "status": "published",
        "fence": "1",
        "replaced": "",
    }
    assert read_current(redis, keys) == Current(
        "g1", 1, BucketRule(), 2, "0.131173", NIGHT - timedelta(hours=2), NIGHT, "m/1"
    )


def test_names_that_are_no_numbers_go_by_checksum(redis: Redis, keys: Keys) -> None:
    """About 64 customers a bucket, each in the one that meta's rule says."""
    published = put(redis, keys, NAMES)
    assert published.rule == BucketRule(16)
    assert redis.hget(keys.meta("g1"), "rule") == "crc32"
    bucket = published.rule.bucket("cus_00042")
    assert bucket is not None
    assert redis.hget(keys.bucket("g1", bucket), "cus_00042") == "0.000042"


@pytest.mark.parametrize(
    ("ids", "dense"),
    [
        (["0"], True),
        (["9999"], True),
        (["10000000"], False),
        ([str(each) for each in range(0, 400_000, 4)], True),
        ([str(each) for each in range(0, 8_000_000, 80)], False),
        (["1", "02"], False),
        (["1", "x"], False),
        (["1", "\u0662"], False),
    ],
)
def test_the_rule_is_dense_where_numbers_are(ids: list[str], dense: bool) -> None:
    """Canonical decimals that fill their buckets well enough are found by division."""
    assert (bucket_rule(ids).buckets == 0) is dense


IDS = st.one_of(
    st.integers(0, 3_000).map(str),
    st.integers(0, 2**70).map(str),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
)


@given(scores=st.dictionaries(IDS, st.integers(0, SCALE), min_size=1, max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_published_is_what_the_scorer_reads(redis: Redis, scores: dict[str, int]) -> None:
    """Every customer gets the score published, to the millionth; a stranger gets none."""
    keys = Keys(f"churn-{uuid.uuid4().hex}:")
    published = put(redis, keys, scores)
    stored = sum(redis.hlen(key) for key in redis.scan_iter(f"{keys.prefix}g1:*", count=10_000))
    assert published.rows == stored == len(scores)
    asked = pa.array([*scores, "a stranger to all of them"])
    read = Lookups(redis, keys, budget_s=30, max_age_ms=1).look_up(asked, np.zeros(len(asked), np.int64))
    assert read.weighed.tolist()[:-1] == [*scores.values()]
    assert read.fields(len(scores))["status"] == Status.UNKNOWN_CUSTOMER
    assert read.generation == "g1"


def test_bytes_or_text(services: Servers, redis: Redis, keys: Keys) -> None:
    """A client that does not decode answers publishes and reads the same."""
    with Redis.from_url(services.redis_url) as plain:
        put(plain, keys, OLD)
        put(plain, keys, NEW, "g2")
        put(plain, keys, NEW, "g3")
        assert read_current(plain, keys) == read_current(redis, keys)
        assert redis.ttl(keys.meta("g1")) > 0


def test_numpy_integers_are_scores(redis: Redis, keys: Keys) -> None:
    """Scores may come out of an array, as pairs."""
    pairs = zip(["1", "2"], np.array([5, SCALE]), strict=True)
    assert put(redis, keys, pairs).rows == 2
    assert redis.hget(keys.bucket("g1", 0), "2") == "1.000000"


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([], "without any customer"),
        ([("", 1)], "'' is no customer id"),
        ([(7, 1)], "7 is no customer id"),
        ([("\ud800", 1)], "is no customer id"),
        ([("7", 1), ("8", 1), ("7", 1)], "'7' is there twice"),
        ([("7", -1)], "-1, not 0 to 1000000"),
        ([("7", SCALE + 1)], "1000001, not"),
        ([("7", 0.5)], "0.5, not"),
        ([("7", True)], "True, not"),
        ([("7", None)], "None, not"),
    ],
)
def test_wrong_scores_are_refused_before_anything_is_written(
    redis: Redis, keys: Keys, scores: Scores, said: str
) -> None:
    """The customer and the fault are named, and Redis has not a single new key."""
    with pytest.raises(Usage, match=said):
        put(redis, keys, scores)
    assert list(redis.scan_iter(f"{keys.prefix}*")) == []


@pytest.mark.parametrize("name", ["", "meta", "snap", "a b", "a:b", "x" * 65, "g\n"])
def test_a_generation_that_could_not_be_told_from_other_keys_is_refused(redis: Redis, keys: Keys, name: str) -> None:
    """A name is part of keys and of the pointer."""
    with pytest.raises(Usage, match="cannot name a generation"):
        put(redis, keys, OLD, name)


def test_a_time_without_zone_is_refused(redis: Redis, keys: Keys) -> None:
    """Nobody could tell later when that was."""
    with pytest.raises(Usage, match="says no zone"):
        put(redis, keys, OLD, at=datetime(2026, 3, 1))  # noqa: DTZ001


def test_what_is_published_is_never_rewritten(redis: Redis, keys: Keys) -> None:
    """The second publication under one name is refused and changes nothing."""
    put(redis, keys, OLD)
    with pytest.raises(Usage, match="'g1' is published already"):
        put(redis, keys, NEW)
    assert redis.hgetall(keys.bucket("g1", 0)) == {"7": "0.250000"}
    assert redis.get(keys.current) == "g1 1"


def test_dying_anywhere_leaves_old_or_new_whole(services: Servers, redis: Redis) -> None:
    """What is live is whole whenever it dies; the same call then succeeds, without remains of the dead attempt."""
    died = 0
    for steps in range(100):
        keys = Keys(f"churn-{uuid.uuid4().hex}:")
        put(redis, keys, OLD, "old")
        try:
            put(dying_after(services, steps), keys, NAMES, "new")
            break
        except DependencyAway:
            died += 1
        assert live(redis, keys) == "old"
        put(redis, keys, OLD, "new")
        assert set(redis.scan_iter(f"{keys.prefix}new:*")) == {keys.bucket("new", 0), keys.bucket("new", 1)}
    assert died >= 4
    assert live(redis, keys) == "new"
    assert sum(redis.hlen(keys.bucket("new", number)) for number in range(16)) == len(NAMES)


def test_dying_while_it_goes_live_is_said_to_be_unknown(redis: Redis, keys: Keys, meddle: Meddle) -> None:
    """Nobody is told that the old generation is live when that is not known."""
    lost: Any = meddle(lambda: setattr(lost, "eval", fail))

    with pytest.raises(DependencyAway, match="so it may be live"):
        put(lost, keys, OLD)


def test_a_bucket_that_lost_customers_does_not_go_live(redis: Redis, keys: Keys, meddle: Meddle) -> None:
    """As with a Redis that evicts: the counts are compared before the flip."""
    put(redis, keys, OLD, "old")
    client = meddle(lambda: redis.hdel(keys.bucket("new", 2), "250"))
    with pytest.raises(Misconfigured, match="new:2 holds 99 customers, not the 100"):
        put(client, keys, NEW, "new")
    assert live(redis, keys) == "old"


def test_a_slow_publisher_never_overrides_a_later_one(redis: Redis, keys: Keys, meddle: Meddle) -> None:
    """Whoever claimed first and flips last is refused: the fence only grows."""
    slow = meddle(lambda: live(redis, keys) or put(redis, keys, NEW, "later"))
    with pytest.raises(Misconfigured, match="another publisher was faster"):
        put(slow, keys, OLD, "earlier")
    assert redis.get(keys.current) == "later 2"


def test_of_two_who_write_one_generation_the_first_does_not_publish_it(
    services: Servers, redis: Redis, keys: Keys, meddle: Meddle
) -> None:
    """Whoever claimed it last owns it, even one that has died since: its buckets may be of both."""

    def claim_and_die() -> None:
        if redis.hget(keys.meta("g1"), "fence") == "1":
            with pytest.raises(DependencyAway):
                put(dying_after(services, 1), keys, NEW)

    first = meddle(claim_and_die)
    with pytest.raises(Misconfigured, match="another publisher was faster"):
        put(first, keys, OLD)
    assert live(redis, keys) is None


def test_an_abandoned_generation_that_is_published_after_all_stays(services: Servers, redis: Redis, keys: Keys) -> None:
    """Its expiry, set meanwhile, is taken back."""
    with pytest.raises(DependencyAway):
        put(dying_after(services, 3), keys, NEW, "late")
    for name in ("g1", "g2"):
        put(redis, keys, NEW, name)
    assert redis.ttl(keys.meta("late")) > 0
    put(redis, keys, NEW, "late")
    assert {redis.ttl(keys.meta("late")), *(redis.ttl(keys.bucket("late", number)) for number in range(4))} == {-1}


def test_the_fence_grows_even_where_its_key_was_lost(redis: Redis, keys: Keys) -> None:
    """The pointer remembers it too."""
    for name in ("g1", "g2"):
        put(redis, keys, OLD, name)
    redis.delete(f"{keys.prefix}fence")
    assert put(redis, keys, OLD, "g3").fence == 3


def test_all_but_the_last_two_expire(services: Servers, redis: Redis, keys: Keys) -> None:
    """The live one and the one it replaced stay for good; older ones, published or abandoned, go after a grace."""
    with pytest.raises(DependencyAway):
        put(dying_after(services, 3), keys, NEW, "abandoned")
    for name in ("g1", "g2", "g3"):
        put(redis, keys, NEW, name)
    left = {name: (redis.ttl(keys.meta(name)), redis.ttl(keys.bucket(name, 3))) for name in ("g1", "g2", "g3")}
    assert left == {"g1": (GRACE_S, GRACE_S), "g2": (-1, -1), "g3": (-1, -1)}
    assert redis.ttl(keys.meta("abandoned")) > 0
    assert redis.hget(keys.bucket("g1", 3), "300") == "0.300000"


def test_it_is_published_although_nothing_could_be_expired(redis: Redis, keys: Keys, meddle: Meddle) -> None:
    """Tidying up is not worth a failure, and the next publication does it."""
    for name in ("g1", "g2"):
        put(redis, keys, NEW, name)
    lost: Any = meddle(lambda: setattr(lost, "xrange", fail))
    assert put(lost, keys, NEW, "g3").fence == 3
    assert (live(redis, keys), redis.ttl(keys.meta("g1"))) == ("g3", -1)
    put(redis, keys, NEW, "g4")
    assert [redis.ttl(keys.meta(name)) > 0 for name in ("g1", "g2", "g3")] == [True, True, False]


def test_the_log_tells_who_published_what(redis: Redis, keys: Keys) -> None:
    """One entry when it began, one when it went live, with what it replaced."""
    put(redis, keys, OLD, "g1")
    put(redis, keys, NEW, "g2")
    told: Any = redis.xrange(keys.log)
    assert [(each["generation"], each["event"], each.get("replaced")) for _, each in told] == [
        ("g1", "writing", None),
        ("g1", "published", ""),
        ("g2", "writing", None),
        ("g2", "published", "g1"),
    ]


def test_nothing_is_current_before_the_first(redis: Redis, keys: Keys) -> None:
    """That is no error: decisions are made without churn."""
    assert read_current(redis, keys) is None


def test_a_pointer_that_leads_nowhere_is_named(redis: Redis, keys: Keys) -> None:
    """As after an eviction."""
    put(redis, keys, OLD)
    redis.delete(keys.meta("g1"))
    with pytest.raises(Misconfigured, match="names generation 'g1'") as wrong:
        read_current(redis, keys)
    assert "evict" in wrong.value.fix


def test_a_redis_that_is_away_is_said_to_be_away(keys: Keys) -> None:
    """Exit code 69: the same call may succeed later."""
    with pytest.raises(DependencyAway, match="Redis does not answer"):
        put(Redis.from_url("redis://127.0.0.1:1/0"), keys, OLD)


def test_a_redis_that_refuses_is_said_to_refuse(redis: Redis, keys: Keys) -> None:
    """Exit code 78: a key of another kind, a missing right, a replica."""
    redis.set(keys.log, "no stream")
    with pytest.raises(Misconfigured, match="Redis refuses"):
        put(redis, keys, OLD)
