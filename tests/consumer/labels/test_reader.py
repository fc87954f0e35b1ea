"""What the label topic holds comes to the book: all of it, once, whatever its form, from where it should."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions
from prometheus_client import Counter
from support.flow import until
from support.label_topic import DAY, HOUR, T0, Bench, Clock, asked, encoded, label, put, reading, records, send
from support.label_topic import transaction as open_transaction

from consumer import metrics
from consumer.labels.reader import reach_ms
from consumer.life import Life
from models.labels import LabelBook, LabelParams
from schemas.errors import DependencyAway, Misconfigured
from schemas.framing import Framing
from schemas.settings import Settings

LATER = T0 + 20 * DAY
"""Every label of these tests counts by then."""


def value(counter: Counter, *labels: str) -> float:
    return float((counter.labels(*labels) if labels else counter)._value.get())


def frauds(book: LabelBook, at_ms: int = LATER) -> int:
    return int(asked(book, at_ms, cards=50, terminals=50).terminal_fraud_30d.sum())


def ends(settings: Settings) -> dict[int, int]:
    client = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": "ends"})
    try:
        topic = settings.topics.labels
        count = len(client.list_topics(topic, timeout=10).topics[topic].partitions)
        marks = {each: client.get_watermark_offsets(TopicPartition(topic, each), timeout=10) for each in range(count)}
        return {each: high for each, (_, high) in marks.items()}
    finally:
        client.close()


def test_every_partition_and_framing(settings: Settings, registry_url: str) -> None:
    """Labels in all three framings on all partitions are learned; the offsets are those of the log's end."""
    registry = settings.registry.model_copy(update={"url": registry_url})
    settings = settings.model_copy(update={"registry": registry})
    rows = [label(number) for number in range(300)]
    for third, framing in enumerate(Framing):
        send(settings, records(rows[third::3], encoded(settings, framing), T0 + HOUR))
    with reading(settings) as bench:
        bench.settle()
        assert bench.learned == 300
        assert bench.reader.offsets() == ends(settings)
        assert min(bench.reader.offsets().values()) > 0
        assert frauds(bench.book) == sum(row["is_fraud"] for row in rows)


def test_it_goes_on_from_the_offsets_it_learned_up_to(settings: Settings) -> None:
    """A book that was put aside with its offsets and taken up again equals one that learned everything."""
    encode = encoded(settings)
    send(settings, records([label(number) for number in range(200)], encode, T0 + HOUR))
    with reading(settings) as first:
        first.settle()
        offsets, arrays = first.reader.offsets(), first.book.to_arrays()
    send(settings, records([label(number, is_fraud=True) for number in range(150, 350)], encode, T0 + 2 * HOUR))
    with reading(settings, offsets=offsets, book=LabelBook.from_arrays(arrays)) as second, reading(settings) as whole:
        second.settle()
        whole.settle()
        assert (second.begun, second.learned, whole.learned) == (True, 200, 400)
        assert second.reader.offsets() == whole.reader.offsets()
        assert str(asked(second.book, LATER)) == str(asked(whole.book, LATER))


def test_offsets_that_the_log_does_not_have(settings: Settings) -> None:
    """It says so, and reads by time what an empty book needs."""
    send(settings, records([label(number) for number in range(50)], encoded(settings), T0 + HOUR))
    with reading(settings, offsets={0: 1_000_000}) as bench:
        bench.settle()
        assert (bench.begun, bench.learned) == (False, 50)


def test_labels_beyond_reach_are_not_read(settings: Settings) -> None:
    """Two horizons, the delay, the grace and a step before the first moment that is asked about; not one record more
    is left out, though timestamps do not grow along a partition.
    """
    encode, since = encoded(settings), T0 + 400 * DAY
    edge = since - reach_ms(LabelParams())
    times = [edge - DAY, edge - 1, edge, edge - 1, edge + DAY]
    rows = [label(number, card_id="card-1") for number in range(len(times))]
    send(settings, [(b"card-1", encode(row), at) for row, at in zip(rows, times, strict=True)])
    with reading(settings, since_ms=since) as bench:
        bench.settle()
        assert bench.learned == 3
    with reading(settings, since_ms=edge + 1000 * DAY) as bench:
        bench.settle()
        assert bench.learned == 0


