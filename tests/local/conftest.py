"""Real servers, real records: what the tests of the local broker share."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from fraudstream.local.fetch import fetch
from fraudstream.local.instance import Instance
from fraudstream.local.jars import cache_folder, class_path
from fraudstream.local.process import command_line

Publish = Callable[[str, str, list[str]], None]
Read = Callable[[str, str, int], list[str]]


@pytest.fixture(scope="session")
def jars() -> Path:
    """The verified jars; fetched when this machine has none yet."""
    return class_path(None, cache=cache_folder(), fetch=fetch)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = Instance.named("shared", tmp_path_factory.mktemp("instances"))
    yield instance
    instance.down()


@pytest.fixture
def up(shared: Instance) -> Instance:
    """An instance that is up before the test, which may take it down; all tests share it, and its data."""
    shared.up()
    return shared


@pytest.fixture(scope="session")
def publish() -> Publish:
    """Creates the topic when it is new; puts the values into it in one transaction."""

    def publish(bootstrap: str, topic: str, values: list[str]) -> None:
        admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        if topic not in admin.list_topics(timeout=10).topics:
            admin.create_topics([NewTopic(topic, 1)])[topic].result(10)
        producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"{topic}-writer", "log_level": 0})
        producer.init_transactions(20)
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value)
        producer.commit_transaction(20)

    return publish


@pytest.fixture(scope="session")
def read() -> Read:
    """That many committed values from the topic's start, within 20 s."""

    def read(bootstrap: str, topic: str, count: int) -> list[str]:
        consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"{topic}-reader", "log_level": 0})
        consumer.assign([TopicPartition(topic, 0, 0)])
        values: list[str] = []
        errors: list[str] = []
        deadline = time.monotonic() + 20
        while len(values) < count and time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                values.append((message.value() or b"").decode())
            elif message is not None:
                errors.append(str(message.error()))
        ends = consumer.get_watermark_offsets(TopicPartition(topic, 0), 5)
        consumer.close()
        assert len(values) == count, f"{values} of {count}, the log is {ends}; {errors}"
        return values

    return read


@pytest.fixture(scope="session")
def is_gone() -> Callable[[int, float], bool]:
    """True once no process, or only a zombie, has that pid."""

    def is_gone(pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not command_line(pid):
                return True
            time.sleep(0.05)
        return False

    return is_gone


@pytest.fixture
def reaper() -> Iterator[list[int]]:
    """Pids to end after the test, whatever became of it."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
