"""Who answers in most schedules: the small scorer, its input, and what moves while it runs."""

import json
import random
from collections.abc import Callable
from typing import Any

from support.memory_kafka import Broker
from support.simulation import oracle
from support.simulation.fold import DECISIONS, EPOCHS, GROUP, INPUT, Row
from support.simulation.plan import Plan

from consumer.epochs import Epochs
from consumer.life import Life
from schemas.standing import Standing

SNAPSHOTS = 0.1


class NoOrders:
    drained = None
    standing = Standing(GROUP)

    def begin(self, life: Life) -> Standing:
        return self.standing

    def wait_while_drained(self, life: Life) -> None:
        """Never."""

    def learn(self) -> Standing:
        return self.standing


class SmallCast:
    """The small scorer, its input, and what moves while it runs."""

    topics = (DECISIONS, EPOCHS)

    def __init__(self, plan: Plan, parts: Any, broker: Broker, rng: random.Random) -> None:
        self._plan, self._parts, self._broker, self._rng = plan, parts, broker, rng
        self._shelf = parts.shelf()
        self._model, self._churn = "model-0", "churn-0"

    def record(self, card: int) -> bytes:
        return str(self._rng.randrange(1000)).encode()

    def besides(self) -> list[Callable[[], None]]:
        return [self._move] * self._rng.randrange(8)

    def orders(self, identity: str, wire: Any) -> Any:
        return NoOrders()

    def scorer(self, epochs: Epochs, client: Any, wire: Any, orders: Any) -> Any:
        state = self._parts.state(self._shelf, lambda: self._rng.random() < SNAPSHOTS)
        return self._parts.scorer(epochs, state, lambda: (self._model, self._churn))

    def wrong(self, partition: int) -> list[str]:
        broker, plan = self._broker, self._plan
        records = [oracle.Input(*row) for row in visible(broker, INPUT, partition)]
        decisions, epochs = (
            [json.loads(value) for *_, value in visible(broker, topic, partition)] for topic in self.topics
        )
        started = broker.group(GROUP).began((INPUT, partition)) if plan.from_end else 0
        return oracle.judge(records, started, epochs, decisions, once=plan.exactly_once)

    def _move(self) -> None:
        if self._rng.random() < 0.5:
            self._model = f"model-{self._rng.randrange(9)}"
        else:
            self._churn = f"churn-{self._rng.randrange(9)}"


def visible(broker: Broker, topic: str, partition: int) -> list[Row]:
    """Offset, key and value of what a reader of committed records sees in the end."""
    log = broker.partition((topic, partition)).visible()
    return [(each.offset, each.record.key or b"", each.record.value or b"") for each in log if each.record is not None]
