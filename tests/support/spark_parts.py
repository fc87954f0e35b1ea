"""Parts of a nightly run on Spark that go wrong where the tasks run, so that they are found by name there."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from batch.history.files import File
from batch.nightly.source import Source
from batch.spark.reader import Reader
from schemas.churn import Keys


def once(marker: Path) -> bool:
    """True for the first who asks, in whatever process."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class DiesOnce(Reader):
    """The first task that reads is killed."""

    marker: Path = Path("nowhere")

    def source(self, files: Sequence[File]) -> Source:
        if once(self.marker):
            os.kill(os.getpid(), signal.SIGKILL)
        return Reader.source(self, files)


def connected(url: str) -> Redis:
    return Redis.from_url(url)


def dies_after_writing(url: str, marker: Path) -> Redis:
    """The first task is killed when its buckets are written and nobody knows yet."""
    redis = Redis.from_url(url)
    pool: Any = redis.connection_pool
    release: Callable[[Any], None] = pool.release

    def released(connection: Any) -> None:
        if once(marker):
            os.kill(os.getpid(), signal.SIGKILL)
        release(connection)

    pool.release = released
    return redis


def taken_over(url: str, keys: Keys) -> Redis:
    """Another publisher has claimed the generation when the task begins to write."""
    redis = Redis.from_url(url)
    client: Any = redis
    for meta in client.scan_iter(keys.meta("*")):
        client.hset(meta, "fence", 99)
    return redis
