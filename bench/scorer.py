"""What exactly-once costs, how long outputs stand still after kills and restarts, restoring, snapshots, memory.

python bench/scorer.py [--events 100000] [--memory-events 200000] [--seconds 6] [--full] [--throughput]

One Kafka and one Redis of its own, one run, everything on this machine: brokers, workers, whoever sends and whoever
reads share its cores. Ratios carry over to other machines, seconds do not. Throughput, and the processor's time beside
it, are between the first commit and the last. The yardstick is a bare pass-through with the worker's own clients:
consume, produce every record, send offsets, commit; a worker that writes flags alone writes far less, and one that
writes every decision writes far larger records, so that it is held against a pass-through of such, too. Latency is from
the moment at which a transaction was due, at 1,000 a second whatever comes back, until a reader of committed records
has its decision. `--full` takes 10 M events for memory, 1 M for throughput and a minute for latency.
"""  # noqa: INP001 - run, never imported

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from confluent_kafka import TopicPartition
from support.flow import CARDS, PATIENCE_S, Flow, Ground, Pace, Reader, ground, until
from support.registered import Shop

from consumer import clients
from consumer.trouble import Trouble
from fraudstream.local.running import Servers, running

LOT: Final = 20_000
RATE: Final = 1_000
SLOWER: Final = 500
WARM_S: Final = 2.0
LABELLED: Final = ("p50", "p99", "p99.9")
AT: Final = (50.0, 99.0, 99.9)
SESSION_MS: Final = 6_000
TAKING_S: Final = 0.1
LAST_S: Final = 0.5
"""Until the reader has what was committed last."""


def say(name: str, *figures: str) -> None:
    sys.stdout.write(f"  {name:52}{'  '.join(figures)}\n")
    sys.stdout.flush()


def pass_through(on: Ground, identity: str = "bare") -> Pace:
    """The worker's own clients and lots, and nothing in between."""
    settings = on.deployment.settings
    client = clients.consumer(settings, identity, Trouble("bare"))
    producer = clients.transactional_producer(settings, identity, Trouble("bare"))
    producer.init_transactions(30)
    low = [TopicPartition(on.topic, each, 0) for each in range(settings.topics.partitions)]
    client.subscribe([on.topic], on_assign=lambda which, _: which.assign(low))
    ends: dict[int, int] = defaultdict(int)
    moments: list[tuple[float, float, int]] = []
    while sum(ends.values()) < on.sent:
        lot = _lot(client)
        if not lot:
            continue
        producer.begin_transaction()
        for each in lot:
            producer.produce(settings.topics.scores, each.value(), each.key(), each.partition())
            ends[each.partition()] = each.offset() + 1
        producer.poll(0)
        offsets = [TopicPartition(on.topic, *each) for each in ends.items()]
        producer.send_offsets_to_transaction(offsets, client.consumer_group_metadata(), 10)
        producer.commit_transaction(10)
        moments.append((time.perf_counter(), time.process_time(), sum(ends.values())))
    client.close()
    (begun, spent, first), (ended, spent_all, last) = moments[0], moments[-1]
    return Pace((last - first) / (ended - begun), (spent_all - spent) / (last - first))


def _lot(client: Any) -> list[Any]:  # noqa: ANN401 - the library's
    first = client.poll(0.2)
    lot = [] if first is None or first.error() else [first]
    while lot and len(lot) < LOT:
        more = client.consume(min(500, LOT - len(lot)), 0)
        if not more:
            break
        lot += more
    return lot


def throughput(servers: Servers, folder: Path, events: int) -> None:
    sys.stdout.write(f"events a second, {events:,} events, lots of {LOT:,}, one worker\n")
    every, larger = {"output_scores": "true"}, None
    bare = _bare(servers, folder, events)
    say("bare transactional pass-through", str(bare))
    for name, champion, given in (
        ("rules, flags alone", False, {}),
        ("a model of trees, flags alone", True, {}),
        ("rules, every decision written", False, every),
        ("a model of trees, every decision written", True, every),
    ):
        with ground(servers, folder) as on:
            if champion:
                Shop(on.deployment.settings, on.deployment.folder).champion(0)
            on.fill(events)
            process = on.worker(**given)
            pace = on.pace(process.pid)
            ratios = f"{pace.rate / bare.rate:5.2f} of the bare rate"
            if given:
                larger = larger or _bare(servers, folder, events, decision := on.written())
                ratios += f", {pace.rate / larger.rate:5.2f} of that of records of {len(decision)} bytes"
            say(name, str(pace), ratios, memory(process))
    say("bare, records as large as a decision", str(larger))


