"""How long readers of committed records have been standing still at an open transaction of an output topic.

Readers of committed records get no further than the first record of the oldest transaction that is open: the last
stable offset. A lot's transaction is open for milliseconds; one that hangs stops every reader of that partition, and
the worker whose transaction it is may be gone. So each worker asks for all partitions, its own and others'.

The question needs the right to see the topics, which whoever may write to them has. It is asked from a thread of its
own, so that no answer, and none that never comes, holds up a lot.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog
from confluent_kafka import IsolationLevel, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from consumer.faults import error_of
from consumer.metrics import OUTPUT_STANDSTILL_SECONDS

if TYPE_CHECKING:
    from concurrent.futures import Future

EVERY_S: Final = 10.0
CALL_S: Final = 5.0
LATEST: Final[Any] = OffsetSpec

log = structlog.get_logger(__name__)


class Place(NamedTuple):
    topic: str
    partition: int


class Ends(NamedTuple):
    """`stable` is where readers of committed records end, `last` where the log does."""

    stable: int
    last: int


class Standstill:
    """A partition stands still while its stable end stays where it is, below the end of the log."""

    def __init__(self) -> None:
        self._since: dict[Place, tuple[int, float]] = {}

    def look(self, found: Mapping[Place, Ends], now: float) -> dict[Place, float]:
        """By partition, for how many seconds it was seen to stand still; 0 where it does not."""
        before, self._since = self._since, {}
        for place, ends in found.items():
            if ends.stable < ends.last:
                stood, since = before.get(place, (ends.stable, now))
                self._since[place] = (ends.stable, since if stood == ends.stable else now)
        return {place: now - self._since[place][1] if place in self._since else 0.0 for place in found}


def ends(client: AdminClient, topics: Iterable[str]) -> dict[Place, Ends]:
    """Raises KafkaException for a topic that is missing or may not be seen, and where the broker does not answer.

    The stable ends are asked for first: in between, a log can only have grown.
    """
    described = client.describe_topics(TopicCollection([*topics]), request_timeout=CALL_S)
    places = [Place(topic, each.id) for topic, answer in described.items() for each in _of(answer).partitions]
    stable = _latest(client, places, IsolationLevel.READ_COMMITTED)
    last = _latest(client, places, IsolationLevel.READ_UNCOMMITTED)
    return {place: Ends(stable[place], last[place]) for place in places}


class Watch:
    """Asks at once and then every `every_s`, until it is closed. What it cannot ask, it says once."""

    def __init__(
        self,
        client: AdminClient,
        topics: Iterable[str],
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._topics, self._every_s, self._clock = client, [*topics], every_s, clock
        self._standstill = Standstill()
        self._said = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="standstill", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Does not wait for a question that is under way."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._look()
            except (KafkaException, TimeoutError) as error:
                self._hear(error)
            self._closed.wait(self._every_s)

    def _look(self) -> None:
        found = ends(self._client, self._topics)
        stood = self._standstill.look(found, self._clock())
        for topic in self._topics:
            longest = max((seconds for place, seconds in stood.items() if place.topic == topic), default=0.0)
            OUTPUT_STANDSTILL_SECONDS.labels(topic).set(longest)
        self._said = False

    def _hear(self, error: Exception) -> None:
        """What was seen last is not said any longer: nobody knows whether it still holds."""
        OUTPUT_STANDSTILL_SECONDS.clear()
        self._client.poll(0)
        if not self._said:
            detail = error_of(error).str() if isinstance(error, KafkaException) else "no answer"
            log.warning("outputs.not_seen", topics=self._topics, detail=detail)
            self._said = True


def _latest(client: AdminClient, places: Iterable[Place], isolation: object) -> dict[Place, int]:
    asked: dict[TopicPartition, Any] = {TopicPartition(*place): LATEST.latest() for place in places}
    listed: Any = client
    answers = listed.list_offsets(asked, isolation_level=isolation, request_timeout=CALL_S) if asked else {}
    return {Place(each.topic, each.partition): int(_of(answer).offset) for each, answer in answers.items()}


def _of(answer: "Future[Any]") -> Any:  # noqa: ANN401 - each request has an answer of its own
    return answer.result(CALL_S + 1)
