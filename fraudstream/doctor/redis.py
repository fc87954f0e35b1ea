"""Redis and the churn scores in it: does it answer, will it keep what it is given, is there a generation to read.

Scoring goes on without Redis, so a missing generation is no error; one that the pointer names and that is not there is.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.retry import Retry

from batch.generation import Current, read_current
from fraudstream.doctor.finding import Finding, away, failed, info, ok, warning, wrong
from schemas.churn import IDS_PER_BUCKET, Keys
from schemas.errors import FraudstreamError
from schemas.settings import Settings
from schemas.settings.masking import masked

ANSWER_S: Final = 2.0
OLDEST: Final = (6, 2)
DAY: Final = 24
LIMITS: Final = ("hash-max-listpack-entries", "hash-max-ziplist-entries")
"""The same limit, after and before Redis 7."""

START: Final = "start Redis (`fraudstream up` starts one on this machine) or name another with --redis"
LOGIN: Final = "correct user and password in redis.url, as in redis://user:password@host:port/0"
KEEP: Final = "redis-cli config set maxmemory-policy noeviction"
NIGHT: Final = "let the nightly job publish one; until then decisions are made without churn"


def check(settings: Settings) -> Iterator[Finding]:
    client, where = _client(settings), masked(settings.redis.url.get_secret_value())
    try:
        server = client.info()
    except AuthenticationError as error:
        yield wrong(where, f"the login fails: {error}", LOGIN)
    except ResponseError as error:
        yield wrong(where, f"it refuses us: {error}", f"{LOGIN}; allow this user INFO, GET, HGET, HGETALL, HMGET")
    except (RedisError, OSError) as error:
        yield away(where, f"it does not answer: {masked(str(error))}", START)
    else:
        yield from _server(where, server)
        yield from _limits(where, client)
        yield from _generation(client, settings, datetime.now(UTC))


def _client(settings: Settings) -> Any:  # noqa: ANN401 - the client's answers are half typed
    return Redis.from_url(
        settings.redis.url.get_secret_value(),
        decode_responses=True,
        socket_timeout=ANSWER_S,
        socket_connect_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),
    )


def _server(where: str, server: Mapping[str, Any]) -> Iterator[Finding]:
    version = str(server.get("redis_version", "unknown"))
    yield ok(where, f"answers: version {version}")
    numbers = tuple(int(each) for each in version.split(".")[:2] if each.isdigit())
    if numbers and numbers < OLDEST:
        yield warning(where, f"version {version} is older than any this is tested with", "use Redis 6.2 or newer")
    if server.get("cluster_enabled"):
        what = "it is a cluster: the keys of one publication would lie on several nodes"
        yield wrong(where, what, "name a Redis without cluster mode in redis.url")
    policy = str(server.get("maxmemory_policy", "noeviction"))
    if policy.startswith("allkeys"):
        yield warning(where, f"maxmemory-policy {policy} lets it drop churn scores that are in use", KEEP)
    elif policy != "noeviction":
        yield warning(where, f"maxmemory-policy {policy} lets it drop the generations kept for going back", KEEP)


def _limits(where: str, client: Any) -> Iterator[Finding]:  # noqa: ANN401 - the client's answers are half typed
    try:
        found = client.config_get("hash-max-*-entries")
    except ResponseError:
        yield info(where, "its hash limits could not be read: this user may not CONFIG GET")
        return
    limit = next((int(found[name]) for name in LIMITS if name in found), None)
    if limit is not None and limit < IDS_PER_BUCKET:
        name = next(name for name in LIMITS if name in found)
        what = f"{name} is {limit}: buckets of {IDS_PER_BUCKET} customers take about five times the memory"
        yield warning(where, what, f"redis-cli config set {name} 128")


def _generation(client: Any, settings: Settings, now: datetime) -> Iterator[Finding]:  # noqa: ANN401
    keys = Keys(settings.redis.prefix)
    try:
        current = read_current(client, keys)
    except FraudstreamError as error:
        yield failed(keys.current, error)
        return
    if current is None:
        yield info(keys.current, "no churn scores have been published", NIGHT)
        return
    yield ok(keys.current, _said(current, now))
    if now - current.as_of > timedelta(milliseconds=settings.enrich.max_age_ms):
        what = (
            f"its scores are {_age(now - current.as_of)} old, and stale after enrich.max_age {settings.enrich.max_age}"
        )
        yield warning(keys.current, f"{what}: its mean is weighed for everybody", "see why the nightly job is late")
    if settings.enrich.mode == "replica" and "chunks" not in client.hgetall(keys.meta(current.generation)):
        what = "it was published without chunks to copy: scorers ask for its customers lot by lot"
        yield warning(keys.current, what, "publish with this release; the next nightly job does")


def _said(current: Current, now: datetime) -> str:
    age = _age(now - current.published_at)
    return f"generation {current.generation}: {current.rows} customers, rule {current.rule.name}, published {age} ago"


def _age(age: timedelta) -> str:
    hours = max(age, timedelta()) / timedelta(hours=1)
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.0f} hours" if hours < 2 * DAY else f"{hours / DAY:.0f} days"
