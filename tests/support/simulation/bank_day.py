"""What a bank, its investigators and its operators do while the scorer runs."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from support.memory_kafka import Broker
from support.memory_kafka.group import Place
from support.memory_kafka.log import Record
from support.simulation.fold import GROUP, INPUT
from support.simulation.plan import Plan

from consumer.dead_letter_limits import Limits, decode
from models.bank import Bank
from models.decide import by_rules
from models.labels import LabelParams
from models.policy import Policy
from models.rules import Limits as Amounts
from schemas.orders import Order, Verb, stop_id

LABELS, ORDERS = "labels", "orders"
HOUR = 3_600_000
BEFORE_MS = (0, 0, 0, 0, 0, 2_000, HOUR, 50 * HOUR)
"""How long ago a purchase was when it arrives."""
STEPS = LabelParams(step_ms=1_000, grace_ms=1_000, delay_ms=500)
LIMITS: Final = Limits(max_consecutive=1, max_ratio=0.0, window=1_000)
BROKEN = 0.1
HANGING = 0.3
HANGS_S = (0.5, 3.0, 6.0)
LOOKS_S = 2.0
"""How often somebody looks for partitions that stopped."""
BACK = {Verb.PAUSE: Verb.RESUME, Verb.DRAIN: Verb.UNDRAIN}
DECIDERS = tuple(
    by_rules(Bank(limits=Amounts(high, 500_000)), Policy(review_at, 0.9))
    for high in (100_000, 200_000)
    for review_at in (0.5, 0.6)
)


class BankDay:
    """`decider` and `churn` are those of the moment; `skipped` are places that were ordered to be passed over."""

    def __init__(self, plan: Plan, broker: Broker, rng: random.Random) -> None:
        self._plan, self._broker, self._rng = plan, broker, rng
        self._purchases: list[dict[str, Any]] = []
        self.decider, self.churn = DECIDERS[0], "churn-0"
        self.skipped: set[tuple[int, int]] = set()
        self.resumed: dict[tuple[int, int], float] = {}
        """By partition and place of a stop, when the order was given that ended it."""

    def record(self, card: int) -> bytes:
        """A purchase; some come twice, some are no events at all."""
        rng, kind = self._rng, self._rng.random()
        if kind < BROKEN:
            return f"no event {len(self._purchases)} {rng.random()}".encode()
        if kind < BROKEN + 0.07 and (known := [each for each in self._purchases if each["card_id"] == f"card-{card}"]):
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
        self._look()
        for _ in range(rng.choice((0, 0, 3))):
            place = rng.randrange(self._plan.partitions), rng.randrange(20)
            self.skipped.add(place)
            self._say(Verb.SKIP, {"partition": place[0], "offset": place[1]})
        labels = [self._label] * rng.randrange(3 * self._plan.events)
        return labels + [self._move] * rng.randrange(8) + [self._order] * rng.choice((0, 0, 4))

    def _move(self) -> None:
        if self._rng.random() < 0.5:
            self.decider = self._rng.choice(DECIDERS)
        else:
            self.churn = self._rng.choice(("churn-1", "churn-2", "away"))

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

    def _look(self) -> None:
        """Partitions that stopped go on by order, one look after they were seen."""
        group = self._broker.group(GROUP)
        for partition in range(self._plan.partitions):
            stood = group.stands.get((INPUT, partition))
            stop = decode(stood.text).stop if stood else None
            if stop is not None and (partition, stop) not in self.resumed:
                self.resumed[partition, stop] = self._broker.clock.now
                self._say(Verb.RESUME_DEAD_LETTERS, {"partition": partition, "stop": stop_id(partition, stop)})
        self._broker.later(LOOKS_S, self._look)
