"""What the topics are called on this broker, and how they are made."""

from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.settings.group import Group, words, wrong
from schemas.topics import RULES, Role

NAMES: Final = {rule.role: rule.name for rule in RULES}

TopicName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,248}$"),
    words("up to 249 letters, digits and . _ -"),
]


class Topics(Group):
    transactions: TopicName = NAMES[Role.TRANSACTIONS]
    """What is scored, keyed by card id."""
    labels: TopicName = NAMES[Role.LABELS]
    """Verdicts, fraud and genuine, keyed by card id."""
    flags: TopicName = NAMES[Role.FLAGS]
    """The decisions that are not approve."""
    scores: TopicName = NAMES[Role.SCORES]
    """Every decision, where output.scores asks for it."""
    dlq: TopicName = NAMES[Role.DLQ]
    """Records that cannot be scored, untouched."""
    epochs: TopicName = NAMES[Role.EPOCHS]
    """What else went into the decisions: kept for ever."""
    orders: TopicName = NAMES[Role.ORDERS]
    """What operators asked of the workers and why, in one partition: kept for ever."""
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 6
    """Partitions of the topics that `topics create` makes: at least as many as workers will ever share the work."""
    replication: Annotated[int, Field(ge=1, le=100)] = 1
    """Copies of each partition in the topics that `topics create` makes; 3 on a cluster."""

    def name(self, role: Role) -> str:
        return str(getattr(self, role.value))

    @model_validator(mode="after")
    def _each_its_own(self) -> Self:
        """Two roles on one topic would make the scorer read what it writes."""
        taken: dict[str, Role] = {}
        for role in Role:
            other = taken.setdefault(self.name(role), role)
            if other is not role:
                raise wrong(f"both are {self.name(role)!r}; each needs its own", f"topics.{other}", f"topics.{role}")
        return self
