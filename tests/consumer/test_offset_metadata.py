"""What the limits rest on: a text that goes with an offset is committed and given back with it."""

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.settings import Settings


@pytest.fixture
def consumer(settings: Settings) -> Consumer:
    return Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})


def test_a_text_is_committed_with_its_offset_in_a_transaction(settings: Settings, consumer: Consumer) -> None:
    """And is gone when the transaction is aborted, like the offset."""
    topic = settings.topics.transactions
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "transactional.id": settings.score.app})
    producer.init_transactions(10)
    for text, end in (("1 c=1", producer.commit_transaction), ("1 c=2", producer.abort_transaction)):
        producer.begin_transaction()
        offsets = [TopicPartition(topic, 0, 7, text), TopicPartition(topic, 1, 9, "")]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 10)
        end(10)
    found = consumer.committed([TopicPartition(topic, 0), TopicPartition(topic, 1)], timeout=10)
    assert [(each.offset, each.metadata or "") for each in found] == [(7, "1 c=1"), (9, "")]
    consumer.close()


def test_a_text_is_committed_with_its_offset_outside_of_one(settings: Settings, consumer: Consumer) -> None:
    """As it is where lots are delivered at least once."""
    topic = settings.topics.transactions
    consumer.commit(offsets=[TopicPartition(topic, 0, 7, "1 c=1 s=7")], asynchronous=False)
    (found,) = consumer.committed([TopicPartition(topic, 0)], timeout=10)
    assert (found.offset, found.metadata) == (7, "1 c=1 s=7")
    consumer.close()
