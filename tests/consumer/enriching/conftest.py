"""A Redis of everybody's with keys of the test's own."""

from collections.abc import Iterator

import pytest
from redis import Redis

from consumer.enriching.building import client
from schemas.churn import Keys
from schemas.settings import Settings

BUDGET_S = 0.05


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.redis.prefix)


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with client(settings, BUDGET_S, texts=True) as each:
        yield each
