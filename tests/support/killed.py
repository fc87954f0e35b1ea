"""A nightly publisher that is killed somewhere, and readers who believe nobody."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from redis import Redis
from redis.connection import ConnectionPool
from redis.exceptions import RedisError

from batch.history.files import File
from batch.nightly.archive import Archive
from batch.nightly.run import Asked, Outcome, Run
from batch.nightly.scored import Scored, places
from batch.nightly.source import Lot
from batch.nightly.spill import Spill
from models.churn.packed import unpacked
from schemas.churn import SCALE, BucketRule, Keys
from schemas.settings.nightly import Nightly

DAY = datetime(2024, 1, 1, tzinfo=UTC)
LOTS = 3


class Numbered:
    """Customers whose scores all say the number of their night: the score of each is 1000 times its night plus its id
    modulo 1000.
    """

    files = (File(Path("made"), None),)  # type: ignore[arg-type]

    def __init__(self, night: int, rows: int) -> None:
        self._night, self._rows = night, rows

    def lots(self) -> Iterator[Lot]:
        numbers = np.arange(self._rows)
        for part in np.array_split(numbers, LOTS):
            scores = ((self._night * 1_000) % SCALE + part % 1_000).astype(np.uint32)
            ids = pa.array([f"C-{number}" for number in part])
            yield Lot(Scored.of(ids, scores, places(0, part + 1)), (), len(part))


class Publisher:
    """One night after the other, each in a process of its own that ends itself before some round trip to Redis or some
    file that comes into being, or is ended from outside.
    """

    def __init__(self, url: str, keys: Keys, folder: Path, rows: int) -> None:
        self._url, self._keys, self._folder, self._rows = url, keys, folder, rows

    def run(self, night: int) -> Outcome:
        with Redis.from_url(self._url) as client:
            run = Run(client, self._keys, Nightly(work=self._folder / "work"), Archive(str(self._folder / "archive")))
            day = DAY + timedelta(days=night)
            overrides = ("drift",)
            return run(Asked(Numbered(night, self._rows), "m", "d", day, self._folder / "r.jsonl", overrides=overrides))

    def start(self, night: int, dies_at: int | None) -> int:
        """The process; without `dies_at` it runs to its end."""
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            if dies_at is not None:
                die_at(dies_at)
            self.run(night)
            code = 0
        finally:
            os._exit(code)


def die_at(step: int) -> None:
    """In this process: every round trip to Redis and every file opened in the work folder is a step."""
    left = [step]

    def counted(function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0 and threading.current_thread() is threading.main_thread():
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return call

    pool: Any = ConnectionPool
    pool.get_connection = counted(pool.get_connection)
    spill: Any = Spill
    spill.add, spill.done, spill.read = counted(spill.add), counted(spill.done), counted(spill.read)
    for name in ("replace", "fsync"):
        setattr(os, name, counted(getattr(os, name)))


class Reader(threading.Thread):
    """Reads by the documented keys alone, over and over: whatever a multi-key read gives is of one generation, all
    there, and the fence number never goes back. `wrong` says what was not so.
    """

    def __init__(self, url: str, keys: Keys, rows: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._redis: Any = Redis.from_url(url, decode_responses=True, socket_timeout=5)
        self._plain: Any = Redis.from_url(url, socket_timeout=5)
        self._keys, self._rows = keys, rows
        self._chance = np.random.default_rng(seed)
        self._done = threading.Event()
        self.reads = 0
        self.fence = 0
        self.wrong: list[str] = []
        self.away = 0

    def run(self) -> None:
        while not self._done.wait(0.005) and not self.wrong:
            try:
                self._read()
            except RedisError:
                self.away += 1

    def end(self) -> None:
        self._done.set()
        self.join()
        self._redis.close()
        self._plain.close()

    def _read(self) -> None:
        pointer = self._redis.get(self._keys.current)
        if pointer is None:
            return
        generation, fence = pointer.split()
        if int(fence) < self.fence:
            self.wrong.append(f"fence {fence} after {self.fence}")
        self.fence = int(fence)
        rows, buckets = self._redis.hmget(self._keys.meta(generation), "rows", "buckets")
        rule = BucketRule(int(buckets))
        asked = self._chance.integers(0, self._rows, 20).tolist()
        with self._redis.pipeline(transaction=False) as line:
            for number in asked:
                line.hget(self._keys.bucket(generation, rule.bucket(f"C-{number}") or 0), f"C-{number}")
            answers = line.execute()
        nights = {None if each is None else int(each.replace(".", "")) // 1_000 for each in answers}
        own = [None if each is None else int(each.replace(".", "")) % 1_000 for each in answers]
        if int(rows) != self._rows or len(nights) != 1 or own != [number % 1_000 for number in asked]:
            self.wrong.append(f"{generation}: rows {rows}, nights {nights}, {asked} -> {answers}")
        chunk = unpacked(self._plain.get(self._keys.chunk(generation, 0)))
        if {int(each) // 1_000 for each in chunk.scores} != nights or len(chunk) != self._rows:
            self.wrong.append(f"{generation}: the packed form is of another night")
        self.reads += 1


@contextmanager
def reading(url: str, keys: Keys, rows: int, readers: int) -> Iterator[list[Reader]]:
    threads = [Reader(url, keys, rows, seed) for seed in range(readers)]
    for each in threads:
        each.start()
    try:
        yield threads
    finally:
        for each in threads:
            with suppress(RuntimeError):
                each.end()
