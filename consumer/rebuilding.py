"""The state of cards that a group would have, folded from the log up to an offset and written as its snapshots.

As the scorer does it: from the newest snapshot of that group, else from the log, decoded and checked the same way, what
was ordered to be skipped skipped. So it goes on where it was left, and whoever starts afterwards goes on from there.
No group is joined, and nothing is committed.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from consumer import clients, keeping
from consumer.point import Point
from consumer.replaying.log import Log
from consumer.skips import decoded
from consumer.state import State
from consumer.trouble import Trouble
from schemas.lot import Checks, Decoder, Raw
from schemas.registry import Registry
from schemas.settings import Settings
from schemas.standing import Standing

IDENTITY = "fraudstream-rebuild"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Of one partition: folded from `begin` up to `end`; `cold_since_ms` where the log did not reach back."""

    partition: int
    begin: int
    end: int
    records: int
    cards: int
    cold_since_ms: int | None


class Rebuilder:
    """`settings` are those of the group that is to begin. One partition is in memory at a time."""

    def __init__(self, settings: Settings, standing: Standing) -> None:
        self._settings, self._standing = settings, standing
        self._log = Log(settings, settings.topics.transactions)
        self._client = clients.label_consumer(settings, IDENTITY, Trouble("state"))
        admin = clients.admin(settings, IDENTITY, Trouble("state"))
        self._origin = keeping.asked(settings, self._client, admin, len(self._log.ends))
        checks = settings.checks
        self._decoder = Decoder(
            Registry.of(settings),
            Checks(checks.strict_keys, checks.reject_pans, settings.kafka.partitioner, len(self._log.ends)),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with closing(self._log):
            self._client.close()

    def fold(self, partition: int, end: int, say: Callable[[int], None]) -> Rebuilt:
        """`say` hears how many records were folded."""
        state = keeping.state_at_rest(self._settings, self._client, self._origin)
        begin, records = (state.restore(partition, Point(end)) or Point(0)).offset, 0
        for messages in self._log.messages(partition, begin, end):
            raw = Raw.of(messages)
            state.remember(raw, decoded(self._decoder, raw, self._standing).rows)
            state.write_due({})
            records += len(messages)
            say(records)
        state.close({})
        return _told(state, partition, begin, end, records)


def _told(state: State, partition: int, begin: int, end: int, records: int) -> Rebuilt:
    return Rebuilt(partition, begin, end, records, state.cards, state.folds[partition].cold_since_ms)
