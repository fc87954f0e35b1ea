"""Brokers and registries that go away while labels are read: labels stall, and nothing is lost."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.deployment import fresh_settings
from support.label_topic import HOUR, T0, Bench, Clock, asked, encoded, label, reading, records, send
from support.registry import registry

from consumer.labels.ends import CALL_S
from fraudstream.local.ports import pick
from fraudstream.local.running import Servers, running
from schemas.contracts import LABEL
from schemas.framing import confluent
from schemas.settings import Settings

NOW = T0 + 400 * HOUR


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with running(tmp_path_factory.mktemp("own")) as servers:
        yield servers


@pytest.fixture
def settings(own: Servers, tmp_path: Path) -> Settings:
    return fresh_settings(own, tmp_path)


def idle(bench: Bench, seconds: float) -> None:
    """The loop turns, and lots are scored as of what is known."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        bench.learn()
        time.sleep(0.02)


def test_a_broker_that_is_killed_and_comes_back(settings: Settings, own: Servers) -> None:
    """Meanwhile labels stall; then the rest is read, each label once."""
    clock, encode = Clock(NOW), encoded(settings)
    send(settings, records([label(number) for number in range(300)], encode, T0 + HOUR))
    with reading(settings, clock=clock) as bench:
        bench.settle()
        own.kafka.kill()
        clock.ms += HOUR
        idle(bench, 3.0)
        assert bench.reader.stalled(clock.ms)
        assert bench.learned == 300
        own.kafka.start()
        send(settings, records([label(number, is_fraud=True) for number in range(200, 500)], encode, T0 + 2 * HOUR))
        bench.settle()
        assert bench.learned == 600
        assert not bench.reader.stalled(clock.ms)
        with reading(settings) as whole:
            whole.settle()
            assert str(asked(bench.book, NOW)) == str(asked(whole.book, NOW))
            assert bench.reader.offsets() == whole.reader.offsets()


def test_a_broker_that_stands_still(settings: Settings, own: Servers) -> None:
    """Frozen for longer than its calls may take: none of them holds up the loop, and nothing is missing in the end."""
    clock, encode = Clock(NOW), encoded(settings)
    with reading(settings, clock=clock) as bench:
        bench.settle()
        own.kafka.pause()
        try:
            clock.ms += HOUR
            slowest, deadline = 0.0, time.monotonic() + 7.0
            while time.monotonic() < deadline:
                began = time.monotonic()
                bench.learn()
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(0.02)
            assert bench.reader.stalled(clock.ms)
            assert slowest < CALL_S / 2, slowest
        finally:
            own.kafka.resume()
        send(settings, records([label(number) for number in range(100)], encode, T0 + HOUR))
        bench.settle()
        assert bench.learned == 100
        assert not bench.reader.stalled(clock.ms)


def test_closing_does_not_wait_for_a_broker(settings: Settings, own: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is to end may not be held up by its labels."""
    bench = Bench(settings)
    bench.settle()
    own.kafka.pause()
    try:
        began = time.monotonic()
        bench.reader.close()
        assert time.monotonic() - began < 6.0
    finally:
        own.kafka.resume()
    bench.reader._feed._thread.join(30)


def test_a_registry_that_is_away(settings: Settings) -> None:
    """What only it can explain waits for it; lots say that labels are stalled, and nothing is refused."""
    port = pick(random.Random())
    group = settings.registry.model_copy(update={"url": f"http://127.0.0.1:{port}"})
    settings = settings.model_copy(update={"registry": group})
    plain = encoded(settings)
    values = [(row, confluent(1) + plain(row)[10:]) for row in map(label, range(60))]
    send(settings, [(row["card_id"].encode(), value, T0 + HOUR) for row, value in values])
    clock = Clock(NOW)
    with reading(settings, clock=clock) as bench:
        idle(bench, 2.0)
        assert bench.learned == 0
        assert bench.reader.stalled(T0)
        with registry(port, LABEL.text):
            bench.settle()
        assert bench.learned == 60
        assert not bench.reader.stalled(clock.ms)
