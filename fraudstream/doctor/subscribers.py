"""What those who read the flags should know; there is nothing to ask them."""

from collections.abc import Iterator

from fraudstream.doctor.finding import Finding, info
from schemas.settings import Settings


def check(settings: Settings) -> Iterator[Finding]:
    flags = settings.topics.flags
    if settings.score.delivery == "exactly_once":
        fix = "isolation.level=read_committed in every reader of it"
        yield info(flags, "a reader of uncommitted records also sees decisions that were never made", fix)
    else:
        yield info(flags, "a decision may come twice", "let readers keep the first of each event_id")
