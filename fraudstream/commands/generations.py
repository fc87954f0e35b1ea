"""Where generations are: Redis and the archive, as the settings name them."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from redis import Redis

    from batch.nightly.archive import Archive
    from schemas.churn import Keys
    from schemas.settings import Settings

PATIENCE_S: Final = 30.0
"""So long may Redis take for a request with a whole range of customers."""
QUICK_S: Final = 2.0
"""So long for a few customers, or to say how things stand: somebody waits."""


def now() -> "datetime":
    from datetime import UTC, datetime

    return datetime.now(UTC)


def keys_of(settings: "Settings") -> "Keys":
    from schemas.churn import Keys

    return Keys(settings.redis.prefix)


def archive_of(settings: "Settings") -> "Archive | None":
    from batch.nightly.archive import Archive

    url = settings.archive.url
    return None if url is None else Archive(url.get_secret_value())


@contextmanager
def redis_of(settings: "Settings", patience_s: float = PATIENCE_S) -> "Iterator[Redis]":
    with connected(settings.redis.url.get_secret_value(), patience_s) as client:
        yield client


def connected(url: str, patience_s: float = PATIENCE_S) -> "Redis":
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(url, socket_timeout=patience_s, socket_connect_timeout=QUICK_S, retry=Retry(NoBackoff(), 0))
