"""A night's work measured: customers from a file to live in Redis, beside one SET for each customer in a loop.

python bench/nightly.py [--rows 1000000] [--more 4000000] [--set-rows 1000000]

Once with scores out of the file and once with a made-up linear model of eight columns: what is measured is everything
but the arithmetic of a real model. Customers are made up. Each run is a process of its own, so that its peak of memory
is its own. The server is a real Redis on this machine, started for this.
"""  # noqa: INP001 - run, never imported

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from redis import Redis

from batch.history.files import found
from batch.nightly import standing
from batch.nightly.archive import Archive
from batch.nightly.look_up import Terms, look_up
from batch.nightly.run import Asked, Run
from batch.nightly.source import Customers, Scores
from fraudstream.local.running import local_redis, started
from models.churn.packed import unpacked
from models.hashing import hash_strings
from schemas.churn import SCALE, Keys
from schemas.settings.nightly import Nightly

MEGA: Final = 1e6
COLUMNS: Final = 8
LOOK_UPS: Final = 2_000
KEYS: Final = Keys()
AT_ONCE: Final = 1 << 18


class Linear:
    """A chance out of eight columns: as much arithmetic as a logistic regression has."""

    columns: Sequence[str] = tuple(f"x{number}" for number in range(COLUMNS))

    def score(self, rows: pa.RecordBatch) -> NDArray[np.uint32]:
        margin = np.full(rows.num_rows, -1.0)
        for weight, name in enumerate(self.columns, start=1):
            margin += rows[name].to_numpy(zero_copy_only=False) / weight
        found: NDArray[np.uint32] = np.rint(SCALE / (1 + np.exp(-margin))).astype(np.uint32)
        return found


def made(folder: Path, rows: int) -> Path:
    """Customers with dense ids, eight columns and a score."""
    path = folder / f"customers-{rows}.parquet"
    chance = np.random.default_rng(1)
    writer = None
    for at in range(0, rows, AT_ONCE):
        some = range(at, min(at + AT_ONCE, rows))
        columns = {"customer_id": pa.array([str(number) for number in some])}
        columns |= {name: pa.array(chance.normal(0, 0.5, len(some))) for name in Linear.columns}
        columns["score"] = pa.array(np.round(chance.beta(2, 5, len(some)), 6))
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
    return path


def child(url: str, folder: Path, path: str, kind: str) -> None:
    """One run; prints what it took. The first, small one makes the machine code."""
    source = {"scores": lambda: Scores(found([path]), "customer_id")}.get(
        kind, lambda: Customers(found([path]), "customer_id", Linear())
    )()
    began, worked = time.perf_counter(), os.times()
    with Redis.from_url(url) as client:
        run = Run(
            client, KEYS, Nightly(work=folder / "work", max_change=1_000, max_drift=1_000), Archive(str(folder / "a"))
        )
        outcome = run(Asked(source, kind, "", datetime(2026, 1, 1, tzinfo=UTC), folder / "rejects.jsonl"))
    seconds, ended = time.perf_counter() - began, os.times()
    print(  # noqa: T201
        json.dumps(
            {
                "rows": outcome.meta.rows,
                "seconds": seconds,
                "cpu": ended.user + ended.system - worked.user - worked.system,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "steps": outcome.seconds,
                "generation": outcome.meta.generation,
            }
        )
    )


