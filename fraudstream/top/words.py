"""The figures as sentences: what a terminal shows above its tables, and all that is shown without one."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from fraudstream.top.figures import Count, Figures, Spread, State, Worker

NOTHING: Final = "-"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def duration(seconds: float | None) -> str:
    """In the unit that is read most easily."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms" if seconds else "0 s"
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def number(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"  # noqa: PLR2004 - a decimal below


def spread(each: Spread) -> str:
    return f"half within {duration(each.p50)}, 99 % within {duration(each.p99)}"


def headline(found: Figures) -> str:
    per_s = sum(each.per_s for each in found.outcomes.values())
    outcomes = ", ".join(f"{name} {number(each.per_s)}" for name, each in found.outcomes.items())
    answering = f"{found.answering} of {len(found.workers)} workers answer"
    decided = f"{number(per_s)} decisions/s" + (f" ({outcomes})" if outcomes else "")
    return f"{answering}; {decided}; lag {number(found.lag_records)} records, {duration(found.lag_s)}"


def notes(found: Figures) -> Iterator[str]:
    """What there is to know besides, a line each; troubles first."""
    yield from (f"{each.state}: {each.node}: {each.why}" for each in found.workers if each.why)
    for topic, seconds in found.standstill_s.items():
        yield f"standstill: readers of {topic} have stood at an open transaction for {duration(seconds)}"
    for why, partitions in found.stopped.items():
        yield f"stopped: {partitions} partition{'s' * (partitions != 1)}, {why}"
    for name, workers in found.degraded.items():
        yield f"degraded: {name} ({workers} worker{'s' * (workers != 1)})"
    for what, workers in found.deciding.items():
        yield f"decided by: {what} ({workers} worker{'s' * (workers != 1)})"
    if found.dead_letters:
        yield f"dead letters: {_counts(found.dead_letters)}"
    if found.checkpoints:
        yield f"checkpoints: {_counts(found.checkpoints)}"
    if found.labels:
        lag = "not read to its end yet" if found.labels.lag_s is None else f"{duration(found.labels.lag_s)} behind"
        stalled = f", {found.labels.stalled} stalled" if found.labels.stalled else ""
        yield f"labels: {lag}, {number(found.labels.lag_records)} records{stalled}"
    if found.churn_age_s is not None:
        yield f"churn: generation {', '.join(found.churn_generations)} published {duration(found.churn_age_s)} ago"


def lines(found: Figures) -> Iterator[str]:
    """One fact a line, for logs and grep."""
    yield headline(found)
    for worker in found.workers:
        yield _worker(worker)
    for each in found.partitions:
        lag = f"lag {number(each.lag_records)} records, {duration(each.lag_s)}"
        yield f"partition {each.partition} at {each.worker}: {lag}; snapshot {_ago(each.snapshot_age_s)}"
    if found.age.p50 is not None:
        yield f"decision age: {spread(found.age)}"
    yield from (f"stage {stage}: {spread(each)}" for stage, each in found.stages.items() if each.p50 is not None)
    yield from notes(found)


def as_json(found: Figures) -> str:
    """One line with everything. What is not known, or has no end, is null."""
    return json.dumps(_plain(asdict(found)), allow_nan=False)


def _worker(worker: Worker) -> str:
    head = f"worker {worker.node} {worker.state}"
    if worker.state is State.AWAY:
        return head
    return (
        f"{head}; {worker.identity or 'unnamed'}, pid {worker.pid or NOTHING}, turned {_ago(worker.turn_age_s)}; "
        f"{number(worker.partitions)} partitions, lag {number(worker.lag_records)} records, {duration(worker.lag_s)}; "
        f"{number(worker.decisions_per_s)} decisions/s, {spread(worker.age)}"
    )


def _counts(counts: Mapping[str, Count]) -> str:
    return ", ".join(f"{name} {number(each.total)} (+{number(each.per_s)}/s)" for name, each in counts.items())


def _ago(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{duration(seconds)} ago"


def _plain(value: Any) -> Any:  # noqa: ANN401 - as deep as JSON goes
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
