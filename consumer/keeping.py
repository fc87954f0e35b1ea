"""Builds what remembers the cards: memory, snapshots and their store, from the settings and what the broker says."""

from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from consumer import clients
from consumer.clock import now_ms
from consumer.faults import ending, error_of
from consumer.life import Life
from consumer.retained import Retained
from consumer.snapshots.album import Album, Writes
from consumer.snapshots.digest import fold_digest
from consumer.snapshots.header import Origin
from consumer.snapshots.retention import Keep
from consumer.snapshots.schedule import Schedule
from consumer.snapshots.store import Store
from consumer.snapshots.straight import Straight
from consumer.snapshots.writer import Writer
from consumer.state import State
from consumer.trouble import Trouble
from models.bank import Bank
from schemas.errors import DependencyAway
from schemas.settings import Settings

ASK_S = 5.0
AGAIN_S = 0.2


def state(
    settings: Settings, client: Consumer, whose: Origin, around: Callable[[Store], Store] = lambda store: store
) -> State:
    """`client` is the one that reads the input; `around` puts something around the store of snapshots."""
    return _state(settings, client, whose, Writer(around(store(settings)), keep(settings)), beside=True)


def state_at_rest(settings: Settings, client: Consumer, whose: Origin) -> State:
    """Of a program that scores nothing: it waits for each snapshot, and fails where one cannot be written."""
    return _state(settings, client, whose, Straight(store(settings), keep(settings)))


def _state(settings: Settings, client: Consumer, whose: Origin, writes: Writes, *, beside: bool = False) -> State:
    kept = settings.state
    schedule = Schedule(kept.snapshot_every_s, kept.snapshot_rows)
    retained = Retained(client, settings.topics.transactions, now_ms)
    album = Album(store(settings), whose, schedule, writes, beside=beside)
    return State(Bank.of(settings).memory(), retained, album)


def store(settings: Settings) -> Store:
    return Store(settings.state.url.get_secret_value(), settings.score.group, settings.topics.transactions)


def keep(settings: Settings) -> Keep:
    return Keep(settings.state.keep_last, settings.state.keep_days)


def origin(settings: Settings, client: Consumer, identity: str, partitions: int, life: Life) -> Origin:
    """Waits for the broker."""
    trouble = Trouble("state")
    admin = clients.admin(settings, f"{identity}-state", trouble)
    while True:
        try:
            return asked(settings, client, admin, partitions)
        except KafkaException as exception:
            admin.poll(0)
            if end := trouble.end or ending(error_of(exception)):
                raise end from exception
        if life.given_up():
            raise DependencyAway("asked to end before the broker said which topic and cluster it has")
        life.rest(AGAIN_S)


def asked(settings: Settings, client: Consumer, admin: AdminClient, partitions: int) -> Origin:
    """Asks once; raises KafkaException."""
    topic = settings.topics.transactions
    cluster = client.list_topics(topic, timeout=ASK_S).cluster_id
    answer = admin.describe_topics(TopicCollection([topic]), request_timeout=ASK_S)
    described: Any = answer[topic].result()
    return Origin(
        cluster_id=str(cluster),
        topic_id=str(described.topic_id),
        topic=topic,
        partitions=partitions,
        group=settings.score.group,
        fold_digest=fold_digest(settings),
    )
