"""Throughput of one peer on a topic that is full: how many events a second leave it, and what each costs.

The first third of the time between its first output and its last is warm-up and is left out. With an output for each
event, their own timestamps count, given by the broker; where only some events have one, the group's positions count.
"""  # noqa: INP001

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.ground import Ground, ends, last_words, make_topics, positions, started
from bench.peers.roster import EXACTLY, OUTPUTS, Peer, Place
from bench.watching import Outputs, Watch, outputs

WARM_UP: Final = 1 / 3
FIRST_WITHIN_S: Final = 90.0
STILL_S: Final = 2.0
STALLED_S: Final = 30.0
TOLERANCE: Final = 1e-12
REST_S: Final = 0.1


class Failed(Exception):
    """Why a peer has no figure."""


@dataclass(frozen=True, slots=True)
class Full:
    """A topic that holds so many events, and how long a peer may work on it."""

    topic: str
    events: int
    seconds: float


def throughput(ground: Ground, peer: Peer, full: Full, lot: int | None = None) -> dict[str, Any]:
    """Raises Failed, with what the peer said."""
    run = f"b{uuid.uuid4().hex[:8]}"
    at = Place(
        ground.bootstrap,
        ground.servers.redis_url,
        full.topic,
        f"{run}-out",
        run,
        ground.folder / run,
        ground.material.folder,
        lot=lot,
    )
    make_topics(ground, peer, at)
    begun = time.time()
    try:
        with started(peer, at) as process:
            client, reader = ground.group(at.group), ground.reader()
            by_outputs = peer.measured == OUTPUTS
            counted = None if by_outputs else (lambda: positions(client, full.topic))
            with Watch(process.pid, ground.broker_pid, counted) as watch:
                count = (lambda: ends(reader, at.out)) if by_outputs else (lambda: _last(watch))
                _until_done(peer, full, process, at.folder / "log", count)
            client.close()
            reader.close()
        found = outputs(ground, at.out, checked=len(ground.material.expected), scored=peer.job)
        if peer.measured == OUTPUTS:
            return _by_outputs(found, watch, begun) | _checked(ground, peer, found)
        return _by_positions(watch, begun) | {"outputs": len(found.numbers)}
    finally:
        ground.remove(run)


def _until_done(peer: Peer, full: Full, process: Any, log: Path, count: Callable[[], int]) -> None:  # noqa: ANN401
    begun = time.monotonic()
    first, changed, seen = 0.0, begun, 0
    while True:
        time.sleep(REST_S)
        now = time.monotonic()
        if process.poll() is not None:
            raise Failed(f"it ended with {process.returncode}: {last_words(log)}")
        if (now_there := count()) > seen:
            first, changed, seen = first or now, now, now_there
        if not seen and now - begun > FIRST_WITHIN_S:
            raise Failed(f"no output within {FIRST_WITHIN_S:.0f} s: {last_words(log)}")
        if seen and now - first > full.seconds:
            return
        if seen >= full.events and (peer.measured != OUTPUTS or now - changed > STILL_S):
            return
        if seen and now - changed > STALLED_S:
            raise Failed(f"it stood still after {seen:,} outputs: {last_words(log)}")


def _last(watch: Watch) -> int:
    return int(watch.samples[-1][3]) if watch.samples else 0


def _by_outputs(found: Outputs, watch: Watch, begun: float) -> dict[str, Any]:
    times = np.sort(found.at_ms) / 1_000
    times = times[times <= watch.samples[-1][0]]  # what a peer still writes while it ends, nobody watched
    if not len(times):
        raise Failed("nothing of what it wrote was committed before it was told to end")
    start = times[0] + (times[-1] - times[0]) * WARM_UP
    # A batch has one timestamp: what came with the first of them after the start was made before it.
    later = times[times > start]
    later = later[later > later[0]] if len(later) else later
    seconds = float(times[-1] - (times[len(times) - len(later) - 1] if len(later) else times[0]))
    if len(later) < 10 or seconds <= 0:  # noqa: PLR2004
        raise Failed(f"{len(times)} outputs are too few to tell a rate")
    return _figures(len(later), times[-1] - seconds, times[-1], watch) | {
        "outputs": len(times),
        "first_output_s": float(times[0] - begun),
        "bytes_out": found.values / len(times),
    }


def _by_positions(watch: Watch, begun: float) -> dict[str, Any]:
    table = np.array([each for each in watch.samples if each[3] > 0])
    moved = np.flatnonzero(np.diff(table[:, 3])) + 1 if len(table) else np.zeros(0, int)
    if len(moved) < 3:  # noqa: PLR2004
        raise Failed("its positions moved too seldom to tell a rate")
    moments = np.r_[0, moved]
    first, last = table[moments[0], 0], table[moments[-1], 0]
    start = moments[np.searchsorted(table[moments, 0], first + (last - first) * WARM_UP)]
    end = moments[-1]
    if start >= end:
        raise Failed("its positions moved too seldom to tell a rate")
    events = table[end, 3] - table[start, 3]
    return _figures(events, table[start, 0], table[end, 0], watch) | {"first_output_s": float(first - begun)}


def _figures(events: float, start: float, end: float, watch: Watch) -> dict[str, Any]:
    peer, broker = watch.between(start, end)
    return {
        "events_per_s": float(events / (end - start)),
        "seconds": float(end - start),
        "cpu_s_per_million": peer / events * 1e6,
        "broker_cpu_s_per_million": broker / events * 1e6,
        "cores": peer / (end - start),
        "peak_mib": watch.peak,
    }


def _checked(ground: Ground, peer: Peer, found: Outputs) -> dict[str, Any]:
    """Every event at most once, and each of the first scores as expected, which includes its window."""
    twice = len(found.numbers) - len(np.unique(found.numbers))
    if twice and peer.guarantee == EXACTLY:
        raise Failed(f"{twice:,} events came twice")
    told: dict[str, Any] = {"twice": twice}
    if peer.job:
        expected = ground.material.expected
        apart = [abs(score - expected[number]) for number, score in found.scores.items()]
        equal = sum(each == 0 for each in apart)
        if not apart or max(apart) > TOLERANCE:
            wrong = sum(each > TOLERANCE for each in apart)
            raise Failed(f"{wrong:,} of {len(apart):,} scores are not those expected")
        told |= {"scores_compared": len(apart), "equal_bits": equal, "most_apart": max(apart)}
    return told
