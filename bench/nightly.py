"""A night's work measured: customers from a file to live in Redis, beside one SET for each customer in a loop.

python bench/nightly.py [--rows 1000000] [--more 4000000] [--set-rows 1000000]

Once with a churn model trained for this on made-up customers, once with scores out of a file. Each run is a process of
its own, so that its peak of memory is its own. The server is a real Redis on this machine, started for this.
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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from redis import Redis

from batch.history.files import found
from batch.nightly import standing
from batch.nightly.archive import Archive
from batch.nightly.look_up import Terms, look_up
from batch.nightly.run import Asked, Run
from batch.nightly.source import Customers, Scores, Source
from fraudstream.local.running import local_redis, started
from models.artefact.load import load
from models.churn.packed import unpacked
from models.hashing import hash_strings
from schemas.churn import Keys
from schemas.settings.nightly import Nightly

MEGA: Final = 1e6
TRAINED_ON: Final = 20_000
LOOK_UPS: Final = 2_000
KEYS: Final = Keys()


def program(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "fraudstream", *map(str, words)], check=True, capture_output=True)  # noqa: S603


def customers(folder: Path, rows: int) -> Path:
    """Made-up ones, with dense ids."""
    path = folder / f"customers-{rows}.parquet"
    program("churn", "customers", "--count", rows, "--unlabelled", "--out", path)
    return path


def trained(folder: Path) -> Path:
    program("churn", "customers", "--count", TRAINED_ON, "--seed", 1, "--out", folder / "labelled.parquet")
    program("churn", "train", folder / "labelled.parquet", "--out", folder / "model")
    return folder / "model"


def scores(folder: Path, rows: int) -> Path:
    path = folder / f"scores-{rows}.parquet"
    values = np.round(np.random.default_rng(1).beta(2, 5, rows), 6)
    ids = pa.array([str(number) for number in range(1, rows + 1)])
    pq.write_table(pa.table({"customer_id": ids, "score": values}), path)
    return path


def child(url: str, folder: Path, path: str, kind: str) -> None:
    """One run; prints what it took. The first, small one makes the machine code."""
    files = found([path])
    source: Source = Scores(files, "customer_id")
    if kind == "model":
        model = load(folder / "model").churn
        assert model is not None  # noqa: S101
        source = Customers(files, model.key or "", model)
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
    ids = [str(number) for number in np.random.default_rng(2).integers(1, rows + 1, LOOK_UPS)]
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
    trained(folder)
    paths = {"model": customers(folder, given.rows), "scores": scores(folder, given.rows)}
    ran(url, folder, customers(folder, 10_000), "model")
    ran(url, folder, scores(folder, 10_000), "scores")
    peaks = {}
    for kind, path in paths.items():
        client.flushall()
        before = client.info("memory")["used_memory"]
        peak = Peak(client)
        peak.start()
        facts = ran(url, folder, path, kind)
        peak.done.set()
        peak.join()
        peaks[kind] = facts["peak"]
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
    seconds, megabytes = one_by_one(client, paths["scores"], given.set_rows)
    share = given.rows / given.set_rows
    say(
        f"one SET for each of {given.set_rows:,} in a loop: {seconds:.1f} s, {megabytes:.0f} MB; "
        f"{seconds * share / facts['seconds']:.0f} times as long, "
        f"{megabytes * share / (buckets + packed):.1f} times the memory"
    )
    client.flushall()
    if given.more:
        more = ran(url, folder, customers(folder, given.more), "model")
        say(
            f"model: {more['rows']:,} customers live in {more['seconds']:.2f} s, peak {more['peak']:.0f} MB, "
            f"{more['peak'] / peaks['model'] - 1:+.0%} against {given.rows:,}"
        )


if __name__ == "__main__":
    if "--child" in sys.argv:
        _, _, redis_url, work, customers, what = sys.argv
        child(redis_url, Path(work), customers, what)
    else:
        main()
