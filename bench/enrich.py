"""What churn scores cost the scorer: loading a generation, looking customers up, and a publication while it scores.

python bench/enrich.py [--rows 1000000] [--seconds 8] [--beside] [--share 0.2]

Customers are made up. The servers are real, on this machine, started for this; `--beside` starts Kafka and a worker,
too, and publishes whole generations while decisions flow at 1,000 a second: publisher, broker, worker, sender and
reader share the cores of one machine, so that what it adds is an upper bound. The publisher yields to all others, and
works for `--share` of the time, as with `nightly.share`.
"""  # noqa: INP001 - run, never imported

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from support.flow import Flow, Reader, ground, until

from bench.nightly import scores
from consumer.enriching import enricher
from consumer.enriching.replica import Held, Replica
from fraudstream.local.running import Servers, local_redis, running, started
from models.hashing import hash_strings
from schemas.settings import load

NIGHTS: Final = count()
ASKED: Final = 1_000_000
LOT: Final = 1_000
RATE: Final = 1_000
WARM_S: Final = 2.0
LAST_S: Final = 0.5
MEGA: Final = 1e6


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def timed(what: Callable[[], Any], times: int = 5) -> float:
    """Seconds, the least of some."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        spent.append(time.perf_counter() - began)
    return min(spent)


def publish(url: str, folder: Path, rows: int, share: float = 1.0) -> float:
    """A night's whole run, from a file, by the command that users type; each is another night. Seconds it took."""
    path = folder / f"scores-{rows}.parquet"
    path = path if path.exists() else scores(folder, rows)
    day = f"{datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=next(NIGHTS)):%Y-%m-%d}"
    given = {"work": folder / "work", "max_change": 1_000, "max_drift": 1_000, "share": share}
    sets = [word for name, value in given.items() for word in ("--set", f"nightly.{name}={value}")]
    command = [sys.executable, "-m", "fraudstream", "nightly", "run", path, "--scores", "--as-of", day, "--redis", url]
    asked = [*command, *sets, "--set", f"archive.url={folder / 'archive'}"]
    began = time.perf_counter()
    subprocess.run(asked, check=True, start_new_session=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - began


def private_mb() -> float:
    """What this process has for itself alone."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) / 1024
    return 0.0


def look_ups(folder: Path, rows: int) -> None:
    server = local_redis(folder)
    with started(server):
        publish(server.url, folder, rows)
        given = {"redis.url": server.url, "enrich.folder": str(folder / "copies"), "redis.budget_ms": "10000"}
        asked = pa.array([str(each) for each in np.random.default_rng(3).integers(0, rows, ASKED)])
        at = np.full(ASKED, time.time_ns() // 1_000_000)
        first, second = (enricher(load(given, env={})) for _ in range(2))
        assert isinstance(first, Replica)  # noqa: S101
        assert isinstance(second, Replica)  # noqa: S101
        loaded = timed(first.look, 1)
        before = private_mb()
        shared = timed(second.look, 1)
        own = private_mb() - before
        held = first._ready  # noqa: SLF001
        assert isinstance(held, Held)  # noqa: S101
        numbers = hash_strings(asked)
        packed = timed(lambda: held.packed.look_up(numbers)) / ASKED
        whole = timed(lambda: first.look_up(asked, at)) / ASKED
        (copy,) = (folder / "copies").rglob("*.churn")
        size = copy.stat().st_size
        say(f"replica: {rows:,} customers copied and mapped in {loaded:.3f} s, found on the host in {shared:.3f} s")
        say(f"  copy {size / MEGA:.1f} MB once per host; another worker has {own:.1f} MB of its own for it")
        say(f"  look-up {packed * 1e9:.0f} ns a customer in the packed form, {whole * 1e9:.0f} ns with hash and status")
        asking = enricher(load(given | {"enrich.mode": "lookup"}, env={}))
        asking.start()
        lots = [asked.slice(start, LOT) for start in range(0, 10 * LOT, LOT)]
        new = timed(lambda: [asking.look_up(each, at[:LOT]) for each in lots], 1) / len(lots)
        known = timed(lambda: [asking.look_up(each, at[:LOT]) for each in lots]) / len(lots)
        say(f"lookup: a lot of {LOT:,} new customers {new * 1e3:.1f} ms, of known ones {known * 1e3:.2f} ms")
        for each in (first, second, asking):
            each.close()


def beside(servers: Servers, folder: Path, seconds: float, rows: int, share: float) -> None:
    """Publications one after the other, from their start to the copy of the last, and as long without."""
    publish(servers.redis_url, folder, rows)
    took = []
    with ground(servers, folder) as on:
        process = on.worker(output_scores="true", redis_prefix="churn:", redis_url=servers.redis_url)
        on.send(0, time.time_ns() // 1_000_000)
        on.producer.flush(30)
        until(lambda: on.committed() >= on.sent)
        reader, spans = Reader(on), []
        with Flow(on, RATE) as flow:
            time.sleep(WARM_S)
            for publishing in (False, True, False, True):
                begun = time.perf_counter()
                while time.perf_counter() < begun + seconds:
                    if publishing:
                        took.append(publish(servers.redis_url, folder, rows, share))
                    else:
                        time.sleep(seconds)
                spans.append((publishing, begun, time.perf_counter()))
        until(lambda: on.committed() >= on.sent)
        time.sleep(LAST_S)
        reader.close()
        on.deployment.stop(process)
        moved = sum(each["event"] == "churn.generation" for each in on.deployment.events())
    waits: dict[bool, list[float]] = {False: [], True: []}
    for where, due in flow.due.items():
        for publishing, start, end in spans:
            if start < due < end and (came := reader.came.get(where)):
                waits[publishing].append(came - due)
    quiet, busy = (np.percentile(waits[each], 99) * 1e3 for each in (False, True))
    said = f"beside publications of {rows:,} in {share:g} of the time, {max(took):.0f} s each"
    say(f"{said}: p99 {busy:.1f} ms, without {quiet:.1f} ms: {busy / quiet - 1:+.0%}")
    say(f"  {moved} generations were taken into use, {len(waits[True]):,} and {len(waits[False]):,} decisions")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--share", type=float, default=1.0)
    given = parser.parse_args()
    say(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; made-up customers")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        look_ups(folder, given.rows)
        if given.beside:
            (folder / "servers").mkdir()
            with running(folder / "servers") as servers:
                beside(servers, folder, given.seconds, given.rows, given.share)


if __name__ == "__main__":
    main()
