"""Reads transactions and every decision from the topics, as any subscriber would, and counts what it sees."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import Consumer, TopicPartition

from fraudstream.decision import Decisions
from fraudstream.demo.board import ScoreBoard
from fraudstream.demo.cast import Player
from fraudstream.demo.screen import Screen
from fraudstream.subscription import consumer_settings
from schemas.registry import Fingerprints
from schemas.settings import Settings

POLL_S: Final = 0.1
AT_ONCE: Final = 500
LOOKUP_S: Final = 10.0
FETCH_WAIT_MS: Final = 20


class Audience:
    """Committed records only, without a group: all decisions, and the transactions from `since_ms` on.

    Transactions before that are in the log when this is made. `arrived` hears how far time went in it. `hurried`: it
    was asked to end, rather than coming to its end.
    """

    def __init__(
        self, reader: Consumer, settings: Settings, board: ScoreBoard, since_ms: int, arrived: Callable[[int], None]
    ) -> None:
        self.board = board
        self.hurried = False
        self._reader = reader
        self._arrived = arrived
        self._decisions = Decisions(Fingerprints())
        self._input = settings.topics.transactions
        self._flags = settings.topics.flags
        self.starts: Mapping[int, int] = self._starts(since_ms)
        inputs = [TopicPartition(self._input, number, offset) for number, offset in self.starts.items()]
        topics = [self._flags, settings.topics.scores]
        outputs = [TopicPartition(topic, number, 0) for topic in topics for number in self._partitions(topic)]
        reader.assign([*inputs, *outputs])

    def watch(
        self,
        show: Screen,
        players: Sequence[Player],
        over: Callable[[], bool],
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Until it is over; raises when a player left before."""
        while not over():
            first = self._reader.poll(POLL_S)
            for message in [*([first] if first else []), *self._reader.consume(AT_ONCE, 0)]:
                self._see(message, show)
            for player in players:
                player.check()
            meanwhile()

    def sent(self) -> int:
        """How many transactions came since."""
        return sum(self._ends()[number] - start for number, start in self.starts.items())

    def _starts(self, since_ms: int) -> dict[int, int]:
        """The ends are asked for first: where there is nothing later yet, nothing later was below them."""
        ends = self._ends()
        asked = [TopicPartition(self._input, number, since_ms) for number in ends]
        found = self._reader.offsets_for_times(asked, timeout=LOOKUP_S)
        return {each.partition: each.offset if each.offset >= 0 else ends[each.partition] for each in found}

    def _ends(self) -> dict[int, int]:
        partitions = [TopicPartition(self._input, number) for number in self._partitions(self._input)]
        return {each.partition: self._reader.get_watermark_offsets(each, LOOKUP_S)[1] for each in partitions}

    def _partitions(self, topic: str) -> list[int]:
        return list(self._reader.list_topics(topic, timeout=LOOKUP_S).topics[topic].partitions)

    def _see(self, message: Any, show: Screen) -> None:  # noqa: ANN401 the client's type
        if message.error():
            return
        now, topic = time.monotonic(), message.topic()
        if topic == self._input:
            self._arrived(message.timestamp()[1])
            self.board.ask((message.partition(), message.offset()), now)
            return
        decision = self._decisions.read(message.value())
        if topic == self._flags:
            self.board.flag(decision, now)
            show.flag(decision)
        else:
            self.board.score(decision, now)


@contextmanager
def audience(
    settings: Settings, board: ScoreBoard, since_ms: int, arrived: Callable[[int], None]
) -> Iterator[Audience]:
    reader = Consumer(consumer_settings(settings) | {"fetch.wait.max.ms": FETCH_WAIT_MS})
    try:
        yield Audience(reader, settings, board, since_ms, arrived)
    finally:
        reader.close()
