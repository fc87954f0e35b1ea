"""Where an event is: the decision on it, or the record itself where no decision was published."""

from collections.abc import Iterator
from typing import Any

from consumer.replaying.archive import Archive
from consumer.replaying.log import Log
from consumer.replaying.matching import CLOCKS_MS
from schemas.errors import DeadLetter, Usage
from schemas.lot import Raw
from schemas.reading import may_hold

Place = tuple[int, int]
"""Partition and offset in the input."""


def find(archive: Archive, event_id: str, since_ms: int | None = None, until_ms: int | None = None) -> Place:
    """The first decision on it, else the first record. Raises Usage where there is neither.

    `since_ms` and `until_ms` are times of input records.
    """
    for log in archive.published.values():
        early = None if since_ms is None else since_ms - CLOCKS_MS
        for message in _naming(log, event_id, early, None):
            try:
                fields = archive.decisions.read(message.value())
            except DeadLetter:
                continue
            if fields["event_id"] == event_id:
                return fields["source"]["partition"], fields["source"]["offset"]
    for message in _naming(archive.transactions, event_id, since_ms, until_ms):
        rows = archive.decoder.decode(Raw.of([message])).rows
        if rows["event_id"].to_pylist() == [event_id]:
            return message.partition(), message.offset()
    raise Usage(
        f"there is neither a decision nor a transaction of {event_id!r} in {', '.join(archive.published)} and "
        f"{archive.transactions.topic}",
        fix="look whether the id is right; topics keep records for a time, which `fraudstream topics check` tells",
    )


def _naming(log: Log, event_id: str, since_ms: int | None, until_ms: int | None) -> Iterator[Any]:
    """Records that have these letters somewhere."""
    wanted = event_id.encode()
    for partition, end in log.ends.items():
        start = log.begins[partition] if since_ms is None else log.offset_at(partition, since_ms)
        last = end if until_ms is None else log.offset_at(partition, until_ms)
        for messages in log.messages(partition, start, last):
            for each in messages:
                if may_hold(each.value(), wanted):
                    yield each
