"""What the decisions of the whole scorer have to be: features by brute force over both logs, the rest from the epoch.

Shares no code with what it judges. What an epoch says was missing of the labels is left out here as well.
"""

import json
import math
from collections.abc import Iterable, Sequence
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
Card = tuple[Any, ...]
SPANS = ("10min", "1h", "1d", "7d", "30d")
PLACES = {feature.name: place for place, feature in enumerate(FEATURES)}
SKIPPED = "skipped"
AS_TOLD = (
    "card_days_since_fraud",
    "card_last_label",
    "terminal_days_since_first_fraud",
    "terminal_days_since_last_fraud",
    "terminal_fraud_run",
    "terminal_last_label",
)


@dataclass(frozen=True)
class Record:
    """`event` None is no event; `skipped` by order."""

    offset: int
    timestamp: int
    event: Said | None
    skipped: bool


@dataclass(frozen=True)
class Known:
    """A label, with its place among the labels and when it was known."""

    partition: int
    offset: int
    known_at: int
    label: Said


@dataclass
class Answers:
    """Of one partition. `dead`: offsets, and why."""

    decisions: list[Said]
    flags: list[Said]
    epochs: list[Said]
    dead: list[tuple[int, str]]

    def first_of_each(self) -> "Answers":
        """As a reader takes them who was promised each at least once."""
        dead: dict[int, str] = {}
        for offset, why in self.dead:
            dead.setdefault(offset, why)
        return Answers(_firsts(self.decisions), _firsts(self.flags), self.epochs, list(dead.items()))


@dataclass(frozen=True)
class Judge:
    """`start` is the first offset to be answered; `once`: each exactly once, and each epoch too."""

    records: Sequence[Record]
    start: int
    labels: Sequence[Known]
    params: LabelParams
    once: bool

    def wrong(self, found: Answers) -> list[str]:
        """All that is, in one partition."""
        found = found if self.once else found.first_of_each()
        events = {each.offset: each.event for each in self.asked if each.event and not each.skipped}
        wrong = _count(list(events), [each["source"]["offset"] for each in found.decisions])
        if [each for each in found.decisions if each["outcome"] != "approve"] != found.flags:
            wrong.append("flags are not the decisions that are not approve")
        dead = [(each.offset, each.skipped) for each in self.asked if each.offset not in events]
        if [(offset, why == SKIPPED) for offset, why in found.dead] != dead:
            wrong.append(f"dead letters are {found.dead}, not {dead}")
        cards = self._cards()
        for said in found.decisions:
            if event := events.get(said["source"]["offset"]):
                wrong += self._one(said, event, cards[said["source"]["offset"]], found.epochs)
        return wrong

    @property
    def asked(self) -> list[Record]:
        return [each for each in self.records if each.offset >= self.start]

    def _cards(self) -> dict[int, Card]:
        """Of each event: marks, time, counts, totals, ... from the first record of the log on."""
        oracle = card_oracle.Oracle(Terms())
        rows = [each for each in self.records if each.event and not each.skipped]
        return {
            each.offset: oracle.answer((each.event or {}) | {"partition": 0, "timestamp": each.timestamp})
            for each in rows
        }

    def _one(self, said: Said, event: Said, card: Card, epochs: Sequence[Said]) -> list[str]:
        offset, epoch = said["source"]["offset"], self._epoch(said, epochs)
        if epoch is None:
            return [f"no epoch says what {offset} used"]
        expected = _features(event, card, self._labels(event, card[1], epoch.get("label_offsets")))
        features = {name: said["features"][place] for name, place in PLACES.items()}
        return _decided(said, event, epoch) + [
            f"{name} of {offset} is {features[name]}, not {value} (degraded: {epoch['degraded']})"
            for name, value in expected.items()
            if not _same(features[name], value)
        ]

    def _epoch(self, said: Said, epochs: Sequence[Said]) -> Said | None:
        """The latest that begins at the record or before it: that is the one it names, and it says what was used."""
        known = [each for each in epochs if each["first_offset"] <= said["source"]["offset"]]
        named = [each for each in known if each["first_offset"] == said["epoch"]]
        newest = max((each["first_offset"] for each in known), default=-1)
        if self.once and (newest != said["epoch"] or len(named) != 1):
            return None
        used = said["model"], said["policy"], said["churn"].get("generation"), said["degraded"]
        told = (each for each in named if used == _told(each))
        return next(told, None)

    def _labels(self, event: Said, at: int, offsets: dict[str, int] | None) -> Facts:
        """Without offsets every label counts that the step of that time can see."""
        known = [
            _label(each) for each in self.labels if offsets is None or each.offset < offsets.get(str(each.partition), 0)
        ]
        asked = Question(_number(event["card_id"]), _number(event["terminal_id"]), at)
        return LabelOracle(known, self.params).answer(asked)


def event_of(value: bytes) -> Said | None:
    try:
        event: Said = json.loads(value)
    except ValueError:
        return None
    return event


def _told(epoch: Said) -> tuple[Any, ...]:
    return epoch["model"], epoch["policy"], epoch.get("churn_generation"), epoch["degraded"]


def _firsts(said: Iterable[Said]) -> list[Said]:
    first: dict[int, Said] = {}
    for each in said:
        first.setdefault(each["source"]["offset"], each)
    return list(first.values())


def _count(wanted: Sequence[int], offsets: Sequence[int]) -> list[str]:
    wrong = [f"lost: {each}" for each in wanted if each not in offsets]
    wrong += [f"twice: {each}" for each in sorted(set(offsets)) if offsets.count(each) > 1]
    wrong += [f"never asked for: {each}" for each in sorted(set(offsets) - set(wanted))]
    return wrong if list(offsets) == sorted(offsets) else [*wrong, f"out of order: {offsets}"]


def _number(name: str) -> int:
    return crc32(name.encode())


def _label(known: Known) -> Label:
    said = known.label
    event, card, terminal = (_number(said[name]) for name in ("event_id", "card_id", "terminal_id"))
    rest = said["amount_minor"], said["event_time"], said["is_fraud"]
    return Label(event, card, terminal, *rest, known.known_at, known.partition, known.offset)


def _features(event: Said, card: Card, labels: Facts) -> dict[str, float]:
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
    wrong, offset = [], said["source"]["offset"]
    thresholds = dict(each.split("=") for each in epoch["policy"].split()[1:])
    reached = sum(said["score"] >= float(thresholds[name]) for name in ("review_at", "block_at"))
    if said["outcome"] != ("approve", "review", "block")[reached]:
        wrong.append(f"outcome of {offset} is {said['outcome']} at {said['score']} under {epoch['policy']}")
    generation = epoch.get("churn_generation")
    score = None if generation is None else _number(f"{generation} {event['customer_id']}") % 1_000_000 / 1e6
    return wrong if said["churn"].get("score") == score else [*wrong, f"churn of {offset} is not of {generation}"]


def _same(some: float | None, other: float) -> bool:
    """What is not known is null in JSON."""
    return math.isnan(other) if some is None else float(some) == other
