"""A deployment that is measured: a past of many cards, a flow at a steady rate, and when decisions come back."""

import os
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from confluent_kafka import Consumer, Producer, TopicPartition
from support.deployment import Deployment, answer, fresh_settings

from fraudstream.local.running import Servers
from schemas.contracts import TRANSACTION
from schemas.encoding import encoder
from schemas.framing import Framing

CARDS: Final = 20_000
DAY: Final = 86_400_000
PATIENCE_S: Final = 120.0
Heard = Callable[[Any, Any], None]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def until(what: Callable[[], Any], seconds: float = PATIENCE_S, rest_s: float = 0.01) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > deadline:
            raise TimeoutError("the bench has waited for too long")
        time.sleep(rest_s)
    return found


def processor_s(pid: int) -> float:
    """Spent by a process so far, in itself and for it in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Pace:
    """Events a second, and the processor's seconds for each."""

    rate: float
    spent_s: float

    def __str__(self) -> str:
        return f"{self.rate:10,.0f}  {self.spent_s * 1e6:6.1f} us of processor"


@dataclass
class Ground:
    """A deployment of its own, what is sent to it, and who of its workers is alive."""

    deployment: Deployment
    producer: Producer
    sent: int = 0
    encode: Callable[[dict[str, object]], bytes] = field(
        default_factory=lambda: encoder(TRANSACTION, Framing.SINGLE_OBJECT, lambda _: 0)
    )

    @staticmethod
    def row(event: int, at: int) -> dict[str, object]:
        card = event * 7_919 % CARDS
        return {
            "event_id": f"e{event}",
            "event_time": at,
            "card_id": f"card-{card}",
            "customer_id": str(card),
            "terminal_id": f"term-{event % 997}",
            "amount_minor": 900_000 if event % 151 == 3 else 1_000 + 37 * (event % 991),
            "currency": "EUR",
            "country": "DE",
            "device_id": f"device-{card % 5}",
        }

    def send(self, event: int, at: int, heard: Heard | None = None, value: bytes | None = None) -> None:
        """`value` in the place of the transaction."""
        row = self.row(event, at)
        value, key = value or self.encode(row), str(row["card_id"]).encode()
        while True:
            try:
                self.producer.produce(self.topic, value, key, timestamp=at, on_delivery=heard)
            except BufferError:
                self.producer.poll(0.05)
            else:
                break
        self.sent += 1

    def fill(self, events: int, days: int = 20, value: bytes | None = None) -> None:
        """A past of so many days, up to now; of `value` again and again where it is given."""
        end = now_ms()
        for event in range(self.sent, self.sent + events):
            self.send(event, end - days * DAY + days * DAY * (event % events) // events, value=value)
        self.producer.flush(60)

    def written(self) -> bytes:
        """Some decision on the topic of all scores."""
        client = self.deployment.reader("read_committed", "bench")
        topics = self.deployment.settings.topics
        client.assign([TopicPartition(topics.scores, each, 0) for each in range(topics.partitions)])
        value = until(lambda: (found := client.poll(0.2)) and not found.error() and found.value())
        client.close()
        return bytes(value)

    def worker(self, slot: int = 0, **given: str) -> subprocess.Popen[bytes]:
        return self.deployment.start("--slot", str(slot), **{"score_start": "earliest"} | given)

    def committed(self) -> int:
        return sum(max(each, 0) for each in self.deployment.committed().values())

    def pace(self, pid: int) -> Pace:
        """Of the worker, between the first commit of what there is and the last."""
        client = self.deployment.reader("read_committed", self.deployment.settings.score.group)
        asked = [TopicPartition(self.topic, each) for each in range(self.deployment.settings.topics.partitions)]

        def done() -> int:
            return sum(max(each.offset, 0) for each in answer(lambda: client.committed(asked, timeout=10)))

        first = until(done)
        begun, spent = time.perf_counter(), processor_s(pid)
        until(lambda: done() >= self.sent)
        events = max(self.sent - first, 1)
        client.close()
        return Pace(events / (time.perf_counter() - begun), (processor_s(pid) - spent) / events)

    @property
    def topic(self) -> str:
        return self.deployment.settings.topics.transactions

    def restores(self) -> list[dict[str, Any]]:
        return [each for each in self.deployment.events() if each["event"] == "state.restored"]


@contextmanager
def ground(servers: Servers, folder: Path) -> Iterator[Ground]:
    own = Path(tempfile.mkdtemp(dir=folder))
    deployment = Deployment(fresh_settings(servers, own), own)
    producer = {"bootstrap.servers": servers.bootstrap, "partitioner": "murmur2_random", "linger.ms": 1}
    try:
        yield Ground(deployment, Producer(producer | {"queue.buffering.max.messages": 1_000_000}))
    finally:
        deployment.end()


class Reader:
    """Of committed decisions: when each came, by event, and the moments at which a partition spoke."""

    def __init__(self, on: Ground) -> None:
        settings = on.deployment.settings
        self._client = Consumer(
            {
                "bootstrap.servers": settings.kafka.bootstrap,
                "group.id": "bench",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
            }
        )
        topic = settings.topics.scores
        self._client.assign([TopicPartition(topic, each, -1) for each in range(settings.topics.partitions)])
        self.came: dict[bytes, float] = {}
        self.spoke: dict[int, list[float]] = defaultdict(list)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._client.poll(1.0)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            message = self._client.poll(0.2)
            if message is None or message.error():
                continue
            at = time.perf_counter()
            source = dict(message.headers())["ce_id"]
            self.came[source] = at
            self.spoke[message.partition()].append(at)


class Flow:
    """So many transactions a second, each at its moment. `due` has, by where it stands, when one was due."""

    def __init__(self, on: Ground, rate: int) -> None:
        self._on, self._rate = on, rate
        self.due: dict[bytes, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._on.producer.flush(30)

    def _run(self) -> None:
        begun, number = time.perf_counter(), 0
        while not self._ended.is_set():
            due = begun + number / self._rate
            if (ahead := due - time.perf_counter()) > 0:
                self._on.producer.poll(0)
                time.sleep(min(ahead, 0.001))
                continue
            self._send(due)
            number += 1

    def _send(self, due: float) -> None:
        def heard(_: object, message: Any) -> None:
            self.due[f"{message.topic()}/{message.partition()}/{message.offset()}".encode()] = due

        self._on.send(self._on.sent, now_ms(), heard)
