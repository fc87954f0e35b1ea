"""What a run costs and yields: the processor's time, memory, and outputs by the broker's clock."""  # noqa: INP001

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from confluent_kafka import TopicPartition

from bench.ground import PARTITIONS, Ground, family
from bench.peers.job import read

EVERY_S: Final = 0.2
MIB: Final = 1 << 20
QUIET_S: Final = 5.0
ID_AT: Final = 12
DIGITS: Final = 10
SCORE_BYTES: Final = 19
TICKS: Final = os.sysconf("SC_CLK_TCK")


def processor_s(pids: list[int]) -> float:
    """Spent so far, in these processes and for them in the kernel, and by their children that have ended."""
    spent = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        spent += sum(int(each) for each in fields[11:15])
    return spent / TICKS


def peak_mib(pids: list[int]) -> float:
    """The most each process ever held, together."""
    found = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        found += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return found / 1024


@dataclass
class Watch:
    """Samples until it is closed: clock, the peer's processor time, the broker's, and `counted` where it is asked."""

    pid: int
    broker: int
    counted: Callable[[], int] | None = None
    samples: list[tuple[float, float, float, float]] = field(default_factory=list)
    peak: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            pids = family(self.pid)
            count = max(float(self.counted()), self.samples[-1][3] if self.samples else 0.0) if self.counted else 0.0
            self.samples.append((time.time(), processor_s(pids), processor_s([self.broker]), count))
            self.peak = max(self.peak, peak_mib(pids))

    def between(self, start: float, end: float) -> tuple[float, float]:
        """Seconds of processor of the peer and of the broker."""
        table = np.array(self.samples)
        peer, broker = (
            np.interp(end, table[:, 0], table[:, each]) - np.interp(start, table[:, 0], table[:, each])
            for each in (1, 2)
        )
        return float(peer), float(broker)


def number_of(value: bytes) -> int:
    """The event's number, in an output of any peer: a score, the transaction itself, or a decision.

    The last two are Avro in the single-object encoding and begin with the event id.
    """
    return int(value[-DIGITS:] if len(value) == SCORE_BYTES else value[ID_AT : ID_AT + DIGITS])


@dataclass(frozen=True, slots=True)
class Outputs:
    """Of one run: when each came, by the broker's clock, which event it is of, and the first scores."""

    at_ms: Any
    numbers: Any
    scores: dict[int, float]
    values: int


def outputs(ground: Ground, topic: str, *, checked: int, scored: bool) -> Outputs:
    """All that readers of committed records find."""
    client = ground.reader()
    asked = [TopicPartition(topic, each, 0) for each in range(PARTITIONS)]
    left = {}
    for each in asked:
        low, high = client.get_watermark_offsets(TopicPartition(topic, each.partition), timeout=10)
        if high > low:
            left[each.partition] = high
    client.assign(asked)
    at_ms, numbers, size = [], [], 0
    scores: dict[int, float] = {}
    quiet = time.monotonic() + QUIET_S
    while time.monotonic() < quiet:
        lot = client.consume(10_000, 0.2)
        if not lot:
            if all(each.offset >= left.get(each.partition, 0) for each in client.position(asked)):
                break
            continue
        quiet = time.monotonic() + QUIET_S
        values = [each.value() for each in lot if not each.error()]
        at_ms.append(np.array([each.timestamp()[1] for each in lot if not each.error()]))
        found = [number_of(each) for each in values]
        numbers.append(np.array(found))
        size += sum(map(len, values))
        if scored and min(found) < checked:
            scores |= {number: read(each)[1] for number, each in zip(found, values, strict=True) if number < checked}
    client.close()
    if not numbers:
        return Outputs(np.zeros(0), np.zeros(0, np.int64), {}, 0)
    return Outputs(np.concatenate(at_ms), np.concatenate(numbers), scores, size)
