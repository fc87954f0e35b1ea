"""Two rounds of answers in, the figures of the group and of each worker out. Pure: it asks nobody, not even a clock."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fraudstream.top.between import Buckets, grown, observed, quantile, together
from fraudstream.top.nodes import Answer
from fraudstream.top.scrape import Scrape

STAGE: Final = "fraudstream_stage_seconds"
AGE: Final = "fraudstream_decision_age_seconds"
CHURN_AS_OF: Final = "fraudstream_churn_as_of_timestamp_seconds"


class State(StrEnum):
    """`hung`: it answers, but its loop has not turned for so long that it does not call itself alive."""

    READY = "ready"
    STARTING = "starting"
    HUNG = "hung"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Spread:
    """Half and 99 in 100 of what there was took at most so many seconds; None where there was nothing."""

    p50: float | None
    p99: float | None

    @classmethod
    def of(cls, buckets: Buckets) -> "Spread":
        return cls(quantile(buckets, 0.5), quantile(buckets, 0.99))


@dataclass(frozen=True, slots=True)
class Partition:
    """`worker` is where whoever has it answers."""

    partition: int
    worker: str
    lag_records: int
    lag_s: float | None
    snapshot_age_s: float | None


@dataclass(frozen=True, slots=True)
class Worker:
    node: str
    state: State
    why: str = ""
    identity: str = ""
    pid: int | None = None
    version: str = ""
    turn_age_s: float | None = None
    partitions: int | None = None
    lag_records: int | None = None
    lag_s: float | None = None
    decisions_per_s: float | None = None
    age: Spread = Spread(None, None)
    model: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Since the workers started, and lately."""

    total: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Labels:
    """Of the worker that is furthest behind; None before the end of the topic was reached once."""

    stalled: int
    lag_records: int | None
    lag_s: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """`degraded` names a degradation and by how many workers; `standstill_s` output topics that stand still;
    `stopped` counts partitions that are not scored, by why.
    """

    at: float
    seconds: float
    workers: Sequence[Worker]
    partitions: Sequence[Partition]
    outcomes: Mapping[str, Count]
    age: Spread
    stages: Mapping[str, Spread]
    checkpoints: Mapping[str, Count]
    dead_letters: Mapping[str, Count]
    degraded: Mapping[str, int]
    standstill_s: Mapping[str, float]
    stopped: Mapping[str, int]
    labels: Labels | None
    churn_age_s: float | None
    churn_generations: tuple[str, ...]
    """In use: one, but for a moment after a publication."""

    @property
    def deciding(self) -> dict[str, int]:
        """Model and policy, and how many workers decide by them: one, but for a moment after a promotion."""
        named = (f"{each.model}, policy {each.policy}" for each in self.workers if each.model)
        return dict(sorted(Counter(named).items()))

    @property
    def answering(self) -> int:
        return sum(each.state is not State.AWAY for each in self.workers)

    @property
    def lag_records(self) -> int:
        return sum(each.lag_records for each in self.partitions)

    @property
    def lag_s(self) -> float:
        return max((each.lag_s for each in self.partitions if each.lag_s is not None), default=0.0)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A worker's answer now, and the one before if it was the same process."""

    answer: Answer
    before: Scrape | None
    after: Scrape


def figures(before: Sequence[Answer], after: Sequence[Answer], seconds: float) -> Figures:
    """`before` and `after` name the same nodes, asked so many seconds apart."""
    pairs = [_pair(*each) for each in zip(before, after, strict=True)]
    there = [each for each in pairs if each is not None]
    scrapes = [each.after for each in there]
    stages = dict.fromkeys(labels["stage"] for each in scrapes for labels, _ in each.each(f"{STAGE}_count"))
    return Figures(
        at=max((each.at for each in scrapes), default=0.0),
        seconds=seconds,
        workers=[
            _away(each) if pair is None else _worker(pair, seconds) for each, pair in zip(after, pairs, strict=True)
        ],
        partitions=sorted((each for pair in there for each in _partitions(pair)), key=lambda each: each.partition),
        outcomes=_counts(there, "fraudstream_decisions_total", "outcome", seconds),
        age=Spread.of(together(observed(each.before, each.after, AGE) for each in there)),
        stages={
            stage: Spread.of(together(observed(each.before, each.after, STAGE, stage=stage) for each in there))
            for stage in stages
        },
        checkpoints=_counts(there, "fraudstream_checkpoints_total", "outcome", seconds),
        dead_letters=_counts(there, "fraudstream_dead_letters_total", "reason", seconds),
        degraded=_degraded(scrapes),
        standstill_s=_standstill(scrapes),
        stopped=_stopped(scrapes),
        labels=_labels(scrapes),
        churn_age_s=_churn_age(scrapes),
        churn_generations=tuple(sorted({name for each in scrapes for name in each.by(CHURN_AS_OF, "generation")})),
    )


