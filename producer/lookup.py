"""Finds a transaction by its id on the input topic, the newest first: nothing there is indexed by event.

Spans of time are read one after the other, from now backwards, each longer than the one before. A record is decoded
only when the id's bytes stand in it. No group is joined, nothing is committed.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from producer.columns import to_rows
from producer.topic_log import PATIENCE_SECONDS, Offsets, TopicLog
from schemas.lot import Checks, Decoder, Raw
from schemas.reading import may_hold
from schemas.registry import Registry
from schemas.settings import Settings

FIRST_MS: Final = 3_600_000
GROWTH: Final = 6


class Lookup:
    """`say` hears, in words, which span is being read."""

    def __init__(self, settings: Settings, say: Callable[[str], None], patience: float = PATIENCE_SECONDS) -> None:
        self._say = say
        self._log = TopicLog(settings, settings.topics.transactions, patience)
        self._decoder = Decoder(Registry.of(settings), Checks())

    def close(self) -> None:
        self._log.close()

    def find(self, event_id: str, within_ms: int, now_ms: int) -> dict[str, Any] | None:
        """The transaction, as a row of its contract; None when none of that time has the id."""
        upper = self._log.ends()
        for span_ms in _spans(within_ms):
            self._say(f"looking for {event_id} among the {self._log.topic} of the last {span_ms / FIRST_MS:,.4g} h")
            lower = self._log.at(now_ms - span_ms, upper)
            if found := self._among(event_id, lower, upper):
                return found
            upper = lower
        return None

    def _among(self, event_id: str, lower: Offsets, upper: Offsets) -> dict[str, Any] | None:
        """The last one of those offsets, partition by partition."""
        found = None
        for messages in self._log.messages(lower, upper):
            likely = [each for each in messages if may_hold(each.value(), event_id.encode())]
            for row in to_rows(self._decoder.decode(Raw.of(likely)).rows) if likely else ():
                found = row if row["event_id"] == event_id else found
        return found


def _spans(within_ms: int) -> Iterator[int]:
    span_ms = FIRST_MS
    while span_ms < within_ms:
        yield span_ms
        span_ms *= GROWTH
    yield within_ms
