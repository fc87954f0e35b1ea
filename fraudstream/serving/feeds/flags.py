"""Flags as they are committed, from a little before now on, read without a group."""

from collections import deque
from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Any, Final

from confluent_kafka import KafkaException, Message
from confluent_kafka.admin import AdminClient

from fraudstream.decision import Decision, Decisions
from fraudstream.serving.feeds.feeding import away
from fraudstream.subscription import END, Subscription
from producer.broker import Broker
from schemas.errors import DeadLetter, FraudstreamError, Misconfigured
from schemas.registry import Registry
from schemas.settings import Settings
from serving.page.facts import Source, State, flag
from serving.page.live import KEPT, Live

NAME: Final = "flags"
BACK: Final = 100
STEP_S: Final = 0.3
FIRST_S: Final = 1.5
"""What stood on the topic before is put in order once it has come."""
AGAIN_S: Final = 2.0
PATIENCE_S: Final = 3.0
LOOK_S: Final = 3.0
UP: Final = "fraudstream up"
CREATE: Final = "fraudstream topics create"
DOCTOR: Final = "fraudstream doctor"


class Flags:
    """Begins anew after every trouble, and passes over what it has read before."""

    def __init__(self, settings: Settings, live: Live) -> None:
        self._settings, self._live = settings, live
        self._topic = settings.topics.flags
        self._decisions = Decisions(Registry.of(settings))
        self._next: dict[int, int] = {}
        self._trouble: Source | None = None

    def read(self, over: Event) -> None:
        while not over.is_set():
            try:
                with Subscription(self._settings, self._topic, END, PATIENCE_S, BACK) as subscription:
                    self._trouble = None
                    self._follow(subscription, over)
            except (FraudstreamError, KafkaException) as error:
                self._trouble = away(error, DOCTOR)
                over.wait(AGAIN_S)

    def look(self, over: Event) -> None:
        """Whether the broker answers and has the topic: a reader alone hears nothing of a broker that came back."""
        broker = Broker(self._settings.kafka.bootstrap)
        admin = AdminClient(dict[str, Any](self._settings.kafka.client(log_level=2)) | {"error_cb": broker.heard})
        while not over.is_set():
            self._live.source(NAME, self._looked(admin, broker))
            over.wait(LOOK_S)

    def _looked(self, admin: AdminClient, broker: Broker) -> Source:
        try:
            topics = admin.list_topics(timeout=PATIENCE_S).topics
        except KafkaException:
            said = f"the broker at {broker.bootstrap} does not answer"
            why = broker.away(said)
            return away(why, DOCTOR) if isinstance(why, Misconfigured) else Source(State.AWAY, said, UP)
        if self._topic not in topics:
            return Source(State.EMPTY, f"{broker.bootstrap} has no topic {self._topic}", CREATE)
        return self._trouble or Source(State.OK, f"{self._topic} at {broker.bootstrap}")

    def _follow(self, subscription: Subscription, over: Event) -> None:
        span = FIRST_S
        while not over.is_set():
            latest: deque[Message] = deque(maxlen=KEPT)
            ends = monotonic() + span
            latest.extend(subscription.messages(_past(ends, over), lambda _: None))
            found = [each for each in map(self._read, latest) if each is not None]
            for decision in sorted(found, key=lambda each: int(each["scored_at"])):
                self._live.flag(flag(decision))
            span = STEP_S

    def _read(self, message: Any) -> Decision | None:  # noqa: ANN401 - the client's type
        partition, offset = message.partition(), message.offset()
        if offset < self._next.get(partition, 0):
            return None
        self._next[partition] = offset + 1
        try:
            found = self._decisions.read(message.value())
        except DeadLetter:
            self._trouble = Source(State.OK, f"{self._topic}: records that are no decisions are passed over")
            return None
        return found


def _past(end: float, over: Event) -> Callable[[], bool]:
    return lambda: over.is_set() or monotonic() >= end
