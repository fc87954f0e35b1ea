"""What operators ordered, as a worker knows it: the whole log of orders, read beside the input and never waited for.

`begin` reads up to the end before the worker joins its group, so that what was ordered before holds from the first
record on; `learn` takes what came since, without waiting. The partition is assigned, no group is joined, nothing is
committed, only committed records count. A topic that is not there, or that this user may not read, is told once and
means that there are no orders; when it can be read later, it is. A broker that is away changes nothing that holds.
Dead letters that were sent back are on record there too, and mean nothing to a worker.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Self

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer import clients, metrics
from consumer.faults import EOF
from consumer.life import Life
from consumer.trouble import Trouble
from schemas.orders import Order, Unreadable, Verb, parse
from schemas.settings import Settings
from schemas.standing import Standing

PARTITION: Final = 0
"""All orders stand in one order, however many partitions the topic has."""
AT_ONCE: Final = 500
STEP_S: Final = 0.02
"""The client says that the end is reached once this is over, not before."""
LOOK_S: Final = 2.0
EVERY_S: Final = 0.25
"""How often the client is asked: an order holds that long after it was given, and a call costs microseconds."""
SAID_EVERY_S: Final = 30.0
"""How often a worker that waits for what was ordered before says so."""
NONE: Final = frozenset(
    {
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    }
)

log = structlog.get_logger(__name__)


class Orders:
    """`standing` is what holds. For one thread."""

    @classmethod
    def of(cls, settings: Settings, identity: str, topic_id: str | None = None) -> Self:
        client = clients.orders_consumer(settings, identity, Trouble("orders"))
        return cls(client, settings.topics.orders, settings.score.group, identity, topic_id=topic_id)

    def __init__(
        self,
        client: Consumer,
        topic: str,
        group: str,
        identity: str,
        now: Callable[[], float] = time.monotonic,
        *,
        topic_id: str | None = None,
    ) -> None:
        self._client, self._topic, self._identity, self._now = client, topic, identity, now
        self._ended = self._absent = False
        self._asked_at = float("-inf")
        self.standing = Standing(group, topic_id)

    def begin(self, life: Life) -> Standing:
        """Returns when all was read that there was, or when it is known that there is nothing.

        A topic that is there and cannot be read is waited for: a record that was ordered to be passed over may be what
        workers die of, and a partition that was paused must not be scored. Whoever waits is not in the group yet.
        """
        began = said = self._now()
        if not self._listed(life):
            self._none("not listed")
        self._client.assign([TopicPartition(self._topic, PARTITION, 0)])
        while not (self._ended or self._absent or life.ending):
            life.turn()
            self._take(STEP_S)
            if self._now() - said >= SAID_EVERY_S:
                said = self._now()
                log.warning("orders.not_read", topic=self._topic, waited_s=round(said - began))
        held = self.standing
        log.info("orders.standing", paused=sorted(held.paused), skipped=len(held.skipped), drained=sorted(held.drained))
        return held

    def learn(self) -> Standing:
        """What holds now; asks the client every so often."""
        now = self._now()
        if now - self._asked_at >= EVERY_S:
            self._asked_at = now
            self._take(0.0)
        return self.standing

    @property
    def drained(self) -> Order | None:
        """By which this worker leaves its partitions to others."""
        return self.standing.drained.get(self._identity)

    def wait_while_drained(self, life: Life) -> None:
        """Returns at once where it is not, and when the process is asked to end."""
        if order := self.drained:
            log.warning("worker.drained", who=order.who, why=order.why, at=order.when)
        while self.drained and not life.ending:
            life.turn()
            self.learn()
            life.rest(EVERY_S)

    def close(self) -> None:
        self._client.close()

    def _listed(self, life: Life) -> bool:
        """Whether this user sees the topic; the client itself would ask half a minute long before it says no."""
        while not life.ending:
            life.turn()
            try:
                found = self._client.list_topics(self._topic, timeout=LOOK_S).topics.get(self._topic)
                return found is not None and (found.error is None or found.error.code() not in NONE)
            except KafkaException:
                self._take(0.0)
        return True

    def _none(self, why: str) -> None:
        if not self._absent:
            log.warning("orders.none", topic=self._topic, error=why, fix=FIX)
        self._absent = True

    def _take(self, wait_s: float) -> None:
        while messages := self._client.consume(AT_ONCE, wait_s):
            orders = [order for each in messages if (order := self._order(each)) and order.verb is not Verb.REPLAYED]
            self.standing = self.standing.after(orders)
            for order in orders:
                if order.group == self.standing.group and order.about(self.standing.topic_id):
                    tell(order)
            wait_s = 0.0

    def _order(self, message: Any) -> Order | None:  # noqa: ANN401 - the client's message
        error = message.error()
        if error is not None:
            self._hear(error)
            return None
        try:
            return parse(message.value())
        except Unreadable as unreadable:
            metrics.ORDERS_IGNORED.inc()
            log.warning("order.ignored", offset=message.offset(), why=str(unreadable))
            return None

    def _hear(self, error: KafkaError) -> None:
        if error.code() == EOF:
            self._ended, self._absent = True, False
        elif error.code() in NONE:
            self._none(error.name())
        else:
            log.warning("orders.error", topic=self._topic, error=error.name(), detail=error.str())


FIX: Final = "`fraudstream topics create` makes it; the worker needs READ on it. Scoring goes on without orders"


def tell(order: Order) -> None:
    log.info(
        "order.heard",
        verb=order.verb.value,
        partition=order.partition,
        offset=order.offset,
        slot=order.slot,
        stop=order.stop,
        who=order.who,
        why=order.why,
    )
