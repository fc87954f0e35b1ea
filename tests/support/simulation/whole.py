"""The scorer as it is in production, on the memory broker: decoder, state, snapshots, labels, rules, policy, epochs.

Only what reaches outside is replaced: snapshots lie in memory and are written at once, churn scores follow from their
generation's name, labels are read in the worker's own turn.
"""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from unittest import mock

from pyarrow import fs
from support.memory_kafka import Broker, MemoryAdmin, MemoryConsumer, Wire
from support.memory_kafka.group import Place
from support.memory_kafka.log import Entry, Record
from support.simulation.fold import GROUP, INPUT
from support.simulation.plan import Plan
from support.simulation.replaced import AtOnce, ByName, InTurn
from support.simulation.slot import Parts
from support.simulation.small import visible
from support.simulation.whole_oracle import Answers, Judge, Known, event_of
from support.simulation.whole_oracle import Record as Input

from consumer.dead_letter_limits import Limits
from consumer.decisions import Desk
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
from models.decide import Decider, by_rules
from models.labels import LabelParams
from models.policy import Policy
from models.rules import Limits as Amounts
from schemas.contracts import DECISION, EPOCH, LABEL
from schemas.encoding import encoder
from schemas.framing import Framing
from schemas.lot import Checks, Decoder
from schemas.orders import Order, Verb
from schemas.registry import Fingerprints
from schemas.topics import Role

LABELS, ORDERS = "labels", "orders"
LIMITS = Limits(max_consecutive=0, max_ratio=0.0, window=1_000)
OUTPUTS = {role: str(role) for role in Role}
HOUR = 3_600_000
BEFORE_MS = (0, 0, 0, 0, 0, 2_000, HOUR, 50 * HOUR)
"""How long ago a purchase was when it arrives."""
STEPS = LabelParams(step_ms=1_000, grace_ms=1_000, delay_ms=500)
HANGING = 0.3
BACK = {Verb.PAUSE: Verb.RESUME, Verb.DRAIN: Verb.UNDRAIN}
HANGS_S = (0.5, 3.0, 6.0)
DECIDERS = tuple(
    by_rules(Bank(limits=Amounts(high, 500_000)), Policy(review_at, 0.9))
    for high in (100_000, 200_000)
    for review_at in (0.5, 0.6)
)


def whole(**given: Any) -> Parts:
    """The parts of a worker that has everything; `given` are others in their place."""
    return Parts(**{"cast": WholeCast, "state": State, "scorer": Scorer} | given)


