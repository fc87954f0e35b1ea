"""Where churn scores stand in Redis. Anyone may read them with these keys; `prefix` is a setting, `churn:` by default.

    churn:current              "<generation> <fence>"
    churn:fence                the highest fence number given out; it only grows
    churn:meta:<generation>    hash: as_of, published_at, rows, mean, rule, buckets, last_bucket, model, status, fence
    churn:<generation>:<n>     hash: customer id -> score with six decimals
    churn:log                  capped stream of publications and rollbacks

The bucket of a customer is its id // 100 where ids are dense canonical decimals (rule `dense`), else CRC32 of the id
modulo the count of buckets (rule `crc32`); meta says which.
"""

import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

IDS_PER_BUCKET: Final = 100
CRC32_IDS_PER_BUCKET: Final = 64
SCALE: Final = 1_000_000


class Status(StrEnum):
    """What a decision knows about the churn score it used."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN_CUSTOMER = "unknown_customer"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class BucketRule:
    """`buckets` 0 is the dense rule; otherwise CRC32 modulo that many."""

    buckets: int = 0

    @property
    def name(self) -> str:
        return "crc32" if self.buckets else "dense"

    def bucket(self, customer_id: str) -> int | None:
        """None: no such customer can be in the generation."""
        if self.buckets:
            return zlib.crc32(customer_id.encode()) % self.buckets
        return int(customer_id) // IDS_PER_BUCKET if canonical(customer_id) else None


def canonical(customer_id: str) -> bool:
    """A decimal that is its own only spelling: `7`, not `007`, `+7` or an Arabic-Indic digit."""
    return (
        customer_id.isascii()
        and customer_id.isdigit()
        and len(customer_id) <= len(str(2**63))
        and (customer_id == "0" or customer_id[0] != "0")
    )


@dataclass(frozen=True, slots=True)
class Keys:
    prefix: str = "churn:"

    @property
    def current(self) -> str:
        return f"{self.prefix}current"

    @property
    def log(self) -> str:
        return f"{self.prefix}log"

    def meta(self, generation: str) -> str:
        return f"{self.prefix}meta:{generation}"

    def bucket(self, generation: str, number: int) -> str:
        return f"{self.prefix}{generation}:{number}"


def to_text(millionths: int) -> str:
    return f"{millionths // SCALE}.{millionths % SCALE:06d}"


def from_text(text: str) -> int:
    """Millionths. Raises ValueError on anything `to_text` does not write."""
    whole, point, fraction = text.partition(".")
    millionths = int(whole) * SCALE + int(fraction)
    if not point or to_text(millionths) != text or not 0 <= millionths <= SCALE:
        raise ValueError("not a score with six decimals")
    return millionths