def _bare(servers: Servers, folder: Path, events: int, value: bytes | None = None) -> Pace:
    with ground(servers, folder) as on:
        on.fill(events, value=value)
        return pass_through(on)


def memory(process: subprocess.Popen[bytes]) -> str:
    kilobytes = next(
        int(line.split()[1]) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmRSS" in line
    )
    return f"{kilobytes / 1024:7,.0f} MB resident"


def shown(waits: list[float]) -> str:
    figures = np.percentile(waits, AT) * 1_000
    return "  ".join(f"{name} {each:7.1f} ms" for name, each in zip(LABELLED, figures, strict=True))


def writing(on: Ground) -> list[tuple[float, float]]:
    """When snapshots were taken and written, by the clock of the flow; a little more, since taking comes first."""
    ahead, found = time.time() - time.perf_counter(), []
    for each in on.deployment.events():
        if each["event"] == "snapshot.written":
            end = datetime.fromisoformat(each["timestamp"]).timestamp() - ahead
            found.append((end - each["seconds"] - TAKING_S, end))
    return found


def latency(servers: Servers, folder: Path, seconds: float, events: int) -> None:
    """Waits that overlap the writing of a snapshot, and all others, of the same run."""
    sys.stdout.write(f"latency, {RATE:,} a second, every decision written, {CARDS:,} cards remembered\n")
    with ground(servers, folder) as on:
        on.fill(events)
        process = on.worker(output_scores="true", state_snapshot_every="5s")
        until(lambda: on.committed() >= on.sent)
        reader = Reader(on)
        with Flow(on, RATE) as flow:
            time.sleep(WARM_S)
            begun = time.perf_counter()
            time.sleep(seconds)
        until(lambda: on.committed() >= on.sent)
        time.sleep(LAST_S)
        reader.close()
        on.deployment.stop(process)
        spans = writing(on)
    waits: dict[bool, list[float]] = {False: [], True: []}
    for where, due in flow.due.items():
        if due > begun and (came := reader.came.get(where)):
            waits[any(due < end and came > start for start, end in spans)].append(came - due)
    say("no snapshot is being written", shown(waits[False]))
    if waits[True]:
        say(f"one is ({len(waits[True]):,} of the decisions)", shown(waits[True]))
        added = np.percentile(waits[True], 99) - np.percentile(waits[False], 99)
        say("added p99", f"{added * 1_000:+7.1f} ms")


def first_output(flow: Flow, reader: Reader, partitions: set[int], killed_at: float) -> float:
    """When the last of these partitions spoke again of something that was due after the kill."""

    def spoken() -> dict[int, float]:
        known: dict[int, float] = {}
        for where, came in list(reader.came.items()):
            partition = int(where.split(b"/")[1])
            if partition in partitions and flow.due.get(where, 0.0) > killed_at:
                known[partition] = min(came, known.get(partition, came))
        return known

    found: dict[int, float] = until(lambda: known if len(known := spoken()) == len(partitions) else None, rest_s=0.1)
    return max(found.values()) - killed_at


def kills(servers: Servers, folder: Path) -> None:
    sys.stdout.write(f"from SIGKILL to the first output of all its partitions, {SLOWER} a second, 2 workers\n")
    quick = {"score_membership": "dynamic", "score_session_timeout_ms": str(SESSION_MS)}
    for name, given, restarted in (
        ("the slot restarts", {}, True),
        (f"it does not, session {SESSION_MS / 1000:.0f} s", quick, False),
    ):
        with ground(servers, folder) as on:
            workers = [on.worker(slot, output_scores="true", **given) for slot in range(2)]
            until(lambda on=on: _owned(on, 0) and _owned(on, 1), rest_s=0.2)
            reader = Reader(on)
            with Flow(on, SLOWER) as flow:
                time.sleep(WARM_S)
                owned, at, clock = _owned(on, 0), time.perf_counter(), time.time()
                workers[0].send_signal(signal.SIGKILL)
                workers[0].wait()
                if restarted:
                    on.worker(0, output_scores="true", **given)
                say(name, f"{first_output(flow, reader, owned, at):7.1f} s")
                if restarted:
                    say(
                        "  of these until it knows what decides, and joins",
                        f"{since(on, 'decider.live', clock):7.1f} s",
                    )
                    say("  until it has its partitions", f"{since(on, 'source.assigned', clock):7.1f} s")
            reader.close()


