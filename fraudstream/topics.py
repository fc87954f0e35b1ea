"""The product's topics on a broker: which of them stand, and making those that do not. Never alters one that stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

from producer.broker import Broker
from schemas.errors import Misconfigured, Stop
from schemas.settings import Settings
from schemas.topics import FOR_EVER, RULES, Role, TopicRule

if TYPE_CHECKING:
    from concurrent.futures import Future

CALL_S: Final = 5.0
MAJORITY: Final = 3
"""From so many copies on, writes can wait for two of them while one broker is down."""
USUAL_MAX_BYTES: Final = 1_048_588
"""What a broker takes at once unless told otherwise."""

PROPERTIES: Final = "correct it under [kafka.properties]; names and values are librdkafka's"
FORBIDDEN: Final = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED})
REFUSED: Final = {
    KafkaError.INVALID_REPLICATION_FACTOR: "ask for no more copies (--replication) than there are brokers",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "grant this user CREATE on these topics, or let an administrator run this",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "grant this user CREATE on the cluster, or let an administrator run this",
    KafkaError.POLICY_VIOLATION: "follow the cluster's rules for new topics with --partitions and --replication",
}


@dataclass(frozen=True, slots=True)
class Topic:
    """`replication` is that of its least copied partition; `config` None: this user may not read it.

    `allowed` are the operations this user has a right to; empty where the broker does not say.
    """

    partitions: int
    replication: int
    config: Mapping[str, str] | None
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """`hidden` are those this user may not see, whether they are there or not."""

    brokers: int
    topics: Mapping[Role, Topic]
    hidden: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Missing:
    """A topic to be made."""

    role: Role
    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


class Administration:
    """One admin client. No call takes longer than a few seconds; trouble is raised with the broker's own reason."""

    def __init__(self, settings: Settings) -> None:
        self._topics = settings.topics
        self._broker = Broker(settings.kafka.bootstrap)
        conf: dict[str, Any] = settings.kafka.client(log_level=0) | {"error_cb": self._broker.heard}
        try:
            self._client: Any = AdminClient(conf)
        except KafkaException as error:
            raise unaccepted(error) from error

    def look(self) -> Found:
        try:
            brokers = len(self._client.list_topics(timeout=CALL_S).brokers)
        except KafkaException as error:
            raise self._away() from error
        names = {role: self._topics.name(role) for role in Role}
        asked = TopicCollection([*names.values()])
        futures = self._client.describe_topics(asked, include_authorized_operations=True, request_timeout=CALL_S)
        described, hidden = {}, set()
        for role, name in names.items():
            answer = self._settled(futures[name])
            if not isinstance(answer, KafkaError):
                described[role] = answer
            elif answer.code() in FORBIDDEN:
                hidden.add(role)
        configs = self._configs([names[role] for role in described])
        topics = {role: _topic(each, configs[names[role]]) for role, each in described.items()}
        return Found(brokers, topics, frozenset(hidden))

    def make(self, missing: Sequence[Missing]) -> Iterator[tuple[Missing, bool]]:
        """Each with whether it was made: somebody may have been faster. The first refusal is raised after the last."""
        wanted = [NewTopic(each.name, each.partitions, each.replication, config={**each.config}) for each in missing]
        futures = self._client.create_topics(wanted, request_timeout=CALL_S) if wanted else {}
        refusals = []
        for each in missing:
            error = self._settled(futures[each.name])
            if error is None or error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
                yield each, error is None
            else:
                refusals.append(_refused(each, error))
        if refusals:
            raise refusals[0]

    def _configs(self, names: Sequence[str]) -> dict[str, Mapping[str, str] | None]:
        asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
        futures = self._client.describe_configs(asked, request_timeout=CALL_S) if asked else {}
        answers = {resource.name: self._settled(future) for resource, future in futures.items()}
        return {
            name: None if isinstance(answer, KafkaError) else {key: entry.value for key, entry in answer.items()}
            for name, answer in answers.items()
        }

    def _settled(self, future: "Future[Any]") -> Any:  # noqa: ANN401 - each request has an answer of its own
        """The answer, or the broker's refusal as a KafkaError; raises when there is neither."""
        try:
            return future.result(CALL_S + 1)
        except KafkaException as exception:
            error: KafkaError = exception.args[0]
            if error.code() >= 0:  # the broker's; the client's own are negative
                return error
            raise self._away() from exception
        except TimeoutError as late:
            raise self._away() from late

    def _away(self) -> Stop:
        self._client.poll(0)
        return self._broker.away(f"the broker at {self._broker.bootstrap} does not answer")


def unaccepted(error: KafkaException) -> Misconfigured:
    """What a client's constructor said."""
    return Misconfigured(f"the Kafka client refuses its settings: {error.args[0].str()}", fix=PROPERTIES)


def missing(found: Found, settings: Settings) -> list[Missing]:
    """What is to be made, with the partitions of what stands: the input's, else those of the labels."""
    standing = found.topics.get(Role.TRANSACTIONS) or found.topics.get(Role.LABELS)
    partitions = standing.partitions if standing else settings.topics.partitions
    copies = settings.topics.replication
    return [
        Missing(
            rule.role,
            settings.topics.name(rule.role),
            rule.partitions or partitions,
            copies,
            config_of(rule, found, copies, retention_ms(rule, settings)),
        )
        for rule in RULES
        if rule.role not in found.topics
    ]


def retention_ms(rule: TopicRule, settings: Settings) -> int:
    """Labels must reach as far back as answers see, which the settings may make further than is usual."""
    if rule.role is not Role.LABELS:
        return rule.retention_ms
    from consumer.labels.reader import reach_ms
    from models.bank import Bank

    return max(rule.retention_ms, reach_ms(Bank.of(settings).labels))


def config_of(rule: TopicRule, found: Found, copies: int, kept_ms: int) -> dict[str, str]:
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(kept_ms),
        "min.insync.replicas": "2" if copies >= MAJORITY else "1",
    }
    if rule.retention_ms == FOR_EVER:
        config["retention.bytes"] = str(FOR_EVER)
    if rule.role is Role.DLQ and (largest := max_bytes(found.topics.get(Role.TRANSACTIONS))) > USUAL_MAX_BYTES:
        config["max.message.bytes"] = str(largest)
    return config


def max_bytes(topic: Topic | None) -> int:
    """The largest batch of records it takes; 0 where that is not known."""
    return int((topic.config or {}).get("max.message.bytes", 0)) if topic else 0


def _topic(described: Any, config: Mapping[str, str] | None) -> Topic:  # noqa: ANN401 - the client's type has no stubs
    copies = [len(each.replicas) for each in described.partitions]
    allowed = frozenset(each.name for each in described.authorized_operations or ())
    return Topic(len(copies), min(copies, default=0), config, allowed)


def _refused(topic: Missing, error: KafkaError) -> Misconfigured:
    said = f"the broker does not make the topic {topic.name!r}: {error.str()}"
    return Misconfigured(said, fix=REFUSED.get(error.code(), "see the broker's log, or make it with its own tools"))
