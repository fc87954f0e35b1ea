from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from consumer.checkpoint import ExactlyOnce
from consumer.lots import Outgoing, Pending, Span
from consumer.watchdog import Watchdog
from schemas.errors import Fenced, Misconfigured, RestartMe

TIMED_OUT = KafkaError(KafkaError._TIMED_OUT, "no answer")
FENCED = KafkaError(KafkaError._FENCED, "a newer one")
FORBIDDEN = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "no")


def lot(*partitions: int) -> Pending:
    records = [Outgoing("flags", partition, b"card", f"lot {partition}".encode(), []) for partition in partitions]
    return Pending(records, {partition: Span(10, 11, 20) for partition in partitions})


@dataclass
class Log:
    """What the broker knows: committed offsets, and the records of committed transactions."""

    offsets: dict[int, int]
    records: list[bytes] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)


class Source:
    def __init__(self, log: Log) -> None:
        self.log = log
        self.positions: dict[int, int] = dict(log.offsets)
        self.holds = 0
        self.on_hold: Callable[[], None] = lambda: None

    def hold(self) -> None:
        self.holds += 1
        self.log.calls.append("hold")
        self.on_hold()

    def advance(self, spans: Mapping[int, Span]) -> None:
        assert all(self.log.offsets[each] == span.end for each, span in spans.items()), "moved before it was committed"
        self.positions |= {partition: span.end for partition, span in spans.items() if partition in self.positions}

    def committed(self, partitions: list[int]) -> dict[int, int]:
        self.log.calls.append("committed")
        return {partition: self.log.offsets[partition] for partition in partitions}

    def group(self) -> str:
        return "group"

    @property
    def owed(self) -> Any:
        raise AssertionError("offsets belong in the transaction")

    def as_offsets(self, spans: Mapping[int, Span]) -> list[Any]:
        return [(partition, span.end) for partition, span in spans.items()]


class Producer:
    """Fails a call as the script says: before its effect, or after it (`late`)."""

    def __init__(self, log: Log, script: dict[str, list[tuple[KafkaError, bool] | None]]) -> None:
        self.log = log
        self.script = script
        self.sent: list[bytes] = []
        self.offsets: dict[int, int] = {}

    def _call(self, name: str, effect: Callable[[], None] = lambda: None) -> None:
        self.log.calls.append(name)
        steps = self.script.get(name)
        step = steps.pop(0) if steps else None
        if step is None or step[1]:
            effect()
        if step is not None:
            raise KafkaException(step[0])

    def init_transactions(self, _: float) -> None:
        self._call("init")

    def begin_transaction(self) -> None:
        self._call("begin")

    def produce(self, topic: str, value: bytes, *_: object, **__: object) -> None:
        self._call("produce", lambda: self.sent.append(value))

    def send_offsets_to_transaction(self, offsets: list[tuple[int, int]], *_: object) -> None:
        self._call("offsets", lambda: self.offsets.update(offsets))

    def commit_transaction(self, _: float) -> None:
        self._call("commit", self._commit)

    def _commit(self) -> None:
        self.log.records += self.sent
        self.log.offsets |= self.offsets
        self.sent, self.offsets = [], {}

    def poll(self, _: float) -> None:
        pass

    def purge(self) -> None:
        self.log.calls.append("purge")


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    dog = Watchdog(lambda _: None, lambda _: None)
    yield dog
    dog.close()


@dataclass
class Bench:
    """A checkpoint between a scripted producer and a source, started."""

    watchdog: Watchdog
    log: Log = field(default_factory=lambda: Log({0: 10, 1: 10}))
    script: dict[str, list[tuple[KafkaError, bool] | None]] = field(default_factory=dict)
    given_up: bool = False

    def __post_init__(self) -> None:
        self.source = Source(self.log)
        self.checkpoint = ExactlyOnce(
            self.source,
            lambda _: Producer(self.log, self.script),
            self.watchdog,
            call_s=3.0,
            hang_s=5.0,
            give_up=lambda: self.given_up,
        )
        self.checkpoint.start()
        self.log.calls.clear()


@pytest.fixture
def bench(watchdog: Watchdog) -> Bench:
    return Bench(watchdog)


def test_effects_come_in_the_order_of_the_protocol(bench: Bench) -> None:
    """Begin, produce, offsets, commit; then, and only then, positions move."""
    bench.checkpoint.publish(lot(0))
    assert bench.log.calls == ["begin", "produce", "offsets", "commit"]
    assert bench.source.positions == {0: 20, 1: 10}
    assert bench.log.records == [b"lot 0"]


def test_a_commit_whose_reply_was_lost_is_not_sent_again(bench: Bench) -> None:
    """Committed at the end of the lot means done."""
    bench.script["commit"] = [(TIMED_OUT, True)]
    bench.checkpoint.publish(lot(0, 1))
    assert bench.log.records == [b"lot 0", b"lot 1"]
    assert bench.source.positions == {0: 20, 1: 20}


