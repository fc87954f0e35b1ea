"""What each reason for a dead letter means to people, and what they can do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.verdicts import Reason

LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Meaning:
    what: str
    do: str


REASONS: Final[Mapping[Reason, Meaning]] = {
    Reason.EMPTY: Meaning(
        "The record has no value.",
        "Deletions (tombstones) have no place in an event log: stop the producer from sending them, and see that the "
        "topic is not compacted.",
    ),
    Reason.UNKNOWN_FRAMING: Meaning(
        "The first byte is none of those a value may begin with.",
        "Look at the first bytes of the value: text, Protobuf and bare Avro are not read. Write one of the "
        "[framings](topics.md#framings).",
    ),
    Reason.UNKNOWN_SCHEMA: Meaning(
        "The value names a schema that cannot be found or cannot be used: the fingerprint is of no bundled contract, "
        "the registry does not know the id, the schema is not an Avro record, or no registry is set.",
        "Set [registry.url](settings.md#registryurl) where values are in Confluent framing; otherwise upgrade to the "
        "release that has the contract, or register the schema.",
    ),
    Reason.TRUNCATED: Meaning(
        "The value ends before the record does.",
        "Some program between producer and topic cut it, or the wrong schema was named: compare with the schema it "
        "says it was written with.",
    ),
    Reason.TRAILING_BYTES: Meaning(
        "Bytes are left after the record's end.",
        "The value was written with another schema than it names, or two records were put into one: one record each.",
    ),
    Reason.INVALID_ENCODING: Meaning(
        "The bytes are not what the schema says, or what was written with it cannot be read as a transaction.",
        "Check that producers write with the schema they name, and that it is compatible with the contract.",
    ),
    Reason.INVALID_UTF8: Meaning(
        "A text is not valid UTF-8.",
        "Make the producer encode its texts; a Latin-1 database behind it is the usual cause.",
    ),
    Reason.INVALID_JSON: Meaning(
        "The value begins like JSON and is not.",
        "Use a JSON library rather than string formatting; NaN and Infinity are not JSON.",
    ),
    Reason.MISSING_FIELD: Meaning(
        "A required field is absent or null.",
        "Fill it: the [contract](topics.md#transaction-v1) says which fields are required.",
    ),
    Reason.WRONG_TYPE: Meaning(
        "A field has another type: a number as text, a decimal where minor units are whole, a time without its zone.",
        "Nothing is converted silently; send the type that the [contract](topics.md#transaction-v1) has.",
    ),
    Reason.EMPTY_FIELD: Meaning(
        "A required text is empty.",
        "Fill it, or do not send the event: without its ids it cannot be scored.",
    ),
    Reason.TOO_LONG: Meaning(
        "A text is longer than the [contract](topics.md#transaction-v1) allows.",
        "Ids are tokens: shorten or hash them. A memo is cut by the producer.",
    ),
    Reason.AMOUNT_OUT_OF_RANGE: Meaning(
        "The amount is negative or beyond 100,000,000,000 minor units.",
        "Send refunds as events of their own kind, not as negative amounts; check that the unit is minor units.",
    ),
    Reason.TIME_OUT_OF_RANGE: Meaning(
        "The event time is before 2000 or not before 2100.",
        "It is in milliseconds since 1970, UTC; seconds and microseconds are the usual mistakes.",
    ),
    Reason.CURRENCY_INVALID: Meaning(
        "The currency is not three capital letters.",
        "Send the ISO 4217 code, such as EUR.",
    ),
    Reason.FIELD_OUT_OF_RANGE: Meaning(
        "An optional field has a value it cannot have: category, country, latitude or longitude.",
        "Leave out what is not known: null is always allowed there.",
    ),
    Reason.KEY_MISMATCH: Meaning(
        "The key is missing or is not the card id, or the partition does not fit it; refused because "
        "[checks.strict_keys](settings.md#checksstrict_keys) is on.",
        "Make producers use the card id as key and one partitioner; until then turn strict_keys off, and such records "
        "are scored and [marked](topics.md#marks).",
    ),
    Reason.CARD_NUMBER: Meaning(
        "A card id or memo looks like a real card number; refused because "
        "[checks.reject_pans](settings.md#checksreject_pans) is on. The value is replaced by its hash.",
        "Tokenise before publishing. The number still stands in the input topic: delete it there.",
    ),
    Reason.SKIPPED: Meaning(
        "An operator ordered that this record is not decided; it was not looked at and is not remembered of its card.",
        "`fraudstream operate show` tells who ordered it and why. Once the cause is mended, it can be "
        "[replayed](#replaying).",
    ),
}


def plain(text: str) -> str:
    """Without links and code marks."""
    return LINK.sub(r"\1", text).replace("`", "")
