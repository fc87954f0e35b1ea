"""A Redis, keys that nobody else has, and generations to look after."""

import uuid
from collections.abc import Iterator

import pytest
from redis import Redis

from fraudstream.local.running import Servers
from schemas.churn import Keys


@pytest.fixture
def redis(services: Servers) -> Iterator[Redis]:
    with Redis.from_url(services.redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def keys() -> Keys:
    return Keys(f"nightly-{uuid.uuid4().hex}:")
