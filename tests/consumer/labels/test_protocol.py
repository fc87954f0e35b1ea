"""When a lot may be sure of its labels, and what is said when it may not; clocks are the test's own."""

import math
import time
from typing import Any

import pytest
from confluent_kafka import KafkaError
from prometheus_client import Gauge
from support.label_topic import HOUR, T0, Clock, encoded, label, put, reading, records, send, transaction

from consumer import metrics
from consumer.labels.ends import Marks
from consumer.labels.feed import BATCHES
from consumer.labels.log import LabelLog
from consumer.trouble import Trouble
from schemas.errors import Misconfigured, RestartMe
from schemas.settings import Settings

HALF_GRACE = 30_000


def shown(gauge: Gauge) -> float:
    return float(gauge._value.get())


def test_a_step_is_complete_half_the_grace_before_it_begins(settings: Settings) -> None:
    """Ends asked for at that moment and reached: what counts from the boundary was readable by then, by contract."""
    clock = Clock(T0 + HOUR - HALF_GRACE - 2)
    with reading(settings, clock=clock) as bench:
        bench.settle()
        assert bench.reader.position_time == T0 + HOUR - HALF_GRACE - 1
        assert not bench.reader.stalled(T0 + HOUR - 1)
        assert bench.reader.stalled(T0 + HOUR)
        bench.settle()
        assert not bench.reader.stalled(T0 + HOUR)
        assert not bench.reader.stalled(T0 + 2 * HOUR - 1)
        assert bench.reader.stalled(T0 + 2 * HOUR)


def test_lots_of_the_past_need_no_more(settings: Settings) -> None:
    """However far the reader is behind the clock: the steps of a backlog were complete long ago."""
    clock = Clock(T0 + 100 * HOUR)
    with reading(settings, clock=clock) as bench:
        bench.settle()
        bench.reader._feed.close()
        clock.ms += 1000 * HOUR
        assert bench.reader.behind_ms() == 1000 * HOUR
        assert not bench.reader.stalled(T0)
        assert not bench.reader.stalled(T0 + 100 * HOUR)
        assert bench.reader.stalled(T0 + 101 * HOUR)


def test_a_hung_transaction_stalls_until_it_ends(settings: Settings) -> None:
    """Nobody can know what it will have been; the offsets are those of what was learned, and lots go on with them."""
    clock, encode = Clock(T0 + HOUR), encoded(settings)
    send(settings, records([label(number) for number in range(30)], encode, T0))
    with reading(settings, clock=clock) as bench:
        bench.settle()
        known = bench.reader.offsets()
        assert not bench.reader.stalled(clock.ms)
        with transaction(settings, "hung") as client:
            put(client, settings, records([label(number) for number in range(100, 130)], encode, T0 + HOUR))
            clock.ms += HOUR
            with pytest.raises(AssertionError):
                bench_patience(bench, 3.0)
            assert bench.reader.stalled(clock.ms)
            assert shown(metrics.LABELS_STALLED) == 1
            assert shown(metrics.LABEL_LAG_SECONDS) == pytest.approx(3600, abs=1)
            assert bench.reader.offsets() == known
            assert bench.learned == 30
            client.commit_transaction()
        bench.settle()
        assert bench.learned == 60
        assert not bench.reader.stalled(clock.ms)
        assert shown(metrics.LABELS_STALLED) == 0
        assert shown(metrics.LABEL_LAG_RECORDS) == 0


