"""What the values of two closed vocabularies mean to people, and what they can do about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.verdicts import Mark, Reason


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

MARKS: Final[Mapping[Mark, Meaning]] = {
    Mark.KEY_MISSING: Meaning(
        "The record has no key, so its card's events may be spread over partitions.", "Use the card id as key."
    ),
    Mark.KEY_MISMATCH: Meaning("The key is not the card id.", "Use the card id as key, byte for byte."),
    Mark.PARTITION_MISMATCH: Meaning(
        "The partition is not the one that the card id belongs to.",
        "Let all producers use one partitioner and set [kafka.partitioner](settings.md#kafkapartitioner) to it.",
    ),
    Mark.CARD_NUMBER: Meaning("A card id or memo looks like a real card number.", "Tokenise before publishing."),
    Mark.LATE: Meaning(
        "The event is older than the newest one of its card, and was scored as of its own time.",
        "Nothing, if terminals work offline; otherwise look for a producer that lags behind the others.",
    ),
    Mark.REDELIVERED: Meaning(
        "An event of this card with the same time and id was here before; it was scored again and counts once.",
        "Turn on idempotence in the producer if there are many.",
    ),
    Mark.FUTURE: Meaning(
        "The event time lies more than five minutes after the record's own: scored as of that limit, not remembered.",
        "Set the clock of whatever makes the events, and check that times are in UTC.",
    ),
    Mark.CAPPED: Meaning(
        "The card has had so many events in 30 days that the older ones are known by the hour only.",
        "Look at the card: it is a test card, a shared one, or under attack.",
    ),
    Mark.FOREIGN_CURRENCY: Meaning(
        "The amount is in a currency without a rate, and was taken as if it were in the reference currency.",
        "Add the currency's rate.",
    ),
    Mark.COLD_STATE: Meaning(
        "The card's past does not reach back as far as the longest window.",
        "Nothing: it ends by itself; history loaded before the start avoids it.",
    ),
    Mark.LISTED: Meaning(
        "The card, customer, terminal, device or country is on a block or allow list.",
        "Nothing; [lists](policies.md#lists) says what that does.",
    ),
    Mark.EXPLORED: Meaning(
        "The score would block it, and it is reviewed instead so that its verdict becomes known.",
        "Give it the weight of all that were blocked when you count: one over the share that is "
        "[explored](policies.md#exploration).",
    ),
    Mark.RULE_ERROR: Meaning(
        "A rule could not be evaluated; the decision was made without it.",
        "See which by the metric `fraudstream_rules_total`, and try it: `fraudstream rules test FILE`.",
    ),
}
