"""What the decisions of the whole scorer have to be: features by brute force over both logs, the rest from the epoch.

Shares no code with what it judges. What an epoch says was missing of the labels is left out here as well.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from support import card_oracle
from support.labels import Facts, Label, Question
from support.labels import Oracle as LabelOracle

from models.cards import Terms
from models.feature_list import FEATURES
from models.labels import LabelParams

Said = dict[str, Any]
Record = tuple[int, int, bytes]
Known = tuple[int, int, int, Said]
"""Partition, offset, record timestamp, label."""
SPANS = ("10min", "1h", "1d", "7d", "30d")
PARAMS = LabelParams(step_ms=1_000, grace_ms=1_000, delay_ms=500)
NAMES = {feature.name: place for place, feature in enumerate(FEATURES)}
AS_TOLD = (
    "card_days_since_fraud",
    "card_last_label",
    "terminal_days_since_first_fraud",
    "terminal_days_since_last_fraud",
    "terminal_fraud_run",
    "terminal_last_label",
)


@dataclass(frozen=True)
class Answers:
    decisions: Sequence[Said]
    epochs: Sequence[Said]
    dead: Sequence[bytes]


def judge(records: Sequence[Record], start: int, found: Answers, labels: Sequence[Known], *, once: bool) -> list[str]:
    """All that is wrong in one partition; `labels` are those of all partitions."""
    events = {offset: _event(value) for offset, _, value in records}
    wanted = [offset for offset, event in events.items() if event and offset >= start]
    said, dead = list(found.decisions), list(found.dead)
    if not once:
        first: dict[int, Said] = {}
        for each in said:
            first.setdefault(each["source"]["offset"], each)
        said, dead = list(first.values()), list(dict.fromkeys(dead))
    wrong = _count(wanted, [each["source"]["offset"] for each in said])
    if dead != [value for offset, _, value in records if not events[offset] and offset >= start]:
        wrong.append(f"dead letters: {dead}")
    facts = _cards(records, events)
    by_offset = {each["source"]["offset"]: each for each in said}
    for offset in wanted:
        if offset in by_offset:
            wrong += _one(by_offset[offset], events[offset] or {}, facts[offset], found.epochs, labels, once)
    return wrong


def _event(value: bytes) -> Said | None:
    try:
        event: Said = json.loads(value)
    except ValueError:
        return None
    return event


def _count(wanted: Sequence[int], offsets: Sequence[int]) -> list[str]:
    wrong = [f"lost: {each}" for each in wanted if each not in offsets]
    wrong += [f"twice: {each}" for each in sorted(set(offsets)) if offsets.count(each) > 1]
    wrong += [f"never asked for: {each}" for each in sorted(set(offsets) - set(wanted))]
    return wrong if list(offsets) == sorted(offsets) else [*wrong, f"out of order: {offsets}"]


def _cards(records: Sequence[Record], events: dict[int, Said | None]) -> dict[int, tuple[Any, ...]]:
    """Of each event: marks, time, counts, totals, ... from the first record of the log on."""
    oracle, told = card_oracle.Oracle(Terms()), {}
    for offset, timestamp, _ in records:
        if event := events[offset]:
            told[offset] = oracle.answer(event | {"partition": 0, "timestamp": timestamp})
    return told


def _one(
    said: Said, event: Said, card: tuple[Any, ...], epochs: Sequence[Said], labels: Sequence[Known], once: bool
) -> list[str]:
    offset = said["source"]["offset"]
    epoch = _epoch(said, epochs, once)
    if epoch is None:
        return [f"no epoch says what {offset} used"]
    expected = _features(event, card, _labels(event, card[1], epoch.get("label_offsets"), labels))
    features = [math.nan if each is None else float(each) for each in said["features"]]
    wrong = [
        f"{name} of {offset} is {features[NAMES[name]]}, not {value} ({epoch.get('degraded')})"
        for name, value in expected.items()
        if not _same(features[NAMES[name]], value)
    ]
    return wrong + _decided(said, event, epoch)


def _epoch(said: Said, epochs: Sequence[Said], once: bool) -> Said | None:
    """The latest that begins at the record or before it, which has to be the one that it names."""
    known = [each for each in epochs if each["first_offset"] <= said["source"]["offset"]]
    newest = max((each["first_offset"] for each in known), default=-1)
    named = [each for each in known if each["first_offset"] == said["epoch"]]
    if once and (newest != said["epoch"] or len(named) != 1):
        return None
    return next((each for each in named if _used(each) == _used(said)), None)


def _used(said: Said) -> tuple[Any, ...]:
    generation = said["churn"].get("generation") if "churn" in said else said.get("churn_generation")
    return said["model"], said["policy"], said["feature_version"], generation, said["degraded"]


def _labels(event: Said, at: int, offsets: dict[str, int] | None, labels: Sequence[Known]) -> Facts:
    """Without offsets every label counts that the step can see."""
    known = [
        Label(
            crc32(label["event_id"].encode()),
            crc32(label["card_id"].encode()),
            crc32(label["terminal_id"].encode()),
            label["amount_minor"],
            label["event_time"],
            label["is_fraud"],
            known_at,
            partition,
            offset,
        )
        for partition, offset, known_at, label in labels
        if offsets is None or offset < offsets.get(str(partition), 0)
    ]
    ids = (crc32(event[name].encode()) for name in ("card_id", "terminal_id"))
    return LabelOracle(known, PARAMS).answer(Question(*ids, at))


def _features(event: Said, card: tuple[Any, ...], labels: Facts) -> dict[str, float]:
    _, at, counts, totals, previous, highest, *_ = card
    told: dict[str, float] = {"amount_minor": event["amount_minor"]}
    for span, count, total in zip(SPANS, counts, totals, strict=True):
        told |= {f"count_{span}": count, f"mean_{span}": total / count}
    told["hours_since_previous"] = math.nan if previous < 0 else (at - previous) / 3_600_000
    told["ratio_highest_30d"] = event["amount_minor"] / highest if highest > 0 else math.nan
    for days in (1, 7, 30):
        count = labels[f"terminal_count_{days}d"]
        told[f"terminal_count_{days}d"] = count
        told[f"terminal_fraud_share_{days}d"] = labels[f"terminal_fraud_{days}d"] / count if count else math.nan
    return told | {name: labels[name] for name in AS_TOLD}


def _decided(said: Said, event: Said, epoch: Said) -> list[str]:
    """The outcome by the thresholds that the epoch names, the churn score by its generation."""
    thresholds = dict(each.split("=") for each in epoch["policy"].split()[1:])
    steps = (float(thresholds["review_at"]), float(thresholds["block_at"]))
    outcome = ("approve", "review", "block")[sum(said["score"] >= each for each in steps)]
    wrong = (
        [] if outcome == said["outcome"] else [f"outcome of {event['event_id']} is {said['outcome']}, not {outcome}"]
    )
    generation = epoch.get("churn_generation")
    score = None if generation is None else crc32(f"{generation} {event['customer_id']}".encode()) % 1_000_000 / 1e6
    return wrong if said["churn"].get("score") == score else [*wrong, f"churn of {event['event_id']} is not its own"]


def _same(some: float, other: float) -> bool:
    return some == other or (math.isnan(some) and math.isnan(other))
