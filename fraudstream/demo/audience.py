"""Reads every decision from the topics, as any subscriber would, and counts what it sees."""

import time
from collections.abc import Callable, Iterator, Sequence
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
    """Committed records only, from the beginning, without a group."""

    def __init__(self, reader: Consumer, settings: Settings, board: ScoreBoard) -> None:
        self.board = board
        self._reader = reader
        self._decisions = Decisions(Fingerprints())
        self._input = settings.topics.transactions
        self._flags = settings.topics.flags
        topics = [self._flags, settings.topics.scores]
        reader.assign([TopicPartition(topic, number, 0) for topic in topics for number in self._partitions(topic)])

    def watch(self, show: Screen, players: Sequence[Player], over: Callable[[], bool]) -> None:
        """Until it is over; raises when a player left before."""
        while not over():
            first = self._reader.poll(POLL_S)
            for message in [*([first] if first else []), *self._reader.consume(AT_ONCE, 0)]:
                self._see(message, show)
            for player in players:
                player.check()

    def sent(self) -> int:
        """How many transactions stand in the input."""
        partitions = [TopicPartition(self._input, number) for number in self._partitions(self._input)]
        ends = (self._reader.get_watermark_offsets(partition, LOOKUP_S) for partition in partitions)
        return sum(high - low for low, high in ends)

    def _partitions(self, topic: str) -> list[int]:
        return list(self._reader.list_topics(topic, timeout=LOOKUP_S).topics[topic].partitions)

    def _see(self, message: Any, show: Screen) -> None:  # noqa: ANN401 the client's type
        if message.error():
            return
        decision = self._decisions.read(message.value())
        if message.topic() == self._flags:
            self.board.flag(decision, time.monotonic())
            show.flag(decision)
        else:
            self.board.score(decision, time.time() * 1000)


@contextmanager
def audience(settings: Settings, board: ScoreBoard) -> Iterator[Audience]:
    reader = Consumer(consumer_settings(settings) | {"fetch.wait.max.ms": FETCH_WAIT_MS})
    try:
        yield Audience(reader, settings, board)
    finally:
        reader.close()
