"""Transactions of many cards at a steady pace, in a time of their own, with all that a log has: late ones, copies,
extremes, and what is no transaction at all.
"""

import json
import threading
import time
from typing import Any, Self

from confluent_kafka import Producer
from support.label_topic import DAY, T0, encoded, label, put

from schemas.settings import Settings

MINUTE = 60_000
STEP_MS = 2 * MINUTE
TICK_S = 0.05
BAD_EVERY = 499


class Load:
    """Between `start` and `stop` so many a second; `burst` at once. `sent` are those that the broker has."""

    def __init__(self, settings: Settings, rate: float = 400.0, cards: int = 1_500, step_ms: int = STEP_MS) -> None:
        self.settings, self.rate, self.cards, self.step_ms = settings, rate, cards, step_ms
        self.sent = 0
        self.refused = ""
        self._producer = Producer(
            {"bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random", "linger.ms": 5}
        )
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def burst(self, count: int) -> None:
        for number in range(self.sent, self.sent + count):
            row = self.transaction(number)
            bad = number % BAD_EVERY == BAD_EVERY - 1
            value = b"no transaction" if bad else json.dumps(row).encode()
            stamp = T0 + number * self.step_ms
            self._produce(value, str(row["card_id"]).encode(), stamp)
        assert self._producer.flush(60) == 0
        assert not self.refused, self.refused
        self.sent += count

    def labels(self, count: int, *, known_ms: int | None = None) -> None:
        """A verdict on every third of the first ones, known a day later; or all of them at that time."""
        encode, client = encoded(self.settings), Producer({"bootstrap.servers": self.settings.kafka.bootstrap})
        names = ("event_id", "card_id", "terminal_id", "amount_minor", "event_time")
        made = []
        for number in range(0, count, 3):
            row = self.transaction(number)
            said = label(number, **{name: row[name] for name in names}, is_fraud=row["amount_minor"] > 100_000)
            made.append((str(row["card_id"]).encode(), encode(said), known_ms or T0 + number * self.step_ms + DAY))
        put(client, self.settings, made)

    def transaction(self, number: int) -> dict[str, Any]:
        if number % 61 == 60:
            return self.transaction(number - 45)
        late = (number % 7) * 90 * MINUTE if number % 37 == 5 else 0
        return {
            "event_id": f"event-{number}",
            "event_time": T0 + number * self.step_ms - late,
            "card_id": f"card-{number * number * 7 % self.cards}",
            "customer_id": str(number % 200),
            "terminal_id": f"term-{number % 97}",
            "amount_minor": 900_000 if number % 23 == 3 else 1_000 + 37 * (number % 91),
            "currency": "EUR",
            "country": "DE" if number % 11 else "BR",
            "device_id": f"device-{number % 5}",
        }

    def _produce(self, value: bytes, key: bytes, stamp: int) -> None:
        while True:
            try:
                self._producer.produce(
                    self.settings.topics.transactions, value, key, timestamp=stamp, on_delivery=self._delivered
                )
            except BufferError:
                self._producer.poll(0.05)
            else:
                return

    def _delivered(self, error: object, _: object) -> None:
        if error is not None:
            self.refused = str(error)

    def _run(self) -> None:
        begun, done = time.monotonic(), 0
        while not self._ended.wait(TICK_S):
            due = int((time.monotonic() - begun) * self.rate) - done
            if due > 0:
                self.burst(due)
                done += due
