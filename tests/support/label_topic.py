"""Labels on a topic, and a reader of them that tests can ask step by step."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from confluent_kafka import KafkaError, Message, Producer

from consumer.labels import LabelReader
from consumer.life import Life
from models.bank import Bank
from models.hashing import hash_strings
from models.labels import LabelBook, LabelFacts
from schemas.contracts import LABEL
from schemas.encoding import Encode, encoder
from schemas.framing import Framing
from schemas.lot import Checks, Decoder
from schemas.registry import Registry
from schemas.settings import Settings

HOUR = 3_600_000
DAY = 24 * HOUR
T0 = 1_767_571_200_000
"""When the first event of a test happened: a full hour."""
PATIENCE_S = 30.0

Sent = Sequence[tuple[bytes | None, bytes | None, int]]
"""Key, value, record timestamp."""


class Clock:
    """Wall time as the test wants it."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms


def label(number: int, **fields: object) -> dict[str, Any]:
    usual = {
        "event_id": f"event-{number}",
        "card_id": f"card-{number % 50}",
        "terminal_id": f"term-{number % 7}",
        "amount_minor": 1_000 + number,
        "currency": "EUR",
        "event_time": T0 + number,
        "is_fraud": number % 3 == 0,
        "source": "customer",
    }
    return usual | fields


def encoded(settings: Settings, framing: Framing = Framing.SINGLE_OBJECT) -> Encode:
    subject = f"{settings.topics.labels}-value"
    return encoder(LABEL, framing, lambda each: Registry.of(settings).register(each, subject))


def records(rows: Sequence[Mapping[str, Any]], encode: Encode, known_ms: int) -> Sent:
    """Known one millisecond after the other."""
    return [(row["card_id"].encode(), encode(row), known_ms + number) for number, row in enumerate(rows)]


def producer(settings: Settings, **more: Any) -> Producer:
    return Producer({"bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random"} | more)


def put(client: Producer, settings: Settings, sent: Sent, partition: int = -1) -> None:
    refused: list[str] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        refused.extend([] if error is None else [error.str()])

    for key, value, stamp in sent:
        client.produce(settings.topics.labels, value, key, partition=partition, timestamp=stamp, on_delivery=delivered)
    assert client.flush(30) == 0
    assert not refused, refused[0]


def send(settings: Settings, sent: Sent, partition: int = -1) -> None:
    put(producer(settings), settings, sent, partition)


@contextmanager
def transaction(settings: Settings, name: str) -> Iterator[Producer]:
    """Open, and aborted at the end unless it was ended."""
    client = producer(settings, **{"transactional.id": f"{name}-{settings.topics.labels}"})
    client.init_transactions()
    client.begin_transaction()
    yield client


class Bench:
    """A reader that has begun, its book, and patience."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], int] | None = None,
        since_ms: int = T0,
        offsets: Mapping[int, int] | None = None,
        book: LabelBook | None = None,
    ) -> None:
        bank = Bank.of(settings)
        self.life = Life()
        self.book = book or LabelBook(bank.labels)
        checks = Checks(settings.checks.strict_keys, settings.checks.reject_pans, settings.kafka.partitioner)
        decoder = Decoder(Registry.of(settings), checks, LABEL)
        given = {} if clock is None else {"clock_ms": clock}
        self.reader = LabelReader(settings, bank, decoder, "test", **given)
        self.begun = self.reader.begin(since_ms, offsets, life=self.life)
        self.learned = 0

    def learn(self) -> None:
        self.learned += self.reader.learn_into(self.book)

    def until(self, met: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not met():
            assert time.monotonic() < deadline, (self.learned, self.reader.offsets(), self.reader.position_time)
            self.learn()
            time.sleep(0.01)

    def settle(self) -> None:
        """Until all that stands in the log now is learned."""
        before, clock = self.reader.position_time, self.reader._clock_ms
        if isinstance(clock, Clock):
            clock.ms += 1
        else:
            time.sleep(0.002)
        now = clock()
        self.until(lambda: self.reader.position_time not in {None, before} and self.reader.position_time >= now)


@contextmanager
def reading(settings: Settings, **given: Any) -> Iterator[Bench]:
    bench = Bench(settings, **given)
    try:
        yield bench
    finally:
        bench.reader.close()
        assert not bench.reader._feed._thread.is_alive()


def hashes(prefix: str, count: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return hash_strings(pa.array([f"{prefix}-{number}" for number in range(count)]))


def asked(book: LabelBook, at_ms: int, cards: int = 50, terminals: int = 50) -> LabelFacts:
    """What it says of all of them, at that time."""
    card, terminal = hashes("card", cards), hashes("term", terminals)
    return book.answers(card, terminal, np.full(max(cards, terminals), at_ms, np.int64))
