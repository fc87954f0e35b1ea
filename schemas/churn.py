"""Where churn scores stand in Redis. Anyone may read them with these keys; `prefix` is a setting, `churn:` by default.

    churn:current               "<generation> <fence>"
    churn:fence                 the highest fence number given out; it only grows
    churn:lock                  who is publishing, as JSON; it expires unless its holder renews it
    churn:meta:<generation>     hash: what `Meta` has, and last_bucket, last_chunk, status, fence, replaced;
                                after customers were erased: how many (erased), and the first digest (digest_published)
    churn:<generation>:<n>      hash: customer id -> score with six decimals
    churn:snap:<generation>:<i> string: the i-th part of all customers, ascending by number, as `models.churn.packed`
    churn:log                   capped stream of publications and rollbacks

The bucket of a customer is its id // 100 where ids are dense canonical decimals (rule `dense`), else CRC32 of the id
modulo the count of buckets (rule `crc32`); meta says which.
"""

import json
import re
import zlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Self

IDS_PER_BUCKET: Final = 100
CRC32_IDS_PER_BUCKET: Final = 64
SCALE: Final = 1_000_000
DECILES: Final = 10
NAME: Final = re.compile(r"(?!(?:meta|snap)$)[A-Za-z0-9._-]{1,64}")
"""Of a generation; `meta` and `snap` are the second part of other keys."""


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

    @property
    def fence(self) -> str:
        return f"{self.prefix}fence"

    @property
    def lock(self) -> str:
        return f"{self.prefix}lock"

    def meta(self, generation: str) -> str:
        return f"{self.prefix}meta:{generation}"

    def bucket(self, generation: str, number: int) -> str:
        return f"{self.prefix}{generation}:{number}"

    def chunk(self, generation: str, number: int) -> str:
        return f"{self.prefix}snap:{generation}:{number}"


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a generation, wherever it is kept. `digest` is of its packed form; times have a zone."""

    generation: str
    as_of: datetime
    published_at: datetime
    rows: int
    mean: int
    rule: BucketRule
    chunks: int
    digest: str
    quantiles: tuple[int, ...]
    """The nine bounds between deciles, ascending, in millionths."""
    deciles: tuple[int, ...]
    """How many customers are in each; not a tenth where many have one score."""
    model: str
    model_digest: str

    def decile(self, millionths: int) -> int:
        """1 to 10: one more than the number of bounds it reaches."""
        return 1 + bisect_right(self.quantiles, millionths)

    def fields(self) -> dict[str, str]:
        return {
            "as_of": instant(self.as_of),
            "published_at": instant(self.published_at),
            "rows": str(self.rows),
            "mean": to_text(self.mean),
            "rule": self.rule.name,
            "buckets": str(self.rule.buckets),
            "chunks": str(self.chunks),
            "digest": self.digest,
            "quantiles": json.dumps(self.quantiles),
            "deciles": json.dumps(self.deciles),
            "model": self.model,
            "model_digest": self.model_digest,
        }

    @classmethod
    def read(cls, generation: str, fields: Mapping[str, str]) -> Self:
        """Raises ValueError where something is missing or is not what `fields` writes."""
        try:
            return cls(
                generation=generation,
                as_of=_zoned(fields["as_of"]),
                published_at=_zoned(fields["published_at"]),
                rows=int(fields["rows"]),
                mean=from_text(fields["mean"]),
                rule=BucketRule(int(fields["buckets"])),
                chunks=int(fields["chunks"]),
                digest=fields["digest"],
                quantiles=_integers(fields["quantiles"], DECILES - 1),
                deciles=_integers(fields["deciles"], DECILES),
                model=fields["model"],
                model_digest=fields["model_digest"],
            )
        except KeyError as error:
            raise ValueError(f"{error.args[0]} is missing") from None


def instant(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()


def _zoned(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} says no zone")
    return time


def _integers(text: str, count: int) -> tuple[int, ...]:
    numbers = json.loads(text)
    if not isinstance(numbers, list) or len(numbers) != count or not all(type(each) is int for each in numbers):
        raise ValueError(f"{text} is not a list of {count} numbers")
    return tuple(numbers)


def to_text(millionths: int) -> str:
    return f"{millionths // SCALE}.{millionths % SCALE:06d}"


def from_text(text: str) -> int:
    """Millionths. Raises ValueError on anything `to_text` does not write."""
    whole, point, fraction = text.partition(".")
    millionths = int(whole) * SCALE + int(fraction)
    if not point or to_text(millionths) != text or not 0 <= millionths <= SCALE:
        raise ValueError("not a score with six decimals")
    return millionths
