"""Churn generations in Redis as a publisher leaves them, without its checks: for readers to be tried on."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from redis import Redis

from models.churn.packed import Packed, digest, packed
from models.churn.volume import parts
from models.hashing import hash_strings
from schemas.churn import BucketRule, Keys, Meta, to_text

AS_OF = datetime(2026, 1, 5, tzinfo=UTC)
AS_OF_MS = round(AS_OF.timestamp() * 1000)
OLDER = ("chunks", "digest", "quantiles", "deciles", "model_digest")
"""What releases that published no chunks did not say."""


def pack(scores: Mapping[str, int]) -> Packed:
    return packed(hash_strings(pa.array(list(scores), pa.string())), np.array(list(scores.values()), np.uint32))


def meta_of(
    name: str, scores: Mapping[str, int], *, chunks: int = 2, buckets: int = 0, as_of: datetime = AS_OF
) -> Meta:
    return Meta(
        generation=name,
        as_of=as_of,
        published_at=as_of,
        rows=len(scores),
        mean=round(sum(scores.values()) / len(scores)),
        rule=BucketRule(buckets),
        chunks=chunks,
        digest=digest([pack(scores)]),
        quantiles=(100_000,) * 9,
        deciles=(len(scores),) * 10,
        model="churn/1",
        model_digest="0" * 64,
    )


def chunks_of(scores: Mapping[str, int], count: int) -> list[bytes]:
    whole = pack(scores)
    rows = -(-len(whole) // count)
    found = [each.chunk() for each in parts(whole, rows)]
    return found + [b""] * (count - len(found))


def write(
    redis: Redis, keys: Keys, meta: Meta, scores: Mapping[str, int], *, fence: int = 1, older: bool = False
) -> None:
    """`redis` may give texts or bytes."""
    fields = {name: text for name, text in meta.fields().items() if not (older and name in OLDER)}
    with redis.pipeline() as pipeline:
        pipeline.hset(keys.meta(meta.generation), mapping=fields)
        for customer, score in scores.items():
            pipeline.hset(keys.bucket(meta.generation, meta.rule.bucket(customer) or 0), customer, to_text(score))
        for number, chunk in enumerate([] if older else chunks_of(scores, meta.chunks)):
            pipeline.set(keys.chunk(meta.generation, number), chunk)
        pipeline.set(keys.current, f"{meta.generation} {fence}")
        pipeline.execute()


def many(seed: int, count: int = 300) -> dict[str, int]:
    rng = random.Random(seed)
    return {str(customer): rng.randrange(1_000_001) for customer in range(count)}