def ran(url: str, folder: Path, path: Path, kind: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", url, str(folder), str(path), kind]
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts | {"whole": time.perf_counter() - began}


class Peak(threading.Thread):
    """The most memory that Redis had meanwhile."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401
        super().__init__(daemon=True)
        self.client, self.most, self.done = client, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.02):
            self.most = max(self.most, self.client.info("memory")["used_memory"])


def looked_up(client: Any, rows: int) -> tuple[float, float, float]:  # noqa: ANN401
    """Microseconds: one HGET over a connection that stands; one in `lookup`'s way; one in the packed form in memory."""
    live = standing.live(client, KEYS)
    assert live is not None  # noqa: S101
    ids = [str(number) for number in np.random.default_rng(2).integers(0, rows, LOOK_UPS)]
    rule, name = live.meta.rule, live.meta.generation
    began = time.perf_counter()
    for each in ids:
        client.hget(KEYS.bucket(name, rule.bucket(each) or 0), each)
    single = time.perf_counter() - began
    terms, now = Terms.of(0.6, 1), datetime.now(UTC)
    began = time.perf_counter()
    for each in ids[: LOOK_UPS // 10]:
        look_up(client, KEYS, [each], terms, now)
    whole = (time.perf_counter() - began) * 10
    chunk = unpacked(client.get(KEYS.chunk(name, 0)))
    numbers = hash_strings(pa.array(ids * 100))
    chunk.look_up(numbers)
    began = time.perf_counter()
    chunk.look_up(numbers)
    memory = (time.perf_counter() - began) / 100
    return tuple(each / LOOK_UPS * MEGA for each in (single, whole, memory))  # type: ignore[return-value]


def one_by_one(client: Any, path: Path, rows: int) -> tuple[float, float]:  # noqa: ANN401
    """A SET for each customer, as one would begin: seconds and megabytes."""
    table = pq.read_table(path, columns=["customer_id", "score"])
    ids, scores = table["customer_id"].to_pylist(), table["score"].to_pylist()
    before = client.info("memory")["used_memory"]
    began = time.perf_counter()
    for each, score in zip(ids[:rows], scores[:rows], strict=True):
        client.set(f"one:{each}", score)
    return time.perf_counter() - began, (client.info("memory")["used_memory"] - before) / MEGA


def size_of(client: Any, pattern: str) -> float:  # noqa: ANN401
    """Megabytes, as the server counts keys and values."""
    keys = list(client.scan_iter(pattern, count=10_000))
    with client.pipeline(transaction=False) as line:
        for key in keys:
            line.memory_usage(key, samples=0)
        return float(sum(line.execute())) / MEGA


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--more", type=int, default=4_000_000)
    asked.add_argument("--set-rows", type=int, default=1_000_000)
    given = asked.parse_args()
    say(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores; made-up customers")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = local_redis(folder)
        with started(server), Redis.from_url(server.url) as client:
            measure(client, server.url, folder, given)


def measure(client: Any, url: str, folder: Path, given: argparse.Namespace) -> None:  # noqa: ANN401
    small, path = made(folder, 10_000), made(folder, given.rows)
    for kind in ("scores", "linear"):
        ran(url, folder, small, kind)
    client.flushall()
    before = client.info("memory")["used_memory"]
    for kind in ("linear", "scores"):
        if kind == "scores":
            client.flushall()
        peak = Peak(client)
        peak.start()
        facts = ran(url, folder, path, kind)
        peak.done.set()
        peak.join()
        steps = ", ".join(f"{what} {seconds:.2f} s" for what, seconds in facts["steps"].items())
        say(
            f"{kind}: {facts['rows']:,} customers live in {facts['seconds']:.2f} s, {facts['whole']:.2f} s with the "
            f"start of the program ({steps}); {facts['rows'] / facts['cpu']:,.0f} rows/s per core, "
            f"peak {facts['peak']:.0f} MB"
        )
    name = facts["generation"]
    buckets, packed = size_of(client, f"churn:{name}:*"), size_of(client, f"churn:snap:{name}:*")
    scale = MEGA / given.rows
    say(
        f"Redis, for a million: buckets {buckets * scale:.1f} MB, packed form {packed * scale:.1f} MB, "
        f"peak while publishing {(peak.most - before) / MEGA * scale:.1f} MB"
    )
    single, whole, memory = looked_up(client, given.rows)
    say(f"look-up: HGET {single:.0f} us, with pointer and meta {whole:.0f} us, packed in memory {memory:.3f} us")
    seconds, megabytes = one_by_one(client, path, given.set_rows)
    share = given.rows / given.set_rows
    say(
        f"one SET for each of {given.set_rows:,} in a loop: {seconds:.1f} s, {megabytes:.0f} MB; "
        f"{seconds * share / facts['seconds']:.0f} times as long, "
        f"{megabytes * share / (buckets + packed):.1f} times the memory"
    )
    client.flushall()
    if given.more:
        more = ran(url, folder, made(folder, given.more), "scores")
        say(
            f"scores: {more['rows']:,} customers live in {more['seconds']:.2f} s, peak {more['peak']:.0f} MB, "
            f"{more['peak'] / facts['peak'] - 1:+.0%} against {facts['rows']:,}"
        )


if __name__ == "__main__":
    if "--child" in sys.argv:
        _, _, redis_url, work, customers, what = sys.argv
        child(redis_url, Path(work), customers, what)
    else:
        main()
