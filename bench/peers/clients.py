"""confluent-kafka as the plain loops use it, tuned: fetching that does not pause, and lots that do not wait."""  # noqa: INP001

import argparse
from collections import defaultdict
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

PATIENCE_S: Final = 30.0
POLL_S: Final = 0.2
AT_ONCE: Final = 500


def consumer(given: argparse.Namespace) -> Consumer:
    """Every partition of the topic, from where the group is."""
    client = Consumer(
        {
            "bootstrap.servers": given.bootstrap,
            "group.id": given.group,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.auto.commit": given.guarantee == "at-least-once",
            "enable.auto.offset.store": False,
            "auto.commit.interval.ms": 1_000,
            "fetch.queue.backoff.ms": 2,
            "fetch.wait.max.ms": 10,
            "queued.min.messages": 200_000,
        }
    )
    client.subscribe([given.topic])
    return client


def producer(given: argparse.Namespace) -> Producer:
    """Transactional where exactly-once is asked for, and then ready to begin."""
    settings: dict[str, Any] = {
        "bootstrap.servers": given.bootstrap,
        "linger.ms": 0 if given.tuned == "latency" else 5,
        "queue.buffering.max.messages": 1_000_000,
        "partitioner": "murmur2_random",
        "retry.backoff.ms": 5,
    }
    if given.guarantee == "at-least-once":
        return Producer(settings | {"enable.idempotence": True})
    client = Producer(settings | {"transactional.id": given.group, "linger.ms": 0})
    client.init_transactions(PATIENCE_S)
    return client


def lot(client: Consumer, most: int) -> list[Any]:
    """What has come, `most` messages at most; waits for the first one alone."""
    first = client.poll(POLL_S)
    found = [] if first is None else [first]
    while found and len(found) < most:
        more = client.consume(min(AT_ONCE, most - len(found)), 0)
        if not more:
            break
        found += more
    for each in found:
        if each.error():
            raise KafkaException(each.error())
    return found


def ends(messages: list[Any]) -> list[TopicPartition]:
    """Where each partition goes on after these."""
    after: dict[tuple[str, int], int] = defaultdict(int)
    for each in messages:
        after[each.topic(), each.partition()] = each.offset() + 1
    return [TopicPartition(*where, offset) for where, offset in after.items()]


def commit(source: Consumer, sink: Producer, messages: list[Any]) -> None:
    """Outputs and positions in the transaction that is open."""
    sink.send_offsets_to_transaction(ends(messages), source.consumer_group_metadata(), PATIENCE_S)
    sink.commit_transaction(PATIENCE_S)
