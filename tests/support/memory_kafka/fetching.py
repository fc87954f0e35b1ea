"""The partitions a consumer reads at the moment: where each stands, and what comes next."""

from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, Message
from support.memory_kafka.broker import Broker
from support.memory_kafka.group import Place
from support.memory_kafka.log import Entry

NONE = -1001
CREATE_TIME = 1
END = -1


class Fetching:
    """`positions` is where it reads on; `delivered` is what `position` tells: nothing before something came."""

    def __init__(self, broker: Broker, committed_only: bool, config: dict[str, Any]) -> None:
        self._broker, self._committed_only = broker, committed_only
        self._reset: str = config.get("auto.offset.reset", "latest")
        self._tells_ends = config.get("enable.partition.eof", False)
        self._told_ends: dict[Place, int] = {}
        self._turn = 0
        self.positions: dict[Place, int] = {}
        self.delivered: dict[Place, int] = {}
        self.paused: set[Place] = set()

    def assign(self, places: Sequence[tuple[Place, int]]) -> None:
        self.positions = dict(places)
        self.delivered, self._told_ends = {}, {}

    def take(self, most: int) -> list[Message]:
        """From one partition after the other, each as far as there is something."""
        found: list[Message] = []
        places = list(self.positions)
        self._turn += 1
        for number in range(len(places)):
            place = places[(self._turn + number) % len(places)]
            while len(found) < most and (message := self._next(place)) is not None:
                found.append(message)
        return found

    def first_since(self, place: Place, timestamp: int) -> int:
        """Markers have times as well."""
        log = self._broker.partition(place)
        for entry in log.entries[log.low : log.end_for(self._committed_only)]:
            if entry.timestamp >= timestamp:
                return entry.offset
        return END

    def _next(self, place: Place) -> Message | None:
        if place in self.paused or place not in self.positions:
            return None
        log, position = self._broker.partition(place), self.positions[place]
        if not log.low <= position <= log.high:
            return self._off_the_log(place)
        entry, self.positions[place] = log.read(position, self._committed_only)
        if self.positions[place] != position:
            self.delivered[place] = self.positions[place]
        return self._end(place) if entry is None else _message(place, entry)

    def _off_the_log(self, place: Place) -> Message | None:
        log = self._broker.partition(place)
        if self._reset == "error":
            del self.positions[place]
            return _said(place, KafkaError._AUTO_OFFSET_RESET)
        self.positions[place] = log.low if self._reset == "earliest" else log.end_for(self._committed_only)
        return self._next(place)

    def _end(self, place: Place) -> Message | None:
        """Told once for each end that is reached, where that was asked for."""
        position = self.positions[place]
        if not self._tells_ends or self._told_ends.get(place) == position:
            return None
        self._told_ends[place] = position
        return _said(place, KafkaError._PARTITION_EOF, position)


def _said(place: Place, code: int, offset: int = NONE) -> Message:
    return Message(topic=place[0], partition=place[1], offset=offset, error=KafkaError(code))


def _message(place: Place, entry: Entry) -> Message:
    record = entry.record
    assert record is not None
    return Message(
        topic=place[0],
        partition=place[1],
        offset=entry.offset,
        key=record.key,
        value=record.value,
        headers=[*record.headers] or None,
        timestamp=(CREATE_TIME, record.timestamp),
        leader_epoch=entry.epoch,
    )
