"""How the label reader finds ends and reads up to them, on a real broker and on the one in memory alike."""

from typing import Any

from support.contract import Kafka

from consumer.labels.ends import Ends
from consumer.labels.log import LabelLog
from consumer.life import Life
from consumer.trouble import Trouble

HOUR = 3_600_000


def label_log(kafka: Kafka) -> LabelLog:
    cluster, trouble = kafka.cluster, Trouble("labels")
    ends = Ends(cluster.admin(), kafka.topic, trouble, cluster.ms, cluster.now)
    client: Any = kafka.consumer(f"labels-{kafka.unique}", enable_partition_eof=True)
    return LabelLog(client, ends, trouble, kafka.topic)


def reach(kafka: Kafka, log: LabelLog) -> list[bytes | None]:
    """Reads until the ends that were asked for are reached."""
    found: list[bytes | None] = []

    def reached() -> bool:
        raw = log.fetch(100, 0.05)
        found.extend([] if raw is None else raw.values)
        return log.reached() is not None

    kafka.until(reached, "the ends of the labels")
    return found


def test_ends_lie_behind_all_that_is_never_seen(kafka: Kafka) -> None:
    """Markers, and what was aborted: reading gets there nevertheless."""
    producer, log = kafka.ready(), label_log(kafka)
    kafka.commit(producer, "a")
    kafka.abort(producer, "never")
    assert log.begin(0, None, Life())
    assert reach(kafka, log) == [b"a"]
    assert log.next == {0: 4, 1: 0}


def test_ends_are_not_reached_while_a_transaction_hangs(kafka: Kafka) -> None:
    """What it holds may have to be seen, so nobody may be sure before it has ended."""
    producer, other, log = kafka.ready(), kafka.ready("other"), label_log(kafka)
    kafka.commit(other, "a")
    kafka.open(producer, "b")
    assert log.begin(0, None, Life())
    until = kafka.cluster.now() + 3.0
    while kafka.cluster.now() < until:
        log.fetch(100, 0.05)
        assert log.reached() is None
    producer.commit_transaction(10)
    assert reach(kafka, log) == [b"b"]


def test_reading_begins_at_a_time_or_at_an_offset(kafka: Kafka) -> None:
    """At an offset only while the log has it."""
    producer, now = kafka.ready(), kafka.cluster.ms()
    producer.begin_transaction()
    for hours, value in ((3, b"old"), (1, b"new")):
        producer.produce(kafka.topic, value, b"key", 0, timestamp=now - hours * HOUR)
    producer.commit_transaction(10)
    assert len(kafka.read(kafka.reader(), 2)) == 2
    since, behind, beyond = label_log(kafka), label_log(kafka), label_log(kafka)
    assert since.begin(now - 2 * HOUR, None, Life())
    assert since.next == {0: 1, 1: 0}
    assert behind.begin(now - 2 * HOUR, {0: 2, 1: 0}, Life())
    assert behind.next == {0: 2, 1: 0}
    assert not beyond.begin(now - 2 * HOUR, {0: 9, 1: 0}, Life())
    assert beyond.next == {0: 1, 1: 0}
