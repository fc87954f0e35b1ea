"""What those who read the flags should know; there is nothing to ask them."""

from collections.abc import Iterator
from typing import Final

from fraudstream.doctor.finding import Finding, info
from schemas.settings import Settings
from schemas.topics import Role

READ: Final = (Role.FLAGS, Role.SCORES, Role.DLQ)
COMMITTED: Final = (
    "set isolation.level=read_committed in every reader: Java's clients, and what is built on them, read uncommitted "
    "records unless told otherwise"
)


def check(settings: Settings) -> Iterator[Finding]:
    topics = ", ".join(settings.topics.name(role) for role in READ if role is not Role.SCORES or settings.output.scores)
    if settings.score.delivery == "exactly_once":
        yield info(topics, "a reader of uncommitted records also sees decisions that were never made", COMMITTED)
    else:
        yield info(topics, "a decision may come twice", "let readers keep the first of each event_id")
