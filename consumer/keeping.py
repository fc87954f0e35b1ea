"""Builds what remembers the cards: memory, snapshots and their store, from the settings and what the broker says."""

import time
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicCollection

from consumer import clients
from consumer.faults import ending, error_of
from consumer.life import Life
from consumer.retained import Retained
from consumer.snapshots.album import Album
from consumer.snapshots.digest import fold_digest
from consumer.snapshots.header import Origin
from consumer.snapshots.retention import Keep
from consumer.snapshots.schedule import Schedule
from consumer.snapshots.store import Store
from consumer.snapshots.writer import Writer
from consumer.state import State
from consumer.trouble import Trouble
from models.bank import Bank
from schemas.errors import DependencyAway
from schemas.settings import Settings

ASK_S = 5.0
AGAIN_S = 0.2


def state(settings: Settings, client: Consumer, whose: Origin) -> State:
    """`client` is the one that reads the input."""
    kept, snapshots = settings.state, store(settings)
    schedule = Schedule(kept.snapshot_every_s, kept.snapshot_rows)
    writer = Writer(snapshots, Keep(kept.keep_last, kept.keep_days))
    retained = Retained(client, settings.topics.transactions, lambda: time.time_ns() // 1_000_000)
    return State(Bank.of(settings).memory(), retained, Album(snapshots, whose, schedule, writer))


def store(settings: Settings) -> Store:
    return Store(settings.state.url.get_secret_value(), settings.score.group, settings.topics.transactions)


def origin(settings: Settings, client: Consumer, identity: str, partitions: int, life: Life) -> Origin:
    """Waits for the broker."""
    trouble = Trouble("state")
    admin = clients.admin(settings, f"{identity}-state", trouble)
    topic = settings.topics.transactions
    while True:
        try:
            cluster = client.list_topics(topic, timeout=ASK_S).cluster_id
            asked = admin.describe_topics(TopicCollection([topic]), request_timeout=ASK_S)
            described: Any = asked[topic].result()
        except KafkaException as exception:
            admin.poll(0)
            if end := trouble.end or ending(error_of(exception)):
                raise end from exception
        else:
            topic_id = str(described.topic_id)
            return Origin(
                cluster_id=str(cluster),
                topic_id=topic_id,
                topic=topic,
                partitions=partitions,
                group=settings.score.group,
                fold_digest=fold_digest(settings),
            )
        if life.given_up():
            raise DependencyAway("asked to end before the broker said which topic and cluster it has")
        life.rest(AGAIN_S)
