"""Builds one slot's worker from the settings, and runs it. The only place in this room where parts meet."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaException

from consumer import clients, deciding, garbage, keeping, metrics
from consumer.at_least_once import AtLeastOnce
from consumer.checkpoint import ExactlyOnce
from consumer.clock import now_ms
from consumer.dead_letter_limits import Limits
from consumer.decisions import Desk
from consumer.drifting import Drifting
from consumer.enriching import Enricher, enricher
from consumer.epochs import Epochs
from consumer.fail_points import FailPoints
from consumer.faults import ending, error_of
from consumer.health import Health
from consumer.labels import LabelReader
from consumer.life import Life
from consumer.lifeline import Lifeline
from consumer.orders import Orders
from consumer.scoring import Scorer
from consumer.source import KafkaSource
from consumer.standstill import Watch
from consumer.state import State
from consumer.trouble import Trouble
from consumer.warming import warm
from consumer.watchdog import Watchdog
from consumer.worker import Checkpoint, Worker
from models.bank import Bank
from schemas.contracts import EPOCH, LABEL, Contract
from schemas.encoding import encoder
from schemas.errors import DependencyAway, FraudstreamError, Misconfigured, RestartMe
from schemas.lot import Checks, Decoder
from schemas.registry import Registry
from schemas.settings import Settings
from schemas.topics import RULES, Role

POLL_S: Final = 0.2
METADATA_S: Final = 2.0
RECORD_LIMIT: Final = 1_000_000
"""librdkafka and brokers refuse records above about 1 MiB unless told otherwise."""

log = structlog.get_logger(__name__)


def run(settings: Settings, slot: int, *, lifeline: int | None = None, max_messages: int | None = None) -> None:
    """Scores until asked to end. What ends it otherwise is told to the supervisor, then raised."""
    life = Life()
    life.follow_signals()
    line = Lifeline(lifeline, life.ask_to_end)
    try:
        _run(settings, slot, life, line.last_words, max_messages)
    except FraudstreamError as error:
        if life.ending and type(error) in {RestartMe, DependencyAway}:
            log.warning("worker.left_unfinished", why=error.message)
            return
        line.died_of(error)
        raise
    except KafkaException as exception:
        said = error_of(exception)
        end = ending(said) or RestartMe(f"unexpected broker answer: {said.name()}: {said.str()}")
        line.died_of(end)
        raise end from exception


def _run(settings: Settings, slot: int, life: Life, say: Callable[[str], None], max_messages: int | None) -> None:
    identity = "-".join((settings.score.app, settings.score.node or socket.gethostname(), str(slot)))
    structlog.contextvars.bind_contextvars(worker=identity)
    metrics.WORKER_INFO.labels(identity, os.getpid(), version("fraudstream")).set(1)
    points = FailPoints.of(settings, identity, os.environ)
    first = deciding.live(settings)
    trouble = Trouble("consumer")
    client = clients.consumer(settings, identity, trouble)
    partitions = _input_partitions(client, trouble, settings, life)
    state = keeping.state(settings, client, keeping.origin(settings, client, identity, partitions, life), points.store)
    source = _source(client, trouble, settings, state, partitions)
    with (
        closing(deciding.Watch(settings, first)) as watch,
        closing(Orders.of(settings, identity, state.topic_id)) as orders,
        closing(_labels(settings, identity)) as labels,
        closing(enricher(settings)) as churn,
        closing(Watchdog(say)) as watchdog,
    ):
        scorer = _scorer(settings, identity, state, labels=labels, orders=orders, watch=watch, churn=churn)
        checkpoint = _checkpoint(settings, points, source, watchdog, life)
        with garbage.between_lots() as tidy, _outputs_watched(settings, identity):
            worker = Worker(source, scorer, checkpoint, orders, life, max_messages=max_messages, between_lots=tidy)
            with _listening(settings, slot, life, worker, churn):
                watch.start()
                churn.start()
                worker.run()


def _input_partitions(client: Consumer, trouble: Trouble, settings: Settings, life: Life) -> int:
    """Waits for the broker, then checks that every answer finds a partition with the number of its question."""
    while True:
        try:
            found = client.list_topics(timeout=METADATA_S).topics
            break
        except KafkaException as exception:
            client.poll(0)
            if end := trouble.end or ending(error_of(exception)):
                raise end from exception
            if life.given_up():
                raise DependencyAway("asked to end before the broker answered") from exception
            log.warning("broker.away", bootstrap=settings.kafka.bootstrap, detail=error_of(exception).str())
    counts = {role: len(found[name].partitions) for role in Role if (name := settings.topics.name(role)) in found}
    _check_topics(settings, counts)
    return counts[Role.TRANSACTIONS]


def _check_topics(settings: Settings, counts: Mapping[Role, int]) -> None:
    for rule in RULES:
        if rule.role not in {*_written(settings), Role.TRANSACTIONS}:
            continue
        name = settings.topics.name(rule.role)
        if rule.role not in counts:
            raise Misconfigured(f"there is no topic {name!r} ({rule.about})", fix="run `fraudstream topics create`")
        if counts[rule.role] < counts[Role.TRANSACTIONS]:
            raise Misconfigured(
                f"topic {name!r} has {counts[rule.role]} partitions, the input has {counts[Role.TRANSACTIONS]}",
                fix=f"give {name!r} at least as many: an answer is written to the partition number of its question",
            )


def _written(settings: Settings) -> tuple[Role, ...]:
    return Role.FLAGS, Role.DLQ, Role.EPOCHS, *([Role.SCORES] if settings.output.scores else [])


def _scorer(
    settings: Settings,
    identity: str,
    state: State,
    *,
    labels: LabelReader,
    orders: Orders,
    watch: deciding.Watch,
    churn: Enricher,
) -> Scorer:
    registry, bank = Registry.of(settings), Bank.of(settings)
    framing, topics = settings.output.framing, {role: settings.topics.name(role) for role in Role}

    def registered(role: Role) -> Callable[[Contract], int]:
        return lambda contract: registry.register(contract, f"{topics[role]}-value")

    scores_topic = topics[Role.SCORES] if settings.output.scores else None
    desk = Desk.of(topics[Role.FLAGS], scores_topic, framing, registered(Role.FLAGS))
    warm(bank)
    return Scorer(
        Decoder(registry, _checks(settings, state.partitions)),
        churn,
        state,
        labels,
        lambda: orders.standing,
        Limits.of(settings.dead_letters),
        watch.current,
        Drifting(settings.policy.timezone, now_ms),
        desk,
        Epochs(version("fraudstream"), identity),
        encoder(EPOCH, framing, registered(Role.EPOCHS)),
        topics,
        version("fraudstream"),
        RECORD_LIMIT,
        now_ms,
        settings.output.max_decision_age_ms,
        rules_wanted=not settings.models.live,
    )


def _checks(settings: Settings, partitions: int) -> Checks:
    """With 0 partitions it is not looked at in which one a record is."""
    return Checks(settings.checks.strict_keys, settings.checks.reject_pans, settings.kafka.partitioner, partitions)


def _labels(settings: Settings, identity: str) -> LabelReader:
    decoder = Decoder(Registry.of(settings), _checks(settings, 0), LABEL)
    return LabelReader(settings, Bank.of(settings), decoder, identity)


def _source(client: Consumer, trouble: Trouble, settings: Settings, state: State, partitions: int) -> KafkaSource:
    return KafkaSource(
        client,
        trouble,
        settings.topics.transactions,
        state,
        lot_rows=settings.score.lot_rows,
        lot_bytes=settings.score.lot_bytes,
        poll_s=POLL_S,
        partitions=partitions,
        first_offset=clients.first_offset(settings),
        by_steps=settings.score.membership == "kip848",
    )


def _checkpoint(
    settings: Settings, points: FailPoints, source: KafkaSource, watchdog: Watchdog, life: Life
) -> Checkpoint:
    identity, source = points.worker, points.source(source)
    call_s, hang_s = settings.score.call_timeout_ms / 1000, settings.score.watchdog_ms / 1000
    if settings.score.delivery == "at_least_once":
        idempotent = partial(clients.idempotent_producer, settings, identity)
        return AtLeastOnce(source, idempotent, call_s=call_s, give_up=life.given_up)

    def make(trouble: Trouble) -> Any:  # noqa: ANN401 - the client's, or one that is held at times
        return points.producer(clients.transactional_producer(settings, identity, trouble))

    return ExactlyOnce(source, make, watchdog, call_s=call_s, hang_s=hang_s, give_up=life.given_up)


@contextmanager
def _outputs_watched(settings: Settings, identity: str) -> Iterator[None]:
    """Only where somebody can read what it sees, and where there are transactions to hang."""
    if settings.health.port < 0 or settings.score.delivery != "exactly_once":
        yield
        return
    client = clients.admin(settings, f"{identity}-outputs", Trouble("outputs"))
    with closing(Watch(client, [settings.topics.name(role) for role in _written(settings)])):
        yield


@contextmanager
def _listening(settings: Settings, slot: int, life: Life, worker: Worker, churn: Enricher) -> Iterator[None]:
    host, port = settings.health.host, settings.health.port
    if port < 0:
        yield
        return
    with closing(
        Health(
            host,
            port + slot if port else 0,
            live=lambda: life.alive,
            waits_for=lambda: worker.waits_for,
            lacks=lambda: f"churn scores: {churn.trouble}\n" if churn.trouble else "",
        )
    ) as health:
        log.info("health.listening", host=host, port=health.port)
        yield