class WholeCast:
    topics = (LABELS, ORDERS, *(OUTPUTS[role] for role in (Role.FLAGS, Role.SCORES, Role.DLQ, Role.EPOCHS)))

    def __init__(self, plan: Plan, parts: Any, broker: Broker, rng: random.Random) -> None:
        self._plan, self._parts, self._broker, self._rng = plan, parts, broker, rng
        self._bank = Bank(labels=STEPS)
        self._decider, self._churn = DECIDERS[0], "churn-0"
        self._files = fs._MockFileSystem()
        self._purchases: list[dict[str, Any]] = []
        self._skipped: set[tuple[int, int]] = set()

    # what happens

    def record(self, card: int) -> bytes:
        """A purchase; some come twice, some are no events at all."""
        rng, kind = self._rng, self._rng.random()
        if kind < 0.05:
            return f"no event {len(self._purchases)} {rng.random()}".encode()
        if kind < 0.12 and (known := [each for each in self._purchases if each["card_id"] == f"card-{card}"]):
            return json.dumps(rng.choice(known)).encode()
        purchase = {
            "event_id": f"event-{len(self._purchases)}",
            "event_time": self._broker.clock.ms() - rng.choice(BEFORE_MS),
            "card_id": f"card-{card}",
            "customer_id": str(card),
            "terminal_id": f"terminal-{rng.randrange(2)}",
            "amount_minor": rng.choice((100, 5_000, 150_000, 900_000)),
            "currency": "EUR",
        }
        self._purchases.append(purchase)
        return json.dumps(purchase).encode()

    def besides(self) -> list[Callable[[], None]]:
        """What is to be skipped is ordered before anybody reads it: later, it might have been answered already."""
        rng = self._rng
        for _ in range(rng.choice((0, 0, 3))):
            place = rng.randrange(self._plan.partitions), rng.randrange(20)
            self._skipped.add(place)
            self._say(Verb.SKIP, {"partition": place[0], "offset": place[1]})
        labels = [self._label] * rng.randrange(3 * self._plan.events)
        return labels + [self._move] * rng.randrange(8) + [self._order] * rng.choice((0, 0, 4))

    def _move(self) -> None:
        if self._rng.random() < 0.5:
            self._decider = self._rng.choice(DECIDERS)
        else:
            self._churn = self._rng.choice(("churn-1", "churn-2", "away"))

    def _label(self) -> None:
        """A verdict on any purchase so far, known some time ago but no longer than the grace allows."""
        if not self._purchases:
            return
        purchase = self._rng.choice(self._purchases)
        said = {name: value for name, value in purchase.items() if name != "customer_id"}
        said |= {"is_fraud": self._rng.random() < 0.4, "source": "customer"}
        place = (LABELS, int(purchase["customer_id"]) % self._plan.partitions)
        value, now = json.dumps(said).encode(), self._broker.clock.ms()
        if self._rng.random() < HANGING:
            self._hang(place, value)
        else:
            known_at = now - self._rng.choice((0, STEPS.grace_ms // 2 - 100))
            self._broker.partition(place).append(Record(said["card_id"].encode(), value, [], known_at))

    def _hang(self, place: Place, value: bytes) -> None:
        """In a transaction that stays open for a while: until then nobody is sure of any label."""
        transactions = self._broker.transactions
        who = transactions.init(f"labels-{self._rng.random()}", 60.0)
        transactions.produce(who, place, Record(b"", value, [], self._broker.clock.ms()))
        end = partial(transactions.end, who, self._rng.random() < 0.5)
        self._broker.later(self._rng.choice(HANGS_S), end)

    def _order(self) -> None:
        """What stands still or drains goes on after a while."""
        rng, partition = self._rng, self._rng.randrange(self._plan.partitions)
        kind = rng.choice((Verb.PAUSE, Verb.DRAIN))
        slot = f"slot-{rng.randrange(self._plan.workers)}"
        given: dict[str, Any] = {"partition": partition} if kind is Verb.PAUSE else {"slot": slot}
        self._say(kind, given)
        if kind in BACK:
            self._broker.later(rng.choice(HANGS_S), partial(self._say, BACK[kind], given))

    def _say(self, verb: Verb, given: dict[str, Any]) -> None:
        at = datetime.fromtimestamp(self._broker.clock.time(), UTC)
        order = Order(verb=verb, group=GROUP, who="operator", why="because", at=at, **given)
        self._broker.append((ORDERS, 0), order.to_bytes())

    # who answers

    def orders(self, identity: str, wire: Wire) -> Orders:
        config = {"group.id": "orders", "enable.partition.eof": True, "auto.offset.reset": "earliest"}
        client = MemoryConsumer(self._broker, config, wire)
        return Orders(client, ORDERS, GROUP, identity, self._broker.clock.monotonic)  # type: ignore[arg-type]

    def scorer(self, epochs: Epochs, client: MemoryConsumer, wire: Wire, orders: Orders) -> Any:
        return self._parts.scorer(
            decoder=Decoder(Fingerprints(), Checks(partitions=0)),
            enricher=ByName(lambda: self._churn),
            state=self._state(client),
            labels=self._labels(wire),
            standing=lambda: orders.standing,
            limits=LIMITS,
            decider=self._current,
            desk=Desk(OUTPUTS[Role.FLAGS], OUTPUTS[Role.SCORES], encoder(DECISION, Framing.JSON), b"application/json"),
            epochs=epochs,
            encode_epoch=encoder(EPOCH, Framing.JSON),
            topics=OUTPUTS,
            app_version="0",
            record_limit=1_000_000,
            clock_ms=self._broker.clock.ms,
        )

    def _current(self) -> Decider:
        return self._decider

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
        return self._parts.state(self._bank.memory(), Retained(client, INPUT, clock.ms), album, clock.monotonic)

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
                nothing, self._bank, decoder, "slot", clock_ms=broker.clock.ms, now=broker.clock.monotonic
            )
        reader._feed = InTurn(log, decoder, self._bank.money)
        return reader

    # what is wrong

    def wrong(self, partition: int) -> list[str]:
        said = {
            role: [json.loads(value) for *_, value in visible(self._broker, OUTPUTS[role], partition)]
            for role in (Role.SCORES, Role.FLAGS, Role.EPOCHS)
        }
        dead = [_dead(each.record) for each in self._broker.partition((OUTPUTS[Role.DLQ], partition)).visible()]
        judge = Judge(self._records(partition), self._start(partition), self._known(), STEPS, self._plan.exactly_once)
        return judge.wrong(Answers(said[Role.SCORES], said[Role.FLAGS], said[Role.EPOCHS], dead))

    def _records(self, partition: int) -> list[Input]:
        log = self._broker.partition((INPUT, partition)).visible()
        return [
            Input(each.offset, each.timestamp, event_of(_value(each)), (partition, each.offset) in self._skipped)
            for each in log
        ]

    def _start(self, partition: int) -> int:
        history = self._broker.group(GROUP).history.get((INPUT, partition), [0])
        return history[0] if self._plan.from_end else 0

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
