"""The figures of running workers, over the last few seconds, from what they say of themselves."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from threading import Event
from typing import Final

from fraudstream.top.figures import Figures as Found
from fraudstream.top.figures import State as WorkerState
from fraudstream.top.figures import figures
from fraudstream.top.nodes import Answer, Node, ask
from fraudstream.top.words import duration
from serving.page.facts import Figures, Note, Notes, Rate, Source, State
from serving.page.live import Live

NAME: Final = "workers"
EVERY_S: Final = 1.0
ROUNDS: Final = 4
"""Rates are over one round less: smooth enough to be read."""
SCORE: Final = "fraudstream score"
DOCTOR: Final = "fraudstream doctor"
MEANS: Final = {
    "churn_unavailable": "Decisions are made without churn scores: Redis has none that can be used.",
    "churn_refresh_failed": "A newer churn generation cannot be loaded; the one before goes on.",
    "labels_stalled": "The reader of verdicts is behind: decisions do not know the latest of them.",
    "backlog": "Decisions are made on old records: a backlog is being worked off.",
    "dead_letters_stopped": "Partitions stand still: too many of their records cannot be scored.",
    "snapshots_failing": "Snapshots cannot be written: a restart would fold more of the log again.",
    "reload_failed": "A newer model, policy or list cannot be loaded; the one before goes on deciding.",
}
"""Of degradations by name."""
FIXES: Final = {
    "dead_letters_stopped": "fraudstream dlq show",
    "churn_unavailable": "fraudstream nightly status",
    "reload_failed": "fraudstream models list",
}


class Workers:
    def __init__(self, nodes: Sequence[Node], live: Live) -> None:
        self._nodes, self._live = nodes, live
        self._answers: deque[tuple[float, list[Answer]]] = deque(maxlen=ROUNDS)

    def read(self, over: Event) -> None:
        while not over.is_set():
            began = time.monotonic()
            self._answers.append((began, ask(self._nodes)))
            if len(self._answers) > 1:
                self._tell()
            over.wait(max(EVERY_S - (time.monotonic() - began), 0.1))

    def _tell(self) -> None:
        (then, before), (now, after) = self._answers[0], self._answers[-1]
        found = figures(before, after, now - then)
        self._live.source(NAME, source(found))
        self._live.figures(said(found) if found.answering else None, list(notes(found)) if found.answering else [])


def source(found: Found) -> Source:
    if not found.answering:
        return Source(State.AWAY, "; ".join(f"{each.node}: {each.why}" for each in found.workers[:3]), SCORE)
    return Source(State.OK, f"{found.answering} of {len(found.workers)} answer")


def said(found: Found) -> Figures:
    return Figures(
        at=int(found.at * 1000),
        per_s=round(sum(each.per_s for each in found.outcomes.values()), 2),
        outcomes={name: Rate(each.total, round(each.per_s, 2)) for name, each in found.outcomes.items()},
        p50_ms=_ms(found.age.p50),
        p99_ms=_ms(found.age.p99),
        latency="from record to commit",
        lag_records=found.lag_records,
        lag_s=found.lag_s,
        answering=found.answering,
        workers=len(found.workers),
        partitions=len(found.partitions),
        stages={stage: ms for stage, each in found.stages.items() if (ms := _ms(each.p99)) is not None},
    )


def notes(found: Found) -> Iterator[Note]:
    """What is wrong, worst first."""
    for each in found.workers:
        if each.state in {WorkerState.AWAY, WorkerState.HUNG}:
            yield Note(f"The worker at {each.node} is {each.state}: {each.why}.", SCORE)
    for topic, seconds in found.standstill_s.items():
        yield Note(f"Readers of {topic} have stood at an open transaction for {duration(seconds)}.", DOCTOR)
    for why, partitions in found.stopped.items():
        yield Note(f"{partitions} partition{'s are' if partitions != 1 else ' is'} not scored: {why}.", DOCTOR)
    for name in found.degraded:
        yield Note(MEANS.get(name, name), FIXES.get(name, DOCTOR))


def unasked(live: Live, why: str, fix: str) -> Notes:
    """For a program that knows no worker to ask."""
    live.source(NAME, Source(State.UNUSED, why, fix))
    return []


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