def test_a_repeated_verdict_shows_why_two_horizons_are_needed(settings: Settings) -> None:
    """It only repeats one that took effect 80 days before it, so it is no news: one horizon would not tell."""
    encode, now = encoded(settings), T0 + 120 * DAY
    row = label(1, event_time=T0)
    for known in (T0 + 9 * DAY, T0 + 89 * DAY):
        send(settings, records([row], encode, known))
    with reading(settings, since_ms=now) as bench:
        bench.settle()
        assert bench.learned == 2
        assert math.isnan(asked(bench.book, now).card_last_label[1])
    alone = LabelBook()
    with reading(settings, since_ms=T0 + 50 * DAY + reach_ms(LabelParams()), book=alone) as bench:
        bench.settle()
        assert bench.learned == 1
        assert asked(alone, now).card_last_label[1] == 0.0


def test_partitions_that_are_added(settings: Settings) -> None:
    """They are noticed, read from their beginning, and nothing is complete without them."""
    encode = encoded(settings)
    send(settings, records([label(number) for number in range(60)], encode, T0 + HOUR))
    with reading(settings) as bench:
        bench.settle()
        admin, count = AdminClient({"bootstrap.servers": settings.kafka.bootstrap}), settings.topics.partitions
        admin.create_partitions([NewPartitions(settings.topics.labels, count + 2)])[settings.topics.labels].result(15)
        until(lambda: len(admin.list_topics(settings.topics.labels).topics[settings.topics.labels].partitions) > count)
        for partition in (count, count + 1):
            send(settings, records([label(1000 + partition)], encode, T0 + HOUR), partition)
        bench.settle()
        assert bench.learned == 62
        assert bench.reader.offsets() == ends(settings)
        send(settings, records([label(number) for number in range(2000, 2100)], encode, T0 + HOUR))
        bench.settle()
        assert bench.learned == 162


def test_what_was_never_committed_is_not_learned(settings: Settings) -> None:
    """Aborted labels are none, wherever they stand; the ends behind them are reached all the same."""
    encode = encoded(settings)
    send(settings, records([label(number) for number in range(60)], encode, T0 + HOUR))
    with open_transaction(settings, "aborted") as client:
        put(client, settings, records([label(number) for number in range(100, 160)], encode, T0 + HOUR))
        client.abort_transaction()
    with reading(settings) as bench:
        bench.settle()
        assert bench.learned == 60
        assert bench.reader.offsets() == ends(settings)
        with open_transaction(settings, "aborted") as client:
            put(client, settings, records([label(number) for number in range(200, 260)], encode, T0 + HOUR))
            client.abort_transaction()
        bench.settle()
        send(settings, records([label(number) for number in range(60, 90)], encode, T0 + HOUR))
        bench.settle()
        assert bench.learned == 90
        assert bench.reader.offsets() == ends(settings)


def test_bad_records_are_counted_and_skipped(settings: Settings) -> None:
    """By reason, and their neighbours are learned."""
    encode = encoded(settings)
    before = {reason: value(metrics.LABELS_REFUSED, reason) for reason in ("empty", "unknown_framing", "empty_field")}
    bad = [(b"x", None, T0), (b"x", b"nonsense", T0), (b"x", encode(label(1, card_id="")), T0)]
    send(settings, [*bad, *records([label(number) for number in range(20)], encode, T0 + HOUR), *bad])
    with reading(settings) as bench:
        bench.settle()
        assert bench.learned == 20
        assert bench.reader.offsets() == ends(settings)
    more = {reason: value(metrics.LABELS_REFUSED, reason) - was for reason, was in before.items()}
    assert more == dict.fromkeys(before, 2)


def test_nothing_is_committed_and_no_group_joined(settings: Settings) -> None:
    """The scorer's group is as if nobody had read."""
    send(settings, records([label(number) for number in range(20)], encoded(settings), T0 + HOUR))
    with reading(settings) as bench:
        bench.settle()
        admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
        described = admin.describe_consumer_groups([settings.score.group])[settings.score.group]
        with pytest.raises(Exception, match=r"not.*found|GROUP_ID_NOT_FOUND|dead|Dead"):
            assert described.result(10).members, "dead"


