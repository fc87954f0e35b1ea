"""A generation as one file that is read in place: what is known of it, then every number, then every score.

8 bytes   FSCHURN1
4 bytes   length of what follows up to the numbers, little-endian
JSON      what is known of it, one key and text for each fact, filled up with spaces: the numbers begin at a
          multiple of 64 bytes
numbers   8 bytes for each customer, ascending, little-endian
scores    4 bytes for each customer, millionths, little-endian
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from models.artefact.canonical import canonical
from models.churn.packed import ENTRY_BYTES, Packed, digest, unpacked
from schemas.churn import Meta

MAGIC: Final = b"FSCHURN1"
FRONT: Final = struct.Struct(f"<{len(MAGIC)}sI")
ALIGNED: Final = 64
"""A line of the processor's cache, and a multiple of every number's size."""
SUFFIX: Final = ".churn"
BELOW: Final = "churn"
"""The folder of such files in an archive."""
ROWS_AT_ONCE: Final = 1 << 18
"""What a digest copies at a time."""


class Damaged(ValueError):
    """These bytes are not a generation, not a whole one, or not the one they say they are."""


@dataclass(frozen=True, slots=True)
class Volume:
    meta: Meta
    packed: Packed


def head(meta: Meta, besides: Mapping[str, str] | None = None) -> bytes:
    """Everything before the numbers; `besides` is told, and read by nobody."""
    facts = canonical(meta.fields() | {"generation": meta.generation, **(besides or {})})
    room = -(FRONT.size + len(facts)) % ALIGNED
    return FRONT.pack(MAGIC, len(facts) + room) + facts + b" " * room


def volume(meta: Meta, packed: Packed) -> bytes:
    return head(meta) + packed.chunk()


def size(meta: Meta) -> int:
    return len(head(meta)) + ENTRY_BYTES * meta.rows


def opened(content: bytes | memoryview, *, whole: bool = True) -> Volume:
    """Reads in place. Raises Damaged. Where not `whole`, scores are taken to be those of the digest."""
    meta, begin = _head(memoryview(content))
    found = len(content) - begin
    if found != ENTRY_BYTES * meta.rows:
        raise Damaged(f"{found} bytes of customers are not {ENTRY_BYTES} for each of {meta.rows}")
    try:
        packed = unpacked(memoryview(content)[begin:])
    except ValueError as error:
        raise Damaged(str(error)) from None
    if whole and digest(parts(packed)) != meta.digest:
        raise Damaged("the customers are not those of the digest")
    return Volume(meta, packed)


def parts(packed: Packed, rows: int = ROWS_AT_ONCE) -> list[Packed]:
    """Consecutive ones, without a copy."""
    return [Packed(packed.numbers[at : at + rows], packed.scores[at : at + rows]) for at in range(0, len(packed), rows)]


def _head(content: memoryview) -> tuple[Meta, int]:
    if len(content) < FRONT.size:
        raise Damaged("too short to be a generation")
    magic, length = FRONT.unpack_from(content)
    begin = FRONT.size + length
    if magic != MAGIC:
        raise Damaged(f"it does not begin with {MAGIC.decode()}")
    if begin % ALIGNED or begin > len(content):
        raise Damaged("what is known of it is cut short")
    try:
        return _meta(json.loads(bytes(content[FRONT.size : begin]))), begin
    except (ValueError, TypeError, AttributeError) as error:
        raise Damaged(f"what is known of it cannot be read: {error}") from None


def _meta(facts: dict[str, str]) -> Meta:
    return Meta.read(facts.pop("generation"), facts)
