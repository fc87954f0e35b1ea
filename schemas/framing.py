"""How a payload says what it is: three framings, told apart by their first bytes.

00 + 4-byte id            Confluent wire format; the id is a schema registry's
C3 01 + 8-byte fingerprint  Avro single-object encoding; needs no registry
{                         JSON, one event
"""

from enum import StrEnum
from typing import Final

from schemas.errors import DeadLetter
from schemas.verdicts import Reason

CONFLUENT_MAGIC: Final = b"\x00"
SINGLE_OBJECT_MAGIC: Final = b"\xc3\x01"
JSON_START: Final = b"{"
ID_BYTES: Final = 4
FINGERPRINT_BYTES: Final = 8
CONFLUENT_HEADER: Final = len(CONFLUENT_MAGIC) + ID_BYTES
SINGLE_OBJECT_HEADER: Final = len(SINGLE_OBJECT_MAGIC) + FINGERPRINT_BYTES


class Framing(StrEnum):
    SINGLE_OBJECT = "single-object"
    CONFLUENT = "confluent"
    JSON = "json"


CONTENT_TYPES: Final = {
    Framing.SINGLE_OBJECT: "application/avro",
    Framing.CONFLUENT: "application/vnd.confluent.avro",
    Framing.JSON: "application/json",
}


def split(value: bytes) -> tuple[Framing, bytes, int]:
    """Framing, schema key (empty for JSON) and where the payload starts."""
    if value.startswith(CONFLUENT_MAGIC):
        return Framing.CONFLUENT, _key(value, len(CONFLUENT_MAGIC), CONFLUENT_HEADER), CONFLUENT_HEADER
    if value.startswith(SINGLE_OBJECT_MAGIC):
        return Framing.SINGLE_OBJECT, _key(value, len(SINGLE_OBJECT_MAGIC), SINGLE_OBJECT_HEADER), SINGLE_OBJECT_HEADER
    if value.startswith(JSON_START):
        return Framing.JSON, b"", 0
    if not value:
        raise DeadLetter(Reason.EMPTY, "the record has no value")
    raise DeadLetter(Reason.UNKNOWN_FRAMING, f"first byte is {value[0]:#04x}")


def _key(value: bytes, start: int, end: int) -> bytes:
    if len(value) < end:
        raise DeadLetter(Reason.TRUNCATED, f"{len(value)} bytes are too few for the {end}-byte header")
    return value[start:end]


def confluent(schema_id: int) -> bytes:
    return CONFLUENT_MAGIC + schema_id.to_bytes(ID_BYTES, "big")


def single_object(fingerprint: bytes) -> bytes:
    return SINGLE_OBJECT_MAGIC + fingerprint