def since(on: Ground, event: str, clock: float) -> float:
    """Until the first one after that moment."""
    said = (each["timestamp"] for each in on.deployment.events() if each["event"] == event)
    return min(late for each in said if (late := datetime.fromisoformat(each).timestamp() - clock) > 0)


def _owned(on: Ground, slot: int) -> set[int]:
    """By what it said last."""
    said = [each for each in on.deployment.events() if each["event"] == "source.assigned"]
    mine = [each["partitions"] for each in said if each["worker"].endswith(f"-{slot}")]
    others = [each for each in said if not each["worker"].endswith(f"-{slot}")]
    return set(mine[-1]) if mine and others and len(mine[-1]) < on.deployment.settings.topics.partitions else set()


def rolling(servers: Servers, folder: Path) -> None:
    sys.stdout.write(f"rolling restart of 2 workers, {SLOWER} a second\n")
    with ground(servers, folder) as on:
        workers = [on.worker(slot, output_scores="true") for slot in range(2)]
        until(lambda: _owned(on, 0) and _owned(on, 1), rest_s=0.2)
        reader = Reader(on)
        with Flow(on, SLOWER):
            time.sleep(WARM_S)
            for slot in range(2):
                before = len(on.restores())
                on.deployment.stop(workers[slot])
                workers[slot] = on.worker(slot, output_scores="true")
                until(lambda before=before: len(on.restores()) > before, rest_s=0.1)
                time.sleep(WARM_S)
        reader.close()
        gaps = [max(later - sooner for sooner, later in pairwise(moments)) for moments in reader.spoke.values()]
        say("longest gap of a partition", f"{max(gaps):7.1f} s", f"(the shortest of them {min(gaps):.1f} s)")


def restoring(servers: Servers, folder: Path, events: int) -> None:
    sys.stdout.write(f"restoring {events:,} events of {CARDS:,} cards\n")
    with ground(servers, folder) as on:
        on.fill(events)
        process = on.worker()
        until(lambda: on.committed() >= on.sent)
        on.deployment.stop(process)
        for name, keep in (("from snapshots", True), ("from the log", False)):
            if not keep:
                state = Path(on.deployment.settings.state.url.get_secret_value())
                state.rename(state.with_name("away"))
            known = len(on.restores())
            process = on.worker(output_scores="true")
            assigned = until(lambda known=known: on.restores()[known:], rest_s=0.05)[0]
            reader = Reader(on)
            with Flow(on, SLOWER):
                until(lambda reader=reader: len(reader.spoke) == on.deployment.settings.topics.partitions)
            ready = time.time() - time.perf_counter() + max(moments[0] for moments in reader.spoke.values())
            begun = datetime.fromisoformat(assigned["timestamp"]).timestamp()
            folded = sum(each["committed"] - each["offset"] for each in on.restores()[known:])
            seconds = max(ready - begun, 1e-3)
            rate = f"{folded / seconds:10,.0f} events/s" if folded else ""
            say(f"{name}, until each partition answers", f"{seconds:7.2f} s", rate)
            reader.close()
            on.deployment.stop(process)


def remembered(servers: Servers, folder: Path, events: int) -> None:
    sys.stdout.write("memory of a worker\n")
    with ground(servers, folder) as on:
        on.fill(events)
        process = on.worker()
        until(lambda: on.committed() >= on.sent, seconds=PATIENCE_S + events / 10_000)
        say(f"after {events:,} events of {CARDS:,} cards", memory(process))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--memory-events", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--throughput", action="store_true", help="that alone")
    options = parser.parse_args()
    events, most, seconds = options.events, options.memory_events, options.seconds
    if options.full:
        events, most, seconds = 1_000_000, 10_000_000, 60.0
    sys.stdout.write(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with running(folder / "servers", profile="throughput") as servers:
            throughput(servers, folder, events)
            if options.throughput:
                return
            latency(servers, folder, seconds, events // 3)
            kills(servers, folder)
            rolling(servers, folder)
            restoring(servers, folder, events)
            remembered(servers, folder, most)


if __name__ == "__main__":
    main()
