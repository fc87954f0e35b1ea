"""Partitions as producers choose them: known hashes, and librdkafka itself on a broker inside its own process."""

import zlib

import numpy as np
import pyarrow as pa
import pytest
from confluent_kafka import KafkaError, Message, Producer
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.lot.buffers import texts
from schemas.partitioner import Partitioner, murmur2, partition, partitions_of

KNOWN = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
PARTITIONS = 7
KEYS = [b"k", b"card-1", "käse-€".encode(), *(f"card-{number:08d}"[: 5 + number % 9].encode() for number in range(120))]


@pytest.mark.parametrize(("key", "hashed"), KNOWN.items())
def test_murmur2_is_javas(key: bytes, hashed: int) -> None:
    """Keys whose hash Kafka's Java client is known to give."""
    assert murmur2(key) == hashed


@pytest.mark.parametrize(("name", "theirs"), [("murmur2", "murmur2_random"), ("crc32", "consistent_random")])
def test_partitions_are_librdkafkas(name: Partitioner, theirs: str) -> None:
    """A real producer puts every key where we say."""
    placed: dict[bytes | None, int | None] = {}

    def delivered(error: KafkaError | None, message: Message) -> None:
        assert error is None
        placed[message.key()] = message.partition()

    conf = {"test.mock.num.brokers": 1, "partitioner": theirs, "log_level": 0}
    producer = Producer(conf)
    for key in KEYS:
        producer.produce("keys", key=key, on_delivery=delivered)
    assert producer.flush(30) == 0
    assert placed == {key: partition(key, 4, name) for key in KEYS}


@settings(deadline=None)
@given(st.lists(st.text(max_size=40)))
def test_a_column_is_its_keys_one_by_one(keys: list[str]) -> None:
    """CRC32 is zlib's; murmur2 of a column is murmur2 of each, whatever stands around it."""
    column = texts(pa.array(["before", *keys, "after"])[1:-1])
    crc = [zlib.crc32(key.encode()) % PARTITIONS for key in keys]
    assert list(partitions_of(column.data, column.offsets, PARTITIONS, "crc32")) == crc
    one_by_one = [partition(key.encode(), PARTITIONS, "murmur2") for key in keys]
    assert list(partitions_of(column.data, column.offsets, PARTITIONS, "murmur2")) == one_by_one
    assert [partition(key.encode(), PARTITIONS, "crc32") for key in keys] == crc


def test_no_keys_have_no_partitions() -> None:
    """An empty column is an empty answer."""
    assert partitions_of(np.frombuffer(b"", np.uint8), np.zeros(1, np.int64), 3, "murmur2").size == 0
