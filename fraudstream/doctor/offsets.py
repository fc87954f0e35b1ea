"""Where the input begins and ends, and where the group stands in it; asks only, joins and commits nothing."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from fraudstream.doctor.clients import CALL_S, Heard, conf
from schemas.settings import Settings

SPEC: Final[Any] = OffsetSpec
PAUSE_S: Final = 0.1
SETTLED_S: Final = 20.0
"""Longer than a transaction may stay open whose worker was killed."""
PASSING: Final = frozenset(
    {
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
    }
)
"""A broker that has just started says these for a moment."""
NO_SUCH_GROUP: Final = KafkaError.GROUP_ID_NOT_FOUND


class Span(NamedTuple):
    """`end` is after the last committed record: where the next one will be read."""

    begin: int
    end: int


class Group(NamedTuple):
    state: str
    members: int


class Member(NamedTuple):
    """`name` is the worker's identity."""

    name: str
    host: str
    partitions: tuple[int, ...]


class Offsets:
    """Raises KafkaException with the first refusal, a missing topic's among them, or when `call_s` have passed."""

    def __init__(self, settings: Settings, call_s: float = CALL_S) -> None:
        self._call_s = call_s
        self._client: Any = AdminClient(conf(settings, Heard()))
        self._topic = settings.topics.transactions
        self._group = settings.score.group

    def spans(self) -> dict[int, Span]:
        partitions = range(self._partitions())
        begins, ends = self._list(partitions, SPEC.earliest()), self._list(partitions, SPEC.latest())
        return {number: Span(begins[number], ends[number]) for number in partitions}

    def committed(self) -> dict[int, int]:
        """Of the input's partitions, those for which the group has committed."""
        return {each.partition: each.offset for each in self._positions()}

    def texts(self) -> dict[int, str]:
        """What was committed together with those offsets."""
        return {each.partition: each.metadata or "" for each in self._positions()}

    def settled(self) -> list[TopicPartition]:
        """Where the group stands for certain, and with which texts: transactions that are still open are waited for."""
        deadline = time.monotonic() + SETTLED_S
        while True:
            try:
                return self._positions(stable=True)
            except KafkaException as exception:
                if exception.args[0].code() != KafkaError.UNSTABLE_OFFSET_COMMIT or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_S)

    def at(self, time_ms: int) -> dict[int, int]:
        """By partition, the first offset of that time or later; the end, where there is none."""
        partitions = range(self._partitions())
        found, ends = self._list(partitions, SPEC.for_timestamp(time_ms)), self._list(partitions, SPEC.latest())
        return {each: found[each] if found[each] >= 0 else ends[each] for each in partitions}

    def members(self) -> list[Member]:
        """Who is in the group now: those that have not left it, or not been silent for long enough."""
        described = self._described()
        return [] if described is None else sorted(_member(each, self._topic) for each in described.members)

    def move(self, offsets: Mapping[int, int], texts: Mapping[int, str] | None = None) -> None:
        """The broker refuses while somebody is in the group."""
        said = texts or {}
        places = [TopicPartition(self._topic, *each, said.get(each[0], "")) for each in sorted(offsets.items())]
        asked = ConsumerGroupTopicPartitions(self._group, places)
        answer = self._ask(lambda: self._client.alter_consumer_group_offsets([asked], request_timeout=self._call_s))
        for each in answer[self._group].topic_partitions:
            if each.error:
                raise KafkaException(each.error)

    def _positions(self, *, stable: bool = False) -> list[TopicPartition]:
        asked, how = (
            ConsumerGroupTopicPartitions(self._group),
            {"require_stable": stable, "request_timeout": self._call_s},
        )
        try:
            answer = self._ask(lambda: self._client.list_consumer_group_offsets([asked], **how))
        except KafkaException as exception:
            if exception.args[0].code() == NO_SUCH_GROUP:
                return []
            raise
        found = [each for each in answer[self._group].topic_partitions if each.topic == self._topic]
        for each in found:
            if each.error:
                raise KafkaException(each.error)
        return [each for each in found if each.offset >= 0]

    def group(self) -> Group | None:
        """None: the broker does not know it."""
        described = self._described()
        return None if described is None else _group(described)

    def _described(self) -> Any:  # noqa: ANN401 - the client's type
        try:
            answer = self._ask(
                lambda: self._client.describe_consumer_groups([self._group], request_timeout=self._call_s)
            )
        except KafkaException as exception:
            if exception.args[0].code() == NO_SUCH_GROUP:
                return None
            raise
        described = answer[self._group]
        return None if described.state.name in {"DEAD", "UNKNOWN"} else described

    def _partitions(self) -> int:
        topics = TopicCollection([self._topic])
        answer = self._ask(lambda: self._client.describe_topics(topics, request_timeout=self._call_s))
        return len(answer[self._topic].partitions)

    def _list(self, partitions: range, spec: object) -> dict[int, int]:
        asked = {TopicPartition(self._topic, number): spec for number in partitions}
        level = IsolationLevel.READ_COMMITTED
        answer = self._ask(
            lambda: self._client.list_offsets(asked, isolation_level=level, request_timeout=self._call_s)
        )
        return {each.partition: found.offset for each, found in answer.items()}

    def _ask(self, request: Callable[[], dict[Any, Any]]) -> dict[Any, Any]:
        """All answers of one request; asked again while the broker says that it is not ready yet."""
        deadline = time.monotonic() + self._call_s
        while True:
            try:
                return {key: future.result(self._call_s + 1) for key, future in request().items()}
            except KafkaException as exception:
                if exception.args[0].code() not in PASSING or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_S)


def _group(described: Any) -> Group:  # noqa: ANN401 - the client's type
    return Group(described.state.name.lower().replace("_", " "), len(described.members))


def _member(described: Any, topic: str) -> Member:  # noqa: ANN401 - the client's type
    places = described.assignment.topic_partitions if described.assignment else ()
    partitions = sorted(each.partition for each in places if each.topic == topic)
    return Member(described.client_id, described.host.lstrip("/"), tuple(partitions))
