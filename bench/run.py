"""The benchmark against peers: one job, one broker, one machine; results as JSON, from which the report is made.

python bench/run.py [--quick] [--peers NAME ...] [--only throughput latency lots itself] [--runs N] [--events N]
                    [--seconds S] [--rates R ...] [--out FILE] [--add]

Peers take turns, and each figure is a median of the runs. `docs/benchmarks.md` is made of the JSON by bench/report.py.
A peer that cannot be installed, does not start, or gives another result stands in the report with the reason.
"""  # noqa: INP001

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException, libversion

from bench.ground import FOR_EVER, Ground
from bench.itself import figures
from bench.making import EVENTS, make, needed
from bench.material import ABOUT, material
from bench.open_loop import LONE, latency
from bench.peers import environments
from bench.peers.environments import CACHE
from bench.peers.roster import PEERS, QUICK, Peer, named
from bench.saturation import Failed, Full, throughput
from fraudstream.local.running import running

TOPIC: Final = "bench-in"
LOTS: Final = (100, 1_000, 5_000, 20_000, 50_000)
LOT_PEERS: Final = ("pass-through-tx", "batches-tx", "product-job-1", "product-flags-1", "product-every-1")
WARM_RATE: Final = 1_000.0
KINDS: Final = ("throughput", "latency", "lots", "itself")
RATES: Final = (LONE, 1_000.0, 5_000.0, 20_000.0, 50_000.0, 100_000.0, 200_000.0)
ROOM: Final = 0.8
"""Rates above this share of a peer's throughput are not tried: its queue would only grow."""
BUSY: Final = 0.25
"""Load for each core, before the run, above which others were at work."""
Result = dict[str, Any]


def say(text: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S}  {text}\n")
    sys.stdout.flush()


