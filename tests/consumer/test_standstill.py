"""A transaction that hangs on an output topic is seen by every worker, whoever left it open."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
import structlog
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from consumer.metrics import OUTPUT_STANDSTILL_SECONDS, REGISTRY
from consumer.standstill import Ends, Place, Standstill, Watch
from schemas.settings import Settings

PLACE = Place("flags", 0)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    OUTPUT_STANDSTILL_SECONDS.clear()


def seconds(topic: str) -> float | None:
    return REGISTRY.get_sample_value("fraudstream_output_standstill_seconds", {"topic": topic})


def eventually(said: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def open_transaction(settings: Settings, topic: str) -> Iterator[Producer]:
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "transactional.id": f"hangs-{topic}"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"x", partition=1)
    assert producer.flush(20) == 0
    yield producer


def test_an_end_that_does_not_move_below_the_log_s() -> None:
    """It counts from when it was first seen there; one that moves, or is at the end, begins anew."""
    standstill = Standstill()
    seen = [
        (0.0, Ends(5, 9), 0.0),
        (10.0, Ends(5, 9), 10.0),
        (20.0, Ends(5, 99), 20.0),
        (30.0, Ends(8, 99), 0.0),
        (40.0, Ends(8, 99), 10.0),
        (50.0, Ends(99, 99), 0.0),
        (60.0, Ends(99, 100), 0.0),
        (70.0, Ends(99, 100), 10.0),
    ]
    assert [standstill.look({PLACE: ends}, now)[PLACE] for now, ends, _ in seen] == [stood for _, _, stood in seen]


def test_a_partition_that_was_not_seen_begins_anew() -> None:
    """What happened meanwhile is not known."""
    standstill = Standstill()
    standstill.look({PLACE: Ends(5, 9)}, 0.0)
    assert standstill.look({}, 10.0) == {}
    assert standstill.look({PLACE: Ends(5, 9)}, 20.0) == {PLACE: 0.0}


def test_a_hung_transaction_on_a_real_broker(settings: Settings) -> None:
    """The age of its topic grows until it ends, that of the others stays 0."""
    flags, dlq = settings.topics.flags, settings.topics.dlq
    client = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    with open_transaction(settings, flags) as producer, closing(Watch(client, [flags, dlq], 0.05)):
        eventually(lambda: (seconds(flags) or 0.0) > 0.3)
        assert seconds(dlq) == 0.0
        producer.abort_transaction(20)
        eventually(lambda: seconds(flags) == 0.0)


def test_what_cannot_be_asked_is_said_once(settings: Settings) -> None:
    """A topic that is missing leaves no figure, one line, and no end of the thread."""
    client = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    OUTPUT_STANDSTILL_SECONDS.labels("left from before").set(1.0)
    with structlog.testing.capture_logs() as logs, closing(Watch(client, ["nowhere"], 0.02)) as watch:
        eventually(lambda: bool(logs))
        time.sleep(0.3)
        assert watch._thread.is_alive()
    assert [each["event"] for each in logs] == ["outputs.not_seen"]
    assert seconds("left from before") is None
