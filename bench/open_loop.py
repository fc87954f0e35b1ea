"""Latency that leaves nothing out: each event falls due at its moment, whatever comes back, and counts from then.

A sender of its own process puts events on a topic at a fixed rate; a reader of committed records stamps what comes.
Both look at the same monotonic clock. An event that never comes is counted as missing, and a rate whose outputs do not
all come within the patience is one that the peer cannot keep up with.
"""  # noqa: INP001

import json
import subprocess
import sys
import threading
import time
import uuid
from typing import Any, Final

import numpy as np
from confluent_kafka import TopicPartition

from bench.ground import FOR_EVER, PARTITIONS, Ground, last_words, make_topics, started
from bench.peers.roster import Peer, Place
from bench.saturation import FIRST_WITHIN_S, Failed
from bench.watching import Watch, number_of

SHARES: Final = (50.0, 90.0, 99.0, 99.9)
LONE: Final = 2.0
"""Events a second on a topic that is idle otherwise."""
WARM_EVERY_S: Final = 0.25
DRAIN_S: Final = 10.0
CURVE: Final = tuple(
    np.r_[np.arange(0, 90, 2.0), np.arange(90, 99, 0.5), np.arange(99, 99.95, 0.05), 99.99, 100].tolist()
)
"""At which shares the curve of latencies is kept."""
TOO_SLOW: Final = 0.01
"""Share of events that may be missing."""


class Reader:
    """When each output came, by the event's number; what came several times counts once, the first time."""

    def __init__(self, ground: Ground, topic: str) -> None:
        self._client = ground.reader()
        asked = [TopicPartition(topic, each, 0) for each in range(PARTITIONS)]
        self._client.assign(asked)
        self._came: list[tuple[float, list[bytes]]] = []
        self.count = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._client.close()

    def came(self) -> dict[int, float]:
        found: dict[int, float] = {}
        for at, values in self._came:
            for each in values:
                found.setdefault(number_of(each), at)
        return found

    def _run(self) -> None:
        while not self._ended.is_set():
            first = self._client.poll(0.1)
            if first is None:
                continue
            lot = [first, *self._client.consume(1_000, 0)]
            at = time.monotonic()
            values = [each.value() for each in lot if not each.error()]
            self._came.append((at, values))
            self.count += len(values)


def latency(
    ground: Ground, peer: Peer, rates: list[float], seconds: float, *, warm: tuple[float, float]
) -> dict[str, Any]:
    """By rate, in the order given; after the first that it cannot keep up with, none is tried."""
    run = f"l{uuid.uuid4().hex[:8]}"
    at = Place(
        ground.bootstrap,
        ground.servers.redis_url,
        f"{run}-in",
        f"{run}-out",
        run,
        ground.folder / run,
        ground.material.folder,
        tuned="latency",
    )
    ground.make(FOR_EVER, at.topic)
    make_topics(ground, peer, at)
    told: dict[str, Any] = {}
    reader = Reader(ground, at.out)
    try:
        with started(peer, at) as process, Watch(process.pid, ground.broker_pid) as watch:
            first = _warm(ground, at, reader, process, warm)
            for rate in rates:
                figures, first = _at_rate(ground, at, reader, watch, (rate, seconds, first))
                told[f"{rate:g}"] = figures
                if process.poll() is not None:
                    raise Failed(f"it ended with {process.returncode}: {last_words(at.folder / 'log')}")
                if not figures["kept_up"]:
                    break
    finally:
        reader.close()
        ground.remove(run)
    return told


def _warm(ground: Ground, at: Place, reader: Reader, process: Any, warm: tuple[float, float]) -> int:  # noqa: ANN401
    """Until outputs come, and some seconds longer; gives the next event's number."""
    number, deadline = 0, time.monotonic() + FIRST_WITHIN_S
    while not reader.count:
        if process.poll() is not None:
            raise Failed(f"it ended with {process.returncode}: {last_words(at.folder / 'log')}")
        if time.monotonic() > deadline:
            raise Failed(f"no output within {FIRST_WITHIN_S:.0f} s: {last_words(at.folder / 'log')}")
        ground.fill(at.topic, number, 1)
        number += 1
        time.sleep(WARM_EVERY_S)
    sent = _send(ground, at, *warm, number)
    number += sent["sent"]
    _drain(reader, number)
    return number


def _drain(reader: Reader, number: int) -> bool:
    deadline = time.monotonic() + DRAIN_S
    while reader.count < number and time.monotonic() < deadline:
        time.sleep(0.05)
    return reader.count >= number


def _send(ground: Ground, at: Place, rate: float, seconds: float, first: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.sender", ground.bootstrap, at.topic, str(ground.material.folder)]
    done = subprocess.run(  # noqa: S603
        [*command, str(rate), str(seconds), str(first)],
        stdout=subprocess.PIPE,
        timeout=seconds * 3 + 60,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _at_rate(
    ground: Ground, at: Place, reader: Reader, watch: Watch, plan: tuple[float, float, int]
) -> tuple[dict[str, Any], int]:
    rate, seconds, first = plan
    begun = time.time()
    sent = _send(ground, at, rate, seconds, first)
    end = first + sent["sent"]
    drained = _drain(reader, end)
    spent = watch.between(begun, time.time())[0]
    came = reader.came()
    waits = np.array([came[n] - (sent["start"] + (n - first) / rate) for n in range(first, end) if n in came]) * 1_000
    missing = sent["sent"] - len(waits)
    kept_up = drained and missing <= TOO_SLOW * sent["sent"] and sent["late_ms"] < 1_000  # noqa: PLR2004
    figures: dict[str, Any] = {
        "rate": rate,
        "events": sent["sent"],
        "missing": missing,
        "kept_up": kept_up,
        "sender_late_ms": sent["late_ms"],
        "cpu_s": spent,
    }
    if len(waits):
        figures |= {
            f"p{share:g}_ms": float(each) for share, each in zip(SHARES, np.percentile(waits, SHARES), strict=True)
        }
        figures |= {
            "most_ms": float(waits.max()),
            "curve_ms": [round(float(e), 3) for e in np.percentile(waits, CURVE)],
        }
    return figures, end
