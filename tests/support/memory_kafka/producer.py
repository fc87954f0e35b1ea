"""A producer as its users see one: transactional, or plain where it has no transactional id."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from support.memory_kafka.broker import Broker
from support.memory_kafka.group import Membership, stands
from support.memory_kafka.log import Record
from support.memory_kafka.refusal import Refused, raised, timed_out
from support.memory_kafka.transactions import Identity
from support.memory_kafka.wire import Fate, Wire

TIMEOUT_S = 3.0
LATE_S = 1.0
Report = Callable[[KafkaError | None, Message], None]


class State(Enum):
    NEW = auto()
    READY = auto()
    OPEN = auto()
    ABORTABLE = auto()
    FATAL = auto()


class MemoryProducer:
    def __init__(self, broker: Broker, config: dict[str, Any], wire: Wire | None = None) -> None:
        self._broker, self._wire = broker, wire or Wire(broker.clock)
        self._id: str | None = config.get("transactional.id")
        self._timeout_s = config.get("transaction.timeout.ms", 60_000) / 1000
        self._identity: Identity | None = None
        self._state = State.NEW if self._id else State.OPEN
        self._failed: KafkaException | None = None
        self._touched = False
        """Whether the broker was told anything of this transaction; nobody asks it to end an empty one."""
        self._queue: list[tuple[tuple[str, int], Record, Report | None]] = []
        self._reports: list[Callable[[], None]] = []

    def init_transactions(self, timeout: float = -1) -> None:
        name = self._id
        assert name is not None
        self._refuse_if_failed()

        def init() -> None:
            self._identity = self._broker.transactions.init(name, self._timeout_s)
            self._state = State.READY

        self._request("init_transactions", init)

    def begin_transaction(self) -> None:
        self._wire.send("begin_transaction")
        self._refuse_unless(State.READY)
        self._state, self._touched = State.OPEN, False

    def produce(  # noqa: PLR0917 - the client's own order
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = 0,
        callback: Report | None = None,
        on_delivery: Report | None = None,
        timestamp: int = 0,
        headers: Any = None,
    ) -> None:
        self._wire.send("produce")
        if self._state is State.FATAL:
            raise raised(KafkaError._FATAL)
        if self._state is not State.OPEN:
            raise raised(KafkaError._STATE)
        record = Record(key, value, list(headers or []), timestamp or self._broker.clock.ms())
        self._queue.append(((topic, partition), record, on_delivery or callback))

    def poll(self, timeout: float = 0) -> int:
        if self._wire.send("producer poll") is Fate.FINE:
            self._deliver()
        return self._report()

    def flush(self, timeout: float = -1) -> int:
        """How many records are still under way."""
        if self._wire.send("flush") in {Fate.LOST, Fate.LATE}:
            self._wire.wait(max(timeout, 0))
        else:
            self._deliver()
        self._report()
        return len(self._queue)

    def send_offsets_to_transaction(
        self, offsets: Sequence[TopicPartition], member: Membership, timeout: float = -1
    ) -> None:
        self._refuse_unless(State.OPEN)
        identity, asked = self._known(), stands(offsets)
        self._touched = True
        self._request(
            "send_offsets_to_transaction", lambda: self._broker.transactions.send_offsets(identity, member, asked)
        )

    def commit_transaction(self, timeout: float = -1) -> None:
        self._refuse_unless(State.OPEN)
        self._deliver()
        self._refuse_unless(State.OPEN)
        self._end(commit=True)

    def abort_transaction(self, timeout: float = -1) -> None:
        if self._state is not State.ABORTABLE:
            self._refuse_unless(State.OPEN)
        self.purge()
        self._end(commit=False)

    def purge(self) -> None:
        for _, record, report in self._queue:
            self._say(report, record, KafkaError(KafkaError._PURGE_QUEUE))
        self._queue.clear()

    def __len__(self) -> int:
        return len(self._queue)

    def _end(self, commit: bool) -> None:
        identity = self._known()

        def end() -> None:
            if self._touched:
                self._broker.transactions.end(identity, commit)
            if self._identity == identity:
                self._state, self._failed = State.READY, None

        self._request("commit_transaction" if commit else "abort_transaction", end)
        self._report()

    def _request(self, call: str, effect: Callable[[], None]) -> None:
        fate = self._wire.send(call)
        self._broker.tick()
        if fate is Fate.LATE:
            self._broker.later(TIMEOUT_S + LATE_S, effect)
        elif fate is not Fate.LOST:
            try:
                effect()
            except Refused as refused:
                self._fail(refused)
        if fate is not Fate.FINE:
            self._wire.wait(TIMEOUT_S)
            raise timed_out(retriable=True)

    def _deliver(self) -> None:
        self._broker.tick()
        queue, self._queue = self._queue, []
        for place, record, report in queue:
            try:
                self._append(place, record)
            except Refused as refused:
                self._say(report, record, KafkaError(KafkaError._PURGE_QUEUE))
                self._note(refused)
            else:
                self._say(report, record, None)

    def _append(self, place: tuple[str, int], record: Record) -> None:
        self._touched = True
        if self._id is None:
            self._broker.partition(place).append(record)
        else:
            self._broker.transactions.produce(self._known(), place, record)

    def _say(self, report: Report | None, record: Record, error: KafkaError | None) -> None:
        if report is not None:
            message = Message(key=record.key, value=record.value, error=error)
            self._reports.append(lambda: report(error, message))

    def _report(self) -> int:
        reports, self._reports = self._reports, []
        for report in reports:
            report()
        return len(reports)

    def _known(self) -> Identity:
        assert self._identity is not None
        return self._identity

    def _note(self, refused: Refused) -> None:
        """Of an old epoch: for ever. Of a group that does not know the member: until the transaction is aborted."""
        if refused.code == KafkaError.INVALID_PRODUCER_EPOCH:
            self._state, self._failed = State.FATAL, raised(KafkaError._FENCED, fatal=True)
        elif self._state is not State.FATAL:
            self._state, self._failed = State.ABORTABLE, raised(refused.code, abort=True)

    def _fail(self, refused: Refused) -> None:
        self._note(refused)
        self._refuse_if_failed()

    def _refuse_if_failed(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _refuse_unless(self, state: State) -> None:
        self._refuse_if_failed()
        if self._state is not state:
            raise raised(KafkaError._STATE)
