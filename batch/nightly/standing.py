"""What Redis has: which generation is live, what is known of it, what is in it, what happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from redis import Redis

from batch.nightly.line import Line, text, texts
from batch.nightly.publication import Publication
from models.churn.packed import Packed, SameNumber, digest, packed
from models.hashing import hash_strings
from schemas.churn import Keys, Meta, from_text
from schemas.errors import Misconfigured

PUBLISHED: Final = "published"
FIX_LOST: Final = "run the nightly job again, or go back: fraudstream nightly rollback; let this Redis evict nothing"


@dataclass(frozen=True, slots=True)
class Standing:
    """`status` is writing, published or abandoned; `expires_s` how long it is kept still, None where for good."""

    meta: Meta
    status: str
    fence: int
    replaced: str
    expires_s: int | None


@dataclass(frozen=True, slots=True)
class Pointer:
    generation: str
    fence: int


def pointer(redis: Redis, keys: Keys) -> Pointer | None:
    client: Any = redis
    words = text(client.get(keys.current) or "").split()
    return Pointer(words[0], int(words[1])) if words else None


def standing(redis: Redis, keys: Keys, generation: str) -> Standing | None:
    """None: it is not there, or not all that should be known of it is."""
    client: Any = redis
    fields = texts(client.hgetall(keys.meta(generation)))
    try:
        meta = Meta.read(generation, fields)
        left = int(client.ttl(keys.meta(generation)))
        return Standing(
            meta, fields["status"], int(fields["fence"]), fields.get("replaced", ""), left if left >= 0 else None
        )
    except (ValueError, KeyError):
        return None


def live(redis: Redis, keys: Keys) -> Standing | None:
    """None: nothing was ever published. Raises Misconfigured where the pointer leads nowhere."""
    found = pointer(redis, keys)
    if found is None:
        return None
    known = standing(redis, keys, found.generation)
    if known is None:
        meta = keys.meta(found.generation)
        said = f"{keys.current} names generation {found.generation!r}, but {meta} is gone or incomplete"
        raise Misconfigured(said, fix=FIX_LOST)
    return known


def events(redis: Redis, keys: Keys, most: int) -> list[dict[str, str]]:
    """The newest first."""
    client: Any = redis
    return [texts(fields) for _, fields in client.xrevrange(keys.log, count=most)]


def generations(redis: Redis, keys: Keys) -> list[str]:
    """Those that the log knows, the newest first."""
    return list(dict.fromkeys(each["generation"] for each in events(redis, keys, 1_000_000) if "generation" in each))


def stored(redis: Redis, keys: Keys, meta: Meta, last_bucket: int) -> Packed:
    """What its buckets hold. Raises Misconfigured naming a bucket that holds something else than scores."""
    numbers, scores = [], []
    for part_numbers, part_scores in _parts(redis, keys, meta.generation, last_bucket):
        numbers.append(part_numbers)
        scores.append(part_scores)
    try:
        return packed(np.concatenate(numbers), np.concatenate(scores))
    except SameNumber as error:
        raise Misconfigured(f"generation {meta.generation!r}: {error}", fix=FIX_LOST) from None


def verify(redis: Redis, keys: Keys, meta: Meta) -> None:
    """Raises Misconfigured where buckets, chunks and digest do not say the same of every customer."""
    client: Any = redis
    last = client.hget(keys.meta(meta.generation), "last_bucket")
    whole = stored(redis, keys, meta, int(last or -1))
    said = None
    if len(whole) != meta.rows:
        said = f"the buckets of {meta.generation!r} hold {len(whole):,} customers, not {meta.rows:,}"
    elif digest([whole]) != meta.digest:
        said = f"the buckets of {meta.generation!r} hold other scores than were published"
    elif digest(Publication(redis, keys).chunks(meta)) != meta.digest:
        said = f"the packed form of {meta.generation!r} holds other scores than were published"
    if said:
        raise Misconfigured(said, fix=FIX_LOST)


def _parts(redis: Redis, keys: Keys, generation: str, last_bucket: int) -> Iterator[tuple[Any, Any]]:
    answers = Line(redis).each(range(last_bucket + 1), lambda number: ("HGETALL", keys.bucket(generation, number)))
    ids: list[str] = []
    scores: list[int] = []
    for number, answer in enumerate(answers):
        fields = answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2], strict=True))
        ids += map(text, fields)
        try:
            scores += [from_text(text(each)) for each in fields.values()]
        except ValueError as error:
            raise Misconfigured(f"{keys.bucket(generation, number)}: {error}", fix=FIX_LOST) from None
        if len(ids) > 1 << 16:
            yield hash_strings(pa.array(ids, pa.string())), np.array(scores, np.uint32)
            ids, scores = [], []
    yield hash_strings(pa.array(ids, pa.string())), np.array(scores, np.uint32)
