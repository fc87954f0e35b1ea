"""What the server is like: how large a hash may be before it takes five times the memory, and what it throws away."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any, Final

from redis import Redis
from redis.exceptions import ResponseError

from batch.nightly.line import text
from schemas.churn import CRC32_IDS_PER_BUCKET, IDS_PER_BUCKET

ENTRIES: Final = ("hash-max-listpack-entries", "hash-max-ziplist-entries")
VALUES: Final = ("hash-max-listpack-value", "hash-max-ziplist-value")
"""The same limits, after and before Redis 7."""
CAUTIOUS_ENTRIES: Final = 128
CAUTIOUS_VALUE: Final = 64
"""The lowest that any release has had by default."""
UNTOLD: Final = "unknown"
SPREAD: Final = 8
"""Standard deviations by which a bucket of a checksum may be fuller than the mean: none in a billion is."""


@dataclass(frozen=True, slots=True)
class Limits:
    entries: int = CAUTIOUS_ENTRIES
    value: int = CAUTIOUS_VALUE
    policy: str = UNTOLD
    read: bool = False
    """False: this user may not ask, so the least that servers have by default is taken."""

    @property
    def dense(self) -> bool:
        """Whether a hundred customers fit a bucket."""
        return self.entries >= IDS_PER_BUCKET

    @property
    def per_bucket(self) -> int:
        """The mean of checksum buckets of which even the fullest fits."""
        mean = CRC32_IDS_PER_BUCKET
        while mean > 1 and mean + SPREAD * (isqrt(mean - 1) + 1) > self.entries:
            mean -= 1
        return mean

    @property
    def evicts(self) -> bool:
        """Whether what is live may be thrown away: what has no expiry."""
        return self.policy.startswith("allkeys")


def read_limits(redis: Redis) -> Limits:
    client: Any = redis
    try:
        found = {text(name): text(value) for name, value in client.config_get("hash-max-*").items()}
        policy = {text(name): text(value) for name, value in client.config_get("maxmemory-policy").items()}
    except ResponseError:
        return Limits(policy=_policy(client))
    entries, value = _first(found, ENTRIES), _first(found, VALUES)
    return Limits(
        entries if entries is not None else CAUTIOUS_ENTRIES,
        value if value is not None else CAUTIOUS_VALUE,
        policy.get("maxmemory-policy", UNTOLD),
        read=entries is not None,
    )


def _policy(client: Any) -> str:  # noqa: ANN401 - half typed
    """Many who may not ask for the configuration may ask for this."""
    try:
        return str(client.info("memory").get("maxmemory_policy", UNTOLD))
    except ResponseError:
        return UNTOLD


def _first(found: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    return next((int(found[name]) for name in names if name in found), None)