@pytest.mark.parametrize("call", ["begin", "produce", "offsets", "commit"])
def test_a_transaction_that_failed_is_published_again(bench: Bench, call: str) -> None:
    """Committed at the start of the lot means the same records once more, by a new producer, after asking."""
    bench.script[call] = [(TIMED_OUT, False)]
    bench.checkpoint.publish(lot(0, 1))
    assert bench.log.records == [b"lot 0", b"lot 1"]
    assert bench.log.offsets == {0: 20, 1: 20}
    recycled = bench.log.calls[bench.log.calls.index("purge") :]
    assert recycled[:5] == ["purge", "init", "hold", "committed", "begin"]


def test_a_fenced_slot_ends_at_once(bench: Bench) -> None:
    """Recycling would fence the successor in turn."""
    bench.script["commit"] = [(FENCED, False)]
    with pytest.raises(Fenced):
        bench.checkpoint.publish(lot(0))
    assert bench.log.calls[-1] == "commit"


def test_a_missing_right_ends_with_its_name(bench: Bench) -> None:
    """What will never be allowed is not tried again."""
    bench.script["produce"] = [(FORBIDDEN, False)]
    with pytest.raises(Misconfigured, match="refused") as caught:
        bench.checkpoint.publish(lot(0))
    assert "WRITE on the output topics" in caught.value.fix


def test_rows_of_a_partition_that_went_away_are_dropped(bench: Bench) -> None:
    """Whoever owns it now scores it; publishing it here too would double it."""
    bench.script["commit"] = [(TIMED_OUT, False)]
    bench.source.on_hold = lambda: bench.source.positions.pop(1, None) and None
    bench.checkpoint.publish(lot(0, 1))
    assert bench.log.records == [b"lot 0"]
    assert bench.log.offsets == {0: 20, 1: 10}


def test_a_partition_that_moved_on_elsewhere_ends_the_process(bench: Bench) -> None:
    """Neither start nor end of the lot: somebody else went on, and what we know is old."""
    bench.script["commit"] = [(TIMED_OUT, False)]
    bench.source.on_hold = lambda: bench.log.offsets.update({1: 15})
    with pytest.raises(RestartMe, match="moved on"):
        bench.checkpoint.publish(lot(0, 1))
    assert bench.log.records == []


def test_a_partition_that_came_back_further_on_is_left_to_be_fetched(bench: Bench) -> None:
    """Somebody else answered its rows in between, and the source knows: nothing of it is published again."""
    bench.script["commit"] = [(TIMED_OUT, False)]

    def moved_on() -> None:
        bench.log.offsets[1] = 15
        bench.source.positions[1] = 15

    bench.source.on_hold = moved_on
    bench.checkpoint.publish(lot(0, 1))
    assert bench.log.records == [b"lot 0"]
    assert bench.source.positions == {0: 20, 1: 15}


def test_rows_given_away_before_the_first_try_are_not_published(bench: Bench) -> None:
    """A lot that had to wait for its schema may have lost its partition meanwhile."""
    bench.source.positions.pop(1)
    bench.checkpoint.publish(lot(0, 1))
    assert bench.log.records == [b"lot 0"]


def test_the_third_failure_in_a_row_ends_the_process(bench: Bench) -> None:
    """A fresh process may do better where two new producers did not."""
    bench.script["commit"] = [(TIMED_OUT, False)] * 3
    with pytest.raises(RestartMe, match="3 transactions"):
        bench.checkpoint.publish(lot(0))
    assert bench.log.records == []


def test_a_broker_that_is_away_is_waited_for(bench: Bench) -> None:
    """Initialising is tried in place, with the group kept alive, until the broker answers."""
    bench.script |= {"offsets": [(TIMED_OUT, False)], "init": [(TIMED_OUT, False)] * 4}
    bench.checkpoint.publish(lot(0))
    assert bench.log.records == [b"lot 0"]
    assert bench.source.holds >= 4


def test_asked_to_end_while_the_broker_is_away_it_gives_up(bench: Bench) -> None:
    """The lot stays uncommitted and will be scored again; ending does not wait for ever."""
    bench.script |= {"offsets": [(TIMED_OUT, False)], "init": [(TIMED_OUT, False)]}
    bench.given_up = True
    with pytest.raises(RestartMe, match="asked to end"):
        bench.checkpoint.publish(lot(0))


def test_after_trouble_the_producer_is_replaced_while_nothing_is_open(bench: Bench) -> None:
    """A client that reported trouble during a commit is not trusted with the next one."""
    bench.checkpoint._trouble(KafkaError(KafkaError._TRANSPORT, "gone"))
    bench.checkpoint.publish(lot(0))
    assert bench.log.calls == ["begin", "produce", "offsets", "commit", "purge", "init"]
    assert bench.log.records == [b"lot 0"]


def test_a_hanging_call_ends_the_process() -> None:
    """The watchdog says which call it was and ends the process with exit code 75."""
    said: list[str] = []
    ended: list[int] = []
    dog = Watchdog(said.append, ended.append)
    with dog.guard("commit_transaction", 0.0):
        dog._thread.join(timeout=5.0)
    dog.close()
    assert (said, ended) == (["commit_transaction hung"], [75])


def test_a_call_in_time_does_not_end_the_process(watchdog: Watchdog) -> None:
    """A guard that was left in time has no effect later."""
    with watchdog.guard("begin_transaction", 60.0):
        pass
    watchdog._thread.join(timeout=0.3)
    assert watchdog._thread.is_alive()