def test_batches_leave_no_trace(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book that learned in tiny batches equals one that learned in large ones."""
    encode = encoded(settings)
    send(settings, records([label(number % 200, is_fraud=number % 5 == 0) for number in range(900)], encode, T0 + HOUR))
    with reading(settings) as large:
        large.settle()
    for name, few in (("log.CHUNK_ROWS", 7), ("feed.ROWS", 7)):
        monkeypatch.setattr(f"consumer.labels.{name}", few)
    with reading(settings) as small:
        small.settle()
        assert small.learned == large.learned == 900
        for days in (8, 20, 60):
            assert str(asked(small.book, T0 + days * DAY)) == str(asked(large.book, T0 + days * DAY))


def test_the_feed_runs_ahead_only_so_far(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody learns, a bounded number of labels waits in memory; afterwards nothing is missing."""
    monkeypatch.setattr("consumer.labels.feed.ROWS", 10)
    monkeypatch.setattr("consumer.labels.log.CHUNK_ROWS", 10)
    send(settings, records([label(number) for number in range(1000)], encoded(settings), T0 + HOUR))
    with reading(settings) as bench:
        time.sleep(1.0)
        assert bench.reader._feed._batches.qsize() == 8
        assert bench.reader._feed._made == 8
        bench.settle()
        assert bench.learned == 1000


def test_the_book_forgets_once_a_day(settings: Settings) -> None:
    """Of the time that lots have, not of the clock; what can still be asked stays."""
    encode = encoded(settings)
    send(settings, records([label(number) for number in range(30)], encode, T0 + HOUR))
    with reading(settings) as bench:
        bench.settle()
        for oldest, left in ((LATER, 30), (LATER + 95 * DAY, 0)):
            bench.reader.learn_into(bench.book, oldest)
            assert len(bench.book.labels()) == left
        send(settings, records([label(number) for number in range(30)], encode, LATER + 100 * DAY))
        bench.settle()
        bench.reader.learn_into(bench.book, LATER + 96 * DAY - 1)
        assert len(bench.book.labels()) == 30


@contextmanager
def started(bench: Bench) -> Iterator[Bench]:
    try:
        yield bench
    finally:
        bench.reader.close()


def test_a_start_waits_for_the_labels_there_are(settings: Settings) -> None:
    """Up to the ends there were when it began; then every step that has begun is complete."""
    send(settings, records([label(number) for number in range(5000)], encoded(settings), T0 + HOUR))
    with started(Bench(settings, clock=Clock(LATER))) as bench:
        assert bench.reader.stalled(T0)
        assert bench.reader.behind_ms() == math.inf
        assert bench.reader.catch_up(bench.book, bench.life)
        assert bench.reader.position_time == LATER
        assert not bench.reader.stalled(LATER)
        assert bench.reader.offsets() == ends(settings)


def test_a_start_that_is_asked_to_end(settings: Settings) -> None:
    """It does not wait."""
    with started(Bench(settings)) as bench:
        bench.life.ask_to_end("test")
        assert not bench.reader.catch_up(bench.book, bench.life)


def test_a_start_whose_labels_do_not_come(settings: Settings) -> None:
    """A transaction that hangs keeps the end out of reach: the start goes on without it, and says what is missing."""
    with open_transaction(settings, "hung") as client:
        put(client, settings, records([label(1)], encoded(settings), T0))
        with started(Bench(settings)) as bench:
            assert not bench.reader.catch_up(bench.book, bench.life, patience_s=2.0)
            assert bench.reader.stalled(T0)
        client.abort_transaction()


def test_a_topic_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, with what makes it."""
    monkeypatch.setattr("consumer.labels.log.UNKNOWN_S", 0.5)
    topics = settings.topics.model_copy(update={"labels": "nowhere"})
    with pytest.raises(Misconfigured, match="no topic 'nowhere'") as caught:
        Bench(settings.model_copy(update={"topics": topics}))
    assert "topics create" in caught.value.fix


def test_a_broker_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for until the process is asked to end."""
    kafka = settings.kafka.model_copy(update={"bootstrap": "127.0.0.1:9"})
    monkeypatch.setattr(Life, "given_up", lambda _: True)
    monkeypatch.setattr("consumer.labels.ends.CALL_S", 1.0)
    with pytest.raises(DependencyAway, match="asked to end"):
        Bench(settings.model_copy(update={"kafka": kafka}))
