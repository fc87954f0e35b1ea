"""Requests of one row to this door and to MLflow's own server of the same model, in the same run.

    1  at 1, 8 and 64 connections, each asking again at once: answers a second, p50, p99
    2  at twice what this door can do: answers within a second, and how soon it is as before once the load has gone
    3  the floors of the tutorials: 10 requests a second within 100 ms, a body of 1,000 rows within a second

The load comes from a process of its own (bench/load.py), which shares the machine with the server. Both servers have
one worker. The model is a made-up one of 39 features and a few trees; figures compare servers, not models.
"""  # noqa: INP001 - run, never imported

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from support.beside_mlflow import mlflow
from support.registered import history, parts
from support.served import promoted

from fraudstream.local import ports
from models.features import FEATURES
from models.registry.registry import Registry

ROOT: Final = Path(__file__).parents[1]
LOAD: Final = ROOT / "bench" / "load.py"
CONNECTIONS: Final = (1, 8, 64)
CROWD: Final = 256
"""Connections from which twice the capacity is asked."""
FLOOR_MS: Final = 100.0
FLOOR_ROWS: Final = 1_000
ROWS: Final = 20_000
TIMES: Final = 5.0
GOOD: Final = 0.9
RECOVERY_S: Final = 5.0


def load(url: str, body: Path, *more: object) -> dict[str, Any]:
    command = [sys.executable, LOAD, f"{url}/invocations", "--body", body, *map(str, more)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout  # noqa: S603
    found: dict[str, Any] = json.loads(said)
    return found


@contextmanager
def ours(registry: Registry, log: Path) -> Iterator[tuple[str, int]]:
    """`fraudstream models serve`, as a user starts it: its address, and its session."""
    port = ports.pick(random.Random())  # noqa: S311 - any free one
    command = [sys.executable, "-m", "fraudstream", "models", "serve", "-m", "models:/fraud/1", "-p", str(port)]
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603
            [*command, "--root", str(registry.root)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=written,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        if not process.stdout.readline():
            raise SystemExit(log.read_text())
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(30)


def told(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def processor_s(session: int) -> float:
    """What a server and its children have used so far; unlike answers a second, hardly moved by what else runs here."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def row(name: str, figures: dict[str, Any]) -> str:
    took = f"p50 {figures['p50_ms']:>8.2f} ms   p99 {figures['p99_ms']:>8.2f} ms"
    return f"{name:<28}{figures['per_second']:>9,.0f}/s   {took}   {figures['statuses']}"


def closed(servers: dict[str, tuple[str, int]], body: Path, seconds: float) -> list[str]:
    """Both, by turns, so that what else the machine does falls on both; what was not reached."""
    missed = []
    for count in CONNECTIONS:
        found = {}
        for name, (url, session) in servers.items():
            load(url, body, "--connections", count, "--seconds", 1)
            before = processor_s(session)
            found[name] = load(url, body, "--connections", count, "--seconds", seconds)
            used = 1e6 * (processor_s(session) - before) / max(1, found[name]["statuses"].get("200", 0))
            told(f"{row(f'{name}, {count} connections', found[name])}   {used:,.0f} us of processor an answer")
        times = found["fraudstream"]["per_second"] / found["mlflow"]["per_second"]
        lower = found["mlflow"]["p99_ms"] / found["fraudstream"]["p99_ms"]
        told(f"    {times:.1f} times as many answers, p99 {lower:.1f} times lower")
        if count == CONNECTIONS[-1] and times < TIMES:
            missed.append(f"{times:.1f} times MLflow's answers at {count} connections, not {TIMES}")
        if found["fraudstream"]["p99_ms"] >= found["mlflow"]["p99_ms"]:
            missed.append(f"p99 is not lower at {count} connections")
    return missed


def overload(url: str, body: Path, seconds: float) -> list[str]:
    before = load(url, body, "--connections", 8, "--seconds", seconds / 2)
    peak = load(url, body, "--connections", 64, "--seconds", seconds)
    crowd = load(url, body, "--connections", CROWD, "--rate", 2 * peak["per_second"], "--seconds", seconds)
    again = load(url, body, "--connections", 64, "--seconds", seconds)
    share = 2 * crowd["good_per_second"] / (peak["per_second"] + again["per_second"])
    told(row("twice the capacity", crowd))
    told(f"    {share:.0%} of the peak answered within a second")
    load(url, body, "--connections", CROWD, "--rate", 2 * peak["per_second"], "--seconds", seconds / 2)
    ended = time.perf_counter()
    missed = [f"{share:.0%} of the peak at twice the capacity, not {GOOD:.0%}"] if share < GOOD else []
    while True:
        after = load(url, body, "--connections", 8, "--seconds", 0.5)
        took = time.perf_counter() - ended
        if after["p99_ms"] <= 2 * before["p99_ms"]:
            break
        if took > 4 * RECOVERY_S:
            return [*missed, f"p99 is {after['p99_ms']:.1f} ms after {took:.0f} s, {before['p99_ms']:.1f} before"]
    told(f"    as before after {took:.1f} s, the half second of looking included")
    return missed + ([f"recovered after {took:.1f} s"] if took > RECOVERY_S else [])


def floors(url: str, one: Path, many: Path) -> list[str]:
    slow = load(url, one, "--connections", 4, "--rate", 10, "--seconds", 5)
    told(row("10 requests a second", slow))
    told(f"    {FLOOR_MS / slow['most_ms']:.0f} times below {FLOOR_MS:.0f} ms, the slowest of them")
    batch = load(url, many, "--connections", 1, "--seconds", 5)
    rows = batch["per_second"] * ROWS
    told(row(f"bodies of {ROWS:,} rows", batch))
    told(f"    {rows:,.0f} rows a second, {rows / FLOOR_ROWS:.0f} times {FLOOR_ROWS:,}")
    missed = [f"an answer took {slow['most_ms']:.0f} ms"] if slow["most_ms"] > FLOOR_MS else []
    return missed + ([f"{rows:.0f} rows a second"] if rows < FLOOR_ROWS else [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow", type=Path, required=True, help="a virtual environment that has mlflow")
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        registry = Registry(Path(scratch, "models"))
        found = promoted(registry, "fraud", parts())
        names, matrix = [each.name for each in FEATURES], np.nan_to_num(history()[0])
        one, many = Path(scratch, "one.json"), Path(scratch, "many.json")
        one.write_text(json.dumps({"dataframe_split": {"columns": names, "data": matrix[:1].tolist()}}))
        rows = np.resize(matrix, (ROWS, len(names))).tolist()
        many.write_text(json.dumps({"dataframe_split": {"columns": names, "data": rows}}))
        logs = Path(scratch, "ours.log"), Path(scratch, "theirs.log")
        told(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        with ours(registry, logs[0]) as here:
            with mlflow(given.mlflow, found.folder, logs[1]) as theirs:
                missed = closed({"mlflow": theirs, "fraudstream": here}, one, given.seconds)
            missed += overload(here[0], one, given.seconds)
            missed += floors(here[0], one, many)
    told("\n".join(f"missed: {each}" for each in missed) or "every goal is reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
