"""What the marks of a decision mean to people, and what they can do about them; of reasons that is in the product."""

from collections.abc import Mapping
from typing import Final

from schemas.refusals import REASONS, Meaning
from schemas.verdicts import Mark

__all__ = ["MARKS", "REASONS", "Meaning"]

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
    Mark.SPARED: Meaning(
        "The score has reached `block_at`, and it is reviewed because the customer is likely to leave.",
        "Nothing: the policy asked for it; [churn in decisions](churn-in-decisions.md) says by which threshold.",
    ),
    Mark.RULE_ERROR: Meaning(
        "A rule could not be evaluated; the decision was made without it.",
        "See which by the metric `fraudstream_rules_total`, and try it: `fraudstream rules test FILE`.",
    ),
}