def bench_patience(bench: Any, seconds: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("support.label_topic.PATIENCE_S", seconds)
        bench.settle()


def test_labels_that_break_the_contract_are_learned_and_counted(settings: Settings) -> None:
    """Their steps were answered for without them; those that count later are none of these."""
    clock, encode = Clock(T0 + 500 * HOUR), encoded(settings)
    with reading(settings, clock=clock) as bench:
        bench.settle()
        before = float(metrics.LABELS_LATE._value.get())
        send(settings, records([label(number) for number in range(5)], encode, T0 + 499 * HOUR - 60_000))
        send(settings, records([label(number) for number in range(10, 13)], encode, clock.ms))
        bench.settle()
        assert bench.learned == 8
        assert float(metrics.LABELS_LATE._value.get()) - before == 5


def test_offsets_are_of_what_was_learned(settings: Settings) -> None:
    """Not of what was fetched: below them everything is in the book, from them on nothing; no more than may wait."""
    encode = encoded(settings)
    with reading(settings) as bench:
        bench.settle()
        known = bench.reader.offsets()
        send(settings, records([label(number) for number in range(BATCHES)], encode, T0))
        while sum(bench.reader._feed.settled.offsets.values()) - sum(known.values()) < BATCHES:
            time.sleep(0.01)
        assert bench.reader.offsets() == known
        bench.learn()
        assert sum(bench.reader.offsets().values()) - sum(known.values()) == bench.learned == BATCHES


def test_nothing_is_known_before_the_ends_were_reached(settings: Settings) -> None:
    """Every lot is stalled then, of whatever time."""
    with reading(settings) as bench:
        assert bench.reader.stalled(T0 - 10_000 * HOUR)
        assert bench.reader.behind_ms() == math.inf


class Message:
    def __init__(self, code: int) -> None:
        self.code = code

    def error(self) -> KafkaError:
        return KafkaError(self.code, "said the broker")

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return -1001


class Client:
    """Has one thing to say, and is told nothing."""

    def __init__(self, code: int) -> None:
        self.messages = [Message(code)]

    def poll(self, _: float) -> Message | None:
        return self.messages.pop() if self.messages else None

    def consume(self, *_: object) -> list[Message]:
        return []

    def hear(self) -> None:
        pass


@pytest.mark.parametrize(
    ("code", "end", "words"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, Misconfigured, "topics of transactions and labels"),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, Misconfigured, "READ on the consumer group"),
        (KafkaError._AUTHENTICATION, Misconfigured, "sasl"),
        (KafkaError._AUTO_OFFSET_RESET, RestartMe, ""),
    ],
)
def test_errors_that_end_the_worker(code: int, end: type[Misconfigured], words: str) -> None:
    """What no waiting can help is said in the words of the input side; its label log is never the group's."""
    client: Any = Client(code)
    log = LabelLog(client, client, Trouble("labels"), "fraud-labels")
    with pytest.raises(end) as caught:
        log.fetch(10, 0.0)
    assert words in caught.value.fix
    assert "reset-offsets" not in caught.value.fix


def test_what_ends_the_thread_is_raised_where_it_is_learned(settings: Settings) -> None:
    """The loop's thread ends the worker with it."""
    with reading(settings) as bench:
        bench.settle()
        bench.reader._log._trouble.end = Misconfigured("no right", fix="grant it")
        with pytest.raises(Misconfigured, match="no right"):
            bench.settle()


def test_errors_that_pass_are_waited_for() -> None:
    """They are said, and end nothing."""
    client: Any = Client(KafkaError._TRANSPORT)
    assert LabelLog(client, client, Trouble("labels"), "fraud-labels").fetch(10, 0.0) is None


@pytest.mark.parametrize(
    ("offsets", "held"),
    [
        ({0: 5, 1: 0}, True),
        ({0: 9, 1: 0}, True),
        ({0: 4, 1: 0}, False),
        ({0: 10, 1: 0}, False),
        ({0: 5}, True),
        ({1: 0}, False),
        ({0: 5, 1: 0, 2: 0}, False),
    ],
)
def test_which_offsets_a_log_holds(offsets: dict[int, int], held: bool) -> None:
    """Those at which nothing was deleted yet, and nothing is behind the end; a partition without one must be whole."""
    assert Marks(0, ends={0: 9, 1: 3}, lows={0: 5, 1: 0}, starts={}).hold(offsets) is held
