"""The scorer as it is in production, on the memory broker: decoder, state, snapshots, labels, rules, policy, epochs.

Only what reaches outside is replaced: snapshots lie in memory and are written at once, churn scores follow from their
generation's name, labels are read in the worker's own turn.
"""

import json
import random
from collections.abc import Callable
from typing import Any
from unittest import mock

from pyarrow import fs
from support.memory_kafka import Broker, MemoryAdmin, MemoryConsumer, Wire
from support.memory_kafka.log import Entry, Record
from support.simulation.bank_day import LABELS, LIMITS, ORDERS, STEPS, BankDay
from support.simulation.fold import GROUP, INPUT
from support.simulation.plan import Plan
from support.simulation.replaced import AtOnce, ByName, InTurn
from support.simulation.slot import Parts
from support.simulation.small import visible
from support.simulation.stops import stops_wrong
from support.simulation.whole_oracle import Answers, Judge, Known, event_of
from support.simulation.whole_oracle import Record as Input

from consumer.decisions import Desk
from consumer.drifting import Drifting
from consumer.epochs import Epochs
from consumer.labels.ends import Ends
from consumer.labels.log import LabelLog
from consumer.labels.reader import LabelReader
from consumer.orders import Orders
from consumer.retained import Retained
from consumer.scoring import Scorer
from consumer.snapshots.album import Album
from consumer.snapshots.header import Origin
from consumer.snapshots.schedule import Schedule
from consumer.snapshots.store import Store
from consumer.state import State
from consumer.trouble import Trouble
from models.bank import Bank
from schemas.contracts import EPOCH, LABEL
from schemas.encoding import encoder
from schemas.framing import Framing
from schemas.lot import Checks, Decoder
from schemas.registry import Fingerprints
from schemas.topics import Role

OUTPUTS = {role: str(role) for role in Role}


def whole(**given: Any) -> Parts:
    """The parts of a worker that has everything; `given` are others in their place."""
    return Parts(**{"cast": WholeCast, "state": State, "scorer": Scorer} | given)


class WholeCast:
    topics = (LABELS, ORDERS, *(OUTPUTS[role] for role in (Role.FLAGS, Role.SCORES, Role.DLQ, Role.EPOCHS)))

    def __init__(self, plan: Plan, parts: Any, broker: Broker, rng: random.Random) -> None:
        self._plan, self._parts, self._broker, self._rng = plan, parts, broker, rng
        self._bank = BankDay(plan, broker, rng)
        self._settings = Bank(labels=STEPS)
        self._files = fs._MockFileSystem()

    def record(self, card: int) -> bytes:
        return self._bank.record(card)

    def besides(self) -> list[Callable[[], None]]:
        return self._bank.besides()

    # who answers

    def orders(self, identity: str, wire: Wire) -> Orders:
        config = {"group.id": "orders", "enable.partition.eof": True, "auto.offset.reset": "earliest"}
        client = MemoryConsumer(self._broker, config, wire)
        return Orders(client, ORDERS, GROUP, identity, self._broker.clock.monotonic)  # type: ignore[arg-type]

    def scorer(self, epochs: Epochs, client: MemoryConsumer, wire: Wire, orders: Orders) -> Any:
        return self._parts.scorer(
            decoder=Decoder(Fingerprints(), Checks(partitions=0)),
            enricher=ByName(lambda: self._bank.churn),
            state=self._state(client),
            labels=self._labels(wire),
            standing=lambda: orders.standing,
            limits=LIMITS,
            decider=lambda: self._bank.decider,
            drifting=Drifting("UTC", self._broker.clock.ms),
            desk=Desk.of(OUTPUTS[Role.FLAGS], OUTPUTS[Role.SCORES], Framing.JSON),
            epochs=epochs,
            encode_epoch=encoder(EPOCH, Framing.JSON),
            topics=OUTPUTS,
            app_version="0",
            record_limit=1_000_000,
            clock_ms=self._broker.clock.ms,
        )

    def _state(self, client: MemoryConsumer) -> Any:
        clock = self._broker.clock
        store = Store("memory", GROUP, INPUT, lambda _: (self._files, "snapshots"))
        origin = Origin(
            cluster_id="memory",
            topic_id="1",
            topic=INPUT,
            partitions=self._plan.partitions,
            group=GROUP,
            fold_digest="0" * 64,
        )
        album = Album(store, origin, Schedule(2.0, 5), AtOnce(store, clock.time))
        return self._parts.state(self._settings.memory(), Retained(client, INPUT, clock.ms), album, clock.monotonic)

    def _labels(self, wire: Wire) -> LabelReader:
        broker, trouble = self._broker, Trouble("labels", self._broker.clock.monotonic)
        config = {"group.id": GROUP, "enable.partition.eof": True, "auto.offset.reset": "error"}
        admin: Any = MemoryAdmin(broker, wire)
        client: Any = MemoryConsumer(broker, config, wire)
        ends = Ends(admin, LABELS, trouble, broker.clock.ms, broker.clock.monotonic)
        log = LabelLog(client, ends, trouble, LABELS)
        decoder = Decoder(Fingerprints(), Checks(partitions=0), LABEL)
        with mock.patch.object(LabelLog, "of", return_value=log):
            nothing: Any = None
            reader = LabelReader(
                nothing, self._settings, decoder, "slot", clock_ms=broker.clock.ms, now=broker.clock.monotonic
            )
        reader._feed = InTurn(log, decoder, self._settings.money)
        return reader

    # what is wrong

    def wrong(self, partition: int) -> list[str]:
        said = {
            role: [json.loads(value) for *_, value in visible(self._broker, OUTPUTS[role], partition)]
            for role in (Role.SCORES, Role.FLAGS, Role.EPOCHS)
        }
        dead = [_dead(each.record) for each in self._broker.partition((OUTPUTS[Role.DLQ], partition)).visible()]
        judge = Judge(self._records(partition), self._start(partition), self._known(), STEPS, self._plan.exactly_once)
        written = self._broker.group(GROUP).history.get((INPUT, partition), [])
        resumed = {place: when for (number, place), when in self._bank.resumed.items() if number == partition}
        stops = stops_wrong(judge.asked, LIMITS.max_consecutive, written, resumed)
        return judge.wrong(Answers(said[Role.SCORES], said[Role.FLAGS], said[Role.EPOCHS], dead)) + stops

    def _records(self, partition: int) -> list[Input]:
        log = self._broker.partition((INPUT, partition)).visible()
        return [
            Input(each.offset, each.timestamp, event_of(_value(each)), (partition, each.offset) in self._bank.skipped)
            for each in log
        ]

    def _start(self, partition: int) -> int:
        return self._broker.group(GROUP).began((INPUT, partition)) if self._plan.from_end else 0

    def _known(self) -> list[Known]:
        return [
            Known(number, each.offset, each.timestamp, json.loads(_value(each)))
            for number in range(self._plan.partitions)
            for each in self._broker.partition((LABELS, number)).visible()
        ]


def _value(entry: Entry) -> bytes:
    return b"" if entry.record is None else entry.record.value or b""


def _dead(record: Record | None) -> tuple[int, str]:
    """Of which offset, and why."""
    said = dict(record.headers) if record is not None else {}
    return int(said["dlq.offset"] or b""), (said["dlq.reason"] or b"").decode()
