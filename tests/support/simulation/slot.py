"""One worker as its process would be: the parts of the product on the clients of the memory broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaException
from support.memory_kafka import Broker, MemoryConsumer, MemoryProducer
from support.simulation.faults import FaultyWire
from support.simulation.fold import GROUP, INPUT, Shelf, SmallScorer, SmallState
from support.simulation.plan import Plan
from support.simulation.small import SmallCast

from consumer import checkpoint, source
from consumer.at_least_once import AtLeastOnce
from consumer.checkpoint import ExactlyOnce
from consumer.epochs import Epochs
from consumer.faults import ending, error_of
from consumer.life import Life
from consumer.source import KafkaSource
from consumer.trouble import Trouble
from consumer.worker import Worker
from schemas.errors import RestartMe

POLL_S = 0.2
CALL_S = 1.0


@dataclass
class Parts:
    """What a worker is built from. A mutant has another of one of them."""

    source: type[KafkaSource] = KafkaSource
    exactly_once: type[ExactlyOnce] = ExactlyOnce
    at_least_once: type[AtLeastOnce] = AtLeastOnce
    epochs: type[Epochs] = Epochs
    worker: type[Worker] = Worker
    scorer: type[Any] = SmallScorer
    state: type[Any] = SmallState
    shelf: type[Shelf] = Shelf
    cast: type[Any] = SmallCast
    consumer_config: dict[str, Any] = field(default_factory=dict)
    clocked: list[dict[str, Any]] = field(default_factory=lambda: [vars(checkpoint), vars(source)])
    """The names of the modules that wait, whose clock is to be ours."""


class Waiting(Life):
    """Rests on the clock of the simulation."""

    def __init__(self, wire: FaultyWire) -> None:
        super().__init__(wire.clock.monotonic)
        self._wire = wire

    def rest(self, seconds: float) -> None:
        self._wire.wait(seconds)


class NoWatchdog:
    """Nothing hangs here; a call that would is a crash."""

    @contextmanager
    def guard(self, call: str, seconds: float) -> Iterator[None]:
        yield


class Slot:
    """`run` is the whole life of a process; what ends it is told as it would be to the supervisor."""

    def __init__(
        self,
        plan: Plan,
        number: int,
        *,
        broker: Broker,
        wire: FaultyWire,
        parts: Parts,
        cast: Any,
    ) -> None:
        self._plan, self._number, self._broker, self._wire, self._parts = plan, number, broker, wire, parts
        self._identity = f"slot-{number}"
        self._cast = cast
        self.life = Waiting(wire)

    def run(self) -> None:
        try:
            self._run()
        except KafkaException as exception:
            said = error_of(exception)
            raise (ending(said) or RestartMe(f"unexpected answer: {said.name()}")) from exception

    def _run(self) -> None:
        parts, plan = self._parts, self._plan
        client = self._consumer()
        orders = self._cast.orders(self._identity, self._wire)
        scorer = self._cast.scorer(parts.epochs("0", self._identity), client, self._wire, orders)
        source = parts.source(
            client,
            self._trouble("consumer"),
            INPUT,
            scorer.state,
            lot_rows=plan.lot_rows[self._number],
            lot_bytes=1_000_000,
            poll_s=POLL_S,
            partitions=plan.partitions,
            first_offset=self._first_offset,
        )
        parts.worker(source, scorer, self._checkpoint(source), orders, self.life, clock=self._broker.clock.time).run()

    def _consumer(self) -> Any:
        config: dict[str, Any] = {
            "group.id": GROUP,
            "isolation.level": "read_committed",
            "auto.offset.reset": "error",
            "session.timeout.ms": int(self._plan.session_s * 1000),
        }
        if self._plan.static:
            config["group.instance.id"] = self._identity
        return MemoryConsumer(self._broker, config | self._parts.consumer_config, self._wire)

    def _checkpoint(self, source: KafkaSource) -> Any:
        if not self._plan.exactly_once:
            make = lambda trouble: self._producer({}, trouble)  # noqa: E731
            given = {"call_s": CALL_S, "give_up": self.life.given_up, "now": self._broker.clock.monotonic}
            return self._parts.at_least_once(source, make, **given)
        config = {"transactional.id": self._identity, "transaction.timeout.ms": int(self._plan.transaction_s * 1000)}
        make = lambda trouble: self._producer(config, trouble)  # noqa: E731
        guard: Any = NoWatchdog()
        return self._parts.exactly_once(source, make, guard, call_s=CALL_S, hang_s=5.0, give_up=self.life.given_up)

    def _producer(self, config: dict[str, Any], trouble: Trouble) -> Any:
        self._wire.troubles.append(trouble)
        return MemoryProducer(self._broker, config, self._wire)

    def _trouble(self, client: str) -> Trouble:
        return Trouble(client, self._broker.clock.monotonic)

    def _first_offset(self, client: Any, partition: Any) -> int:
        low, high = client.get_watermark_offsets(partition, timeout=CALL_S)
        return int(high if self._plan.from_end else low)
