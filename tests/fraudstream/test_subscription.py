from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from fraudstream.local.running import Servers, running
from fraudstream.subscription import EARLIEST, END, Subscription
from schemas.settings import Settings, load


def send(settings: Settings, topic: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def first(subscription: Subscription, count: int, notes: list[str]) -> list[bytes]:
    found: list[bytes] = []
    for message in subscription.messages(lambda: len(found) == count, notes.append):
        found.append(message.value() or b"")
        if len(found) == count:
            break
    return found


def test_the_end_is_where_it_was_when_asked(settings: Settings) -> None:
    """What is sent after the subscription was made is read, even before it is first polled; what was before is not."""
    send(settings, settings.topics.flags, b"before")
    with Subscription(settings, settings.topics.flags, END) as subscription:
        send(settings, settings.topics.flags, b"after")
        assert first(subscription, 1, []) == [b"after"]


def test_a_time_after_everything_is_the_end(settings: Settings) -> None:
    """A start in the future begins with what comes next."""
    send(settings, settings.topics.flags, b"before")
    with Subscription(settings, settings.topics.flags, 4_000_000_000_000) as subscription:
        send(settings, settings.topics.flags, b"after")
        assert first(subscription, 1, []) == [b"after"]


def test_a_broker_that_goes_is_waited_for(tmp_path: Path) -> None:
    """A broker killed meanwhile is said once it is gone, and reading goes on when it is back, without a gap."""
    with running(tmp_path) as servers:
        settings = with_topic(servers)
        send(settings, "flags", b"one")
        notes: list[str] = []
        with Subscription(settings, "flags", EARLIEST) as subscription:
            assert first(subscription, 1, notes) == [b"one"]
            servers.kafka.kill()
            assert notes == []
            next(subscription.messages(lambda: bool(notes), notes.append), None)
            assert "does not answer; waiting" in notes[0]
            servers.kafka.start()
            send(settings, "flags", b"two")
            assert first(subscription, 1, notes) == [b"two"]


def with_topic(servers: Servers) -> Settings:
    admin = AdminClient({"bootstrap.servers": servers.bootstrap})
    admin.create_topics([NewTopic("flags", 1, 1)])["flags"].result(15)
    return load({"kafka.bootstrap": servers.bootstrap}, env={})