def machine() -> Result:
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / (1 << 20), 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "librdkafka": libversion()[0],
        "load_before": os.getloadavg()[0],
        "beside_others": os.getloadavg()[0] > BUSY * (os.cpu_count() or 1),
        "packages": {
            name: version(name)
            for name in ("fraudstream", "confluent-kafka", "numba", "numpy", "scikit-learn", "pyarrow")
        },
        "environments": {
            name: [*environments.PACKAGES.get(name, ()), *environments.JARS.get(name, ())]
            for name in environments.NAMES
        },
        "commit": _commit(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout.strip()


class Book:
    """What is known so far; on the disk after every run, so that a broken run loses nothing."""

    def __init__(self, path: Path, about: Result, *, go_on: bool = False) -> None:
        """`go_on` keeps what earlier runs left there, but for their failures."""
        self._path = path
        before = json.loads(path.read_text()) if go_on and path.exists() else {}
        kept = {name: each | {"failed": {}} for name, each in before.get("peers", {}).items()}
        self.found: Result = {
            **about,
            **{each: before[each] for each in ("plan", "begun") if each in before},
            "peers": kept,
            "itself": before.get("itself", {}),
        }
        self.found["machine"]["beside_others"] |= before.get("machine", {}).get("beside_others", False)

    def add(self, peer: Peer, kind: str, take: Callable[[], Result]) -> Result | None:
        entry = self.found["peers"].setdefault(peer.name, described(peer))
        begun = time.monotonic()
        try:
            result = take()
        except (Failed, TimeoutError, KafkaException, subprocess.SubprocessError, OSError) as problem:
            entry["failed"][kind] = str(problem)[:500]
            say(f"  {peer.name:20} {kind}: {problem}")
            result = None
        else:
            entry[kind].append(result)
        entry["took_s"] = entry.get("took_s", 0.0) + time.monotonic() - begun
        self.write()
        return result

    def away(self, peer: Peer, reason: str) -> None:
        self.found["peers"].setdefault(peer.name, described(peer))["failed"]["start"] = reason
        say(f"  {peer.name:20} {reason}")
        self.write()

    def write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.found["finished"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        scratch = self._path.with_suffix(".new")
        scratch.write_text(json.dumps(self.found, indent=1) + "\n")
        scratch.rename(self._path)


def described(peer: Peer) -> Result:
    return {
        "title": peer.title,
        "does": peer.does,
        "guarantee": peer.guarantee,
        "job": peer.job,
        "product": peer.is_product,
        "measured": peer.measured,
        "failed": {},
        "throughput": [],
        "latency": [],
        "lots": [],
    }


def turns(peers: list[Peer], runs: int) -> Iterator[Peer]:
    """Each begins later by one in each round, so that no peer always comes after the same other."""
    for run in range(runs):
        at = run % len(peers)
        yield from [*peers[at:], *peers[:at]]


def shown(result: Result) -> str:
    return (
        f"{result['events_per_s']:12,.0f} events/s  {result['cpu_s_per_million']:8.2f} s of processor a million"
        f"  {result['peak_mib']:7,.0f} MiB"
    )


def all_throughput(ground: Ground, book: Book, peers: list[Peer], full: Full, runs: int) -> None:
    for peer in turns(peers, runs):
        if "throughput" in book.found["peers"].get(peer.name, {}).get("failed", {}):
            continue
        result = book.add(peer, "throughput", lambda peer=peer: throughput(ground, peer, full))
        if result:
            say(f"  {peer.name:20}{shown(result)}")


def all_latency(ground: Ground, book: Book, peers: list[Peer], plan: argparse.Namespace) -> None:
    for peer in turns([each for each in peers if each.measured == "outputs"], plan.latency_runs):
        entry = book.found["peers"].get(peer.name, {})
        most = max((each["events_per_s"] for each in entry.get("throughput", [])), default=float("inf"))
        if "latency" in entry.get("failed", {}):
            continue
        rates = [each for each in plan.rates if each <= LONE or each <= ROOM * most]
        warm = (min(WARM_RATE, most / 2), 3.0 if plan.quick else 12.0)
        result = book.add(
            peer,
            "latency",
            lambda peer=peer, rates=rates, warm=warm: latency(ground, peer, rates, plan.latency_seconds, warm=warm),
        )
        for rate, each in (result or {}).items():
            figures = "  ".join(f"{name} {each.get(f'{name}_ms', 0):8.1f}" for name in ("p50", "p90", "p99", "p99.9"))
            say(f"  {peer.name:20}{rate:>8}/s  {figures} ms{'' if each['kept_up'] else '  not kept up'}")


def all_lots(ground: Ground, book: Book, peers: list[Peer], full: Full, runs: int) -> None:
    for lot in LOTS * runs:
        for peer in (each for each in peers if each.name in LOT_PEERS):
            result = book.add(
                peer, "lots", lambda peer=peer, lot=lot: throughput(ground, peer, full, lot) | {"lot": lot}
            )
            if result:
                say(f"  {peer.name:20}lots of {lot:6,}  {shown(result)}")


def all_itself(ground: Ground, book: Book, runs: int) -> None:
    for name, take in [each for _ in range(runs) for each in figures(ground, TOPIC)]:
        try:
            found = take()
        except (TimeoutError, KafkaException, subprocess.SubprocessError, OSError) as problem:
            say(f"  {name}: {problem}")
            continue
        book.found["itself"].setdefault(name, []).append(found)
        book.write()
        say(f"  {name:16}{'  '.join(f'{what} {each:,.3g}' for what, each in found.items())}")


@contextmanager
def ground_of(folder: Path) -> Iterator[Ground]:
    if needed(CACHE / "material"):
        say("simulating and training, once")
        make(CACHE / "material", EVENTS)
    made = material(CACHE / "material")
    with running(folder / "servers", profile="throughput", allow_fake_redis=True) as servers:
        yield Ground(servers, made, folder)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="few peers, one short run each, within 3 minutes")
    parser.add_argument("--peers", nargs="+", default=[], help="names, or beginnings of names")
    parser.add_argument("--only", nargs="+", choices=KINDS)
    parser.add_argument("--runs", type=int, help="of throughput [5]")
    parser.add_argument("--latency-runs", type=int, help="and of what is measured by itself [3]")
    parser.add_argument("--events", type=int, help="on the topic that is full [6,000,000]")
    parser.add_argument("--seconds", type=float, help="of throughput at most, from the first output on [20]")
    parser.add_argument("--latency-seconds", type=float, help="at each rate [15]")
    parser.add_argument("--rates", nargs="+", type=float, help="events a second of the open loop")
    parser.add_argument(
        "--out", type=Path, help="[.cache/bench/results.json; some.json with --peers, quick.json with --quick]"
    )
    parser.add_argument("--add", action="store_true", help="to the results of an earlier run")
    given = parser.parse_args()
    quick = given.quick
    given.only = given.only or (["throughput", "latency"] if quick else list(KINDS))
    given.runs = given.runs or (1 if quick else 5)
    given.latency_runs = given.latency_runs or (1 if quick else 3)
    given.events = given.events or (600_000 if quick else 6_000_000)
    given.seconds = given.seconds or (4.0 if quick else 20.0)
    given.latency_seconds = given.latency_seconds or (3.0 if quick else 15.0)
    given.rates = given.rates or ([1_000.0] if quick else list(RATES))
    some = "quick.json" if quick else "some.json" if given.peers and not given.add else "results.json"
    given.out = given.out or CACHE / some
    given.chosen = named(given.peers) if given.peers else [each for each in PEERS if not quick or each.name in QUICK]
    return given


def main() -> int:
    plan = parsed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every process that was started is ended
    about = {
        "machine": machine(),
        "plan": {
            "events": plan.events,
            "runs": plan.runs,
            "seconds": plan.seconds,
            "latency_runs": plan.latency_runs,
            "latency_seconds": plan.latency_seconds,
            "rates": plan.rates,
            "quick": plan.quick,
        },
        "begun": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    book = Book(plan.out, about, go_on=plan.add)
    peers = []
    for peer in plan.chosen:
        reason = peer.why_not()
        if reason:
            book.away(peer, reason)
        else:
            peers.append(peer)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ground_of(Path(name)) as ground:
        book.found["job"] = json.loads((CACHE / "material" / ABOUT).read_text())
        full = Full(TOPIC, plan.events, plan.seconds)
        if {"throughput", "lots", "itself"} & set(plan.only):
            say(f"filling a topic with {plan.events:,} events")
            ground.make(FOR_EVER, TOPIC)
            ground.fill(TOPIC, 0, plan.events)
        if "throughput" in plan.only:
            say(f"throughput, {plan.runs} runs")
            all_throughput(ground, book, peers, full, plan.runs)
        if "latency" in plan.only:
            say(f"latency, {plan.latency_runs} runs")
            all_latency(ground, book, peers, plan)
        if "lots" in plan.only:
            say("throughput by lot size")
            all_lots(ground, book, peers, full, 1)
        if "itself" in plan.only:
            say("the product by itself")
            all_itself(ground, book, plan.latency_runs)
    say(f"results in {plan.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