def _pair(before: Answer, after: Answer) -> _Pair | None:
    if after.scrape is None:
        return None
    same = before.scrape is not None and _pid(before.scrape) == _pid(after.scrape)
    return _Pair(after, before.scrape if same else None, after.scrape)


def _pid(scrape: Scrape) -> str | None:
    return scrape.info("fraudstream_worker_info").get("pid")


def _away(answer: Answer) -> Worker:
    return Worker(str(answer.node), State.AWAY, answer.why)


def _worker(pair: _Pair, seconds: float) -> Worker:
    scrape, answer = pair.after, pair.answer
    who, what = scrape.info("fraudstream_worker_info"), scrape.info("fraudstream_model_info")
    partitions = _partitions(pair)
    turned = scrape.value("fraudstream_last_turn_timestamp_seconds")
    decided = grown(pair.before, scrape, "fraudstream_decisions_total", "outcome")
    return Worker(
        node=str(answer.node),
        state=State.READY if answer.ready else State.STARTING if answer.live else State.HUNG,
        why=answer.why,
        identity=who.get("worker", ""),
        pid=int(who["pid"]) if who.get("pid", "").isdigit() else None,
        version=who.get("version", ""),
        turn_age_s=None if not turned else max(scrape.at - turned, 0.0),
        partitions=_whole(scrape.value("fraudstream_assigned_partitions")),
        lag_records=sum(each.lag_records for each in partitions),
        lag_s=max((each.lag_s for each in partitions if each.lag_s is not None), default=0.0),
        decisions_per_s=sum(decided.values()) / seconds,
        age=Spread.of(observed(pair.before, scrape, AGE)),
        model=" ".join(filter(None, (what.get("name"), what.get("version")))),
        policy=what.get("policy", ""),
    )


def _partitions(pair: _Pair) -> list[Partition]:
    scrape = pair.after
    waits, taken = (
        scrape.by(f"fraudstream_{each}", "partition") for each in ("lag_seconds", "snapshot_timestamp_seconds")
    )
    return [
        Partition(
            partition=int(each),
            worker=str(pair.answer.node),
            lag_records=int(records),
            lag_s=waits.get(each),
            snapshot_age_s=max(scrape.at - taken[each], 0.0) if taken.get(each) else None,
        )
        for each, records in scrape.by("fraudstream_lag_records", "partition").items()
    ]


def _counts(pairs: Iterable[_Pair], name: str, label: str, seconds: float) -> dict[str, Count]:
    totals, lately = Counter[str](), Counter[str]()
    for each in pairs:
        totals.update({key: int(value) for key, value in each.after.by(name, label).items()})
        lately.update({key: int(value) for key, value in grown(each.before, each.after, name, label).items()})
    return {key: Count(total, lately[key] / seconds) for key, total in sorted(totals.items())}


def _degraded(scrapes: Iterable[Scrape]) -> dict[str, int]:
    named = (name for each in scrapes for name, on in each.by("fraudstream_degraded", "name").items() if on)
    return dict(sorted(Counter(named).items()))


def _standstill(scrapes: Iterable[Scrape]) -> dict[str, float]:
    """Every worker looks at all of a topic; who looked last has seen it longest."""
    found: dict[str, float] = {}
    for scrape in scrapes:
        for topic, seconds in scrape.by("fraudstream_output_standstill_seconds", "topic").items():
            if seconds > 0:
                found[topic] = max(found.get(topic, 0.0), seconds)
    return found


def _stopped(scrapes: Iterable[Scrape]) -> dict[str, int]:
    found = Counter[str]()
    for scrape in scrapes:
        found.update({why: int(count) for why, count in scrape.by("fraudstream_partitions_stopped", "why").items()})
    return {why: count for why, count in sorted(found.items()) if count}


def _labels(scrapes: Iterable[Scrape]) -> Labels | None:
    """None: nobody reads any. Who reads has always asked a moment ago, never at this very one."""
    lags = [(each, each.value("fraudstream_label_lag_seconds")) for each in scrapes]
    reading = [(each, lag) for each, lag in lags if lag]
    if not reading:
        return None
    behind = max(lag for _, lag in reading)
    return Labels(
        stalled=sum(bool(each.value("fraudstream_labels_stalled")) for each, _ in reading),
        lag_records=_whole(max(each.value("fraudstream_label_lag_records") or 0.0 for each, _ in reading)),
        lag_s=behind if math.isfinite(behind) else None,
    )


def _churn_age(scrapes: Iterable[Scrape]) -> float | None:
    """Of the oldest generation that somebody uses."""
    ages = [
        scrape.at - at
        for scrape in scrapes
        for at in scrape.by("fraudstream_churn_generation_timestamp_seconds", "generation").values()
    ]
    return max(ages, default=None)


def _whole(value: float | None) -> int | None:
    return None if value is None or not math.isfinite(value) else int(value)
