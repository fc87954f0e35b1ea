"""The real Kafka and the one in memory, for tests that run on both."""

from collections.abc import Iterator

import pytest
from support.contract import InMemory, Kafka, Real


@pytest.fixture(params=["memory", "kafka"])
def kafka(request: pytest.FixtureRequest) -> Iterator[Kafka]:
    cluster = InMemory() if request.param == "memory" else Real(request.getfixturevalue("services").bootstrap)
    kafka = Kafka(cluster)
    yield kafka
    kafka.close()


@pytest.fixture
def answers(kafka: Kafka) -> str:
    return kafka.new_topic("answers")
