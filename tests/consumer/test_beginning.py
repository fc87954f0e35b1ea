"""Where a partition begins that was added while a worker runs."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from consumer import beginning
from consumer.beginning import Beginning
from consumer.trouble import Trouble


@dataclass
class Client:
    """Answers with these, one after the other: an offset, or an error below 0."""

    answers: list[int]
    asked: list[int] = field(default_factory=list)

    def get_watermark_offsets(self, partition: Any, timeout: float) -> tuple[int, int]:
        self.asked.append(partition.partition)
        answer = self.answers.pop(0)
        if answer < 0:
            raise KafkaException(KafkaError(-answer))
        return answer, 99


def of(client: Any) -> int:
    return Beginning(client, "topic", Trouble("test"), 6, lambda *_: 77).of(7)


def test_a_leader_is_waited_for() -> None:
    """Where the worker died instead, nobody would know afterwards that the partition was added."""
    client = Client([-KafkaError.NOT_LEADER_FOR_PARTITION, -KafkaError.LEADER_NOT_AVAILABLE, 3])
    assert of(client) == 3
    assert client.asked == [7, 7, 7]


def test_it_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor for anything else that is wrong."""
    with pytest.raises(KafkaException):
        of(Client([-KafkaError.TOPIC_AUTHORIZATION_FAILED]))
    monkeypatch.setattr(beginning, "CALL_TIMEOUT_S", -1.0)
    with pytest.raises(KafkaException):
        of(Client([-KafkaError.NOT_LEADER_FOR_PARTITION, 3]))


def test_one_that_was_there_begins_where_the_settings_say() -> None:
    """It is not asked where its log does."""
    client: Any = Client([])
    assert Beginning(client, "topic", Trouble("test"), 8, lambda *_: 77).of(7) == 77
