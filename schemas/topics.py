"""The topics by role: what each is for, and how it must be kept. Their names on a broker are settings."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DAY_MS: Final = 86_400_000
FOR_EVER: Final = -1


class Role(StrEnum):
    """A topic's part in the product; also the name of its setting under `topics`."""

    TRANSACTIONS = "transactions"
    LABELS = "labels"
    FLAGS = "flags"
    SCORES = "scores"
    DLQ = "dlq"
    EPOCHS = "epochs"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class TopicRule:
    """`partitioned_like` names the topic whose partition count this one must have (`exactly`) or at least reach.

    `partitions` is how many it has whatever the others have: what is read in one order stands in one.
    """

    role: Role
    name: str
    about: str
    retention_ms: int
    partitioned_like: Role | None = None
    exactly: bool = False
    partitions: int | None = None


RULES: Final = (
    TopicRule(Role.TRANSACTIONS, "transactions", "what is scored, keyed by card id", 35 * DAY_MS),
    TopicRule(Role.LABELS, "fraud-labels", "verdicts, keyed by card id", 190 * DAY_MS, Role.TRANSACTIONS, exactly=True),
    TopicRule(Role.FLAGS, "fraud-flags", "the decisions that are not approve", 90 * DAY_MS, Role.TRANSACTIONS),
    TopicRule(Role.SCORES, "fraud-scores", "every decision, when asked for", 35 * DAY_MS, Role.TRANSACTIONS),
    TopicRule(Role.DLQ, "transactions-dlq", "records that cannot be scored, untouched", 90 * DAY_MS, Role.TRANSACTIONS),
    TopicRule(Role.EPOCHS, "fraud-epochs", "what else went into the decisions", FOR_EVER, Role.TRANSACTIONS),
    TopicRule(Role.ORDERS, "fraud-orders", "what operators asked of the workers", FOR_EVER, partitions=1),
)
