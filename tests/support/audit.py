"""What readers of committed records find, held against the logs folded once more in one go."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from support.deployment import Deployment
from support.refold import bits

from consumer import deciding
from models.bank import Bank
from models.labels.rows import label_columns
from models.policy import Outcome
from schemas.contracts import LABEL
from schemas.lot import Checks, Decoder, Raw
from schemas.registry import Fingerprints
from schemas.topics import Role
from schemas.verdicts import Mark

Place = tuple[int, int]
"""Partition and offset of the input."""
Verdict = tuple[Any, ...]
NOT_PROMISED = {str(Mark.COLD_STATE.name).lower()}
"""Depends on where a restore began."""


@dataclass(frozen=True)
class Toll:
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list, compare=False)

    @property
    def clean(self) -> bool:
        return self == Toll()

    def __str__(self) -> str:
        return "lost {}, duplicated {}, out of order {}, wrong {}".format(*astuple(self)[:4])


@dataclass(frozen=True)
class Expected:
    decisions: Mapping[Place, Verdict]
    flags: frozenset[Place]
    refused: Mapping[Place, str]


def expected(deployment: Deployment) -> Expected:
    """Of every input record; all labels are known."""
    settings = deployment.settings
    bank = Bank.of(settings)
    memory, decider = bank.memory(), deciding.live(settings)
    if labels := deployment.read(Role.LABELS).messages:
        read = Decoder(Fingerprints(), Checks(), LABEL).decode(Raw.of(labels))
        memory.learn(label_columns(read.rows, memory.cards.money))
    checks = Checks(
        settings.checks.strict_keys,
        settings.checks.reject_pans,
        settings.kafka.partitioner,
        settings.topics.partitions,
    )
    raw = Raw.of(deployment.read(Role.TRANSACTIONS).messages)
    lot = Decoder(Fingerprints(), checks).decode(raw)
    sight = memory.see(lot.rows)
    decided = decider.decide(lot.rows, sight)
    places = list(zip(lot.rows["partition"].to_pylist(), lot.rows["offset"].to_pylist(), strict=True))
    columns = [lot.rows[name].to_pylist() for name in ("event_id", "card_id")]
    marks = (sight.marks | decided.marks).tolist()
    verdicts = {
        place: (
            *(column[row] for column in columns),
            bits(decided.features[row]),
            bits(decided.raw_margin[row]),
            bits(decided.score[row]),
            Outcome(int(decided.outcome[row])).symbol,
            tuple(decided.reasons(row)),
            tuple(decided.rule_codes(row)),
            frozenset(Mark(marks[row]).names()) - NOT_PROMISED,
        )
        for row, place in enumerate(places)
    }
    flags = frozenset(place for place, outcome in zip(places, decided.outcome, strict=True) if outcome)
    where = list(zip(raw.partition.tolist(), raw.offset.tolist(), strict=True))
    refused = {where[each.row]: each.reason.value for each in lot.refusals}
    return Expected(verdicts, flags, refused)


def verdict(decision: Mapping[str, Any]) -> Verdict:
    return (
        decision["event_id"],
        decision["card_id"],
        bits(decision["features"]),
        bits(decision["raw_margin"]),
        bits(decision["score"]),
        decision["outcome"],
        tuple(decision["reasons"]),
        tuple(decision["rules"]),
        frozenset(decision["marks"]) - NOT_PROMISED,
    )


def audited(deployment: Deployment, wanted: Expected | None = None) -> Toll:
    """Of a deployment that writes all scores, and was given all labels before the transactions."""
    wanted = wanted or expected(deployment)
    scores, flags = deployment.read(Role.SCORES), deployment.read(Role.FLAGS)
    scored, flagged = scores.decisions, flags.decisions
    refused = [_refused(each) for each in deployment.read(Role.DLQ).messages]
    epochs = {(each["partition"], each["first_offset"]) for each in deployment.read(Role.EPOCHS).epochs}
    streams: list[tuple[str, list[Place], Iterable[Place]]] = [
        ("score", [place(each) for each in scored], wanted.decisions),
        ("flag", [place(each) for each in flagged], wanted.flags),
        ("dead letter", [each for each, _ in refused], wanted.refused),
    ]
    counts, examples = Counter[str](), []
    for name, found, due in streams:
        seen = Counter(found)
        for what, which in (
            ("lost", set(due) - seen.keys()),
            ("duplicated", [each for each, times in seen.items() if times > 1]),
            ("wrong", seen.keys() - set(due)),
            ("out_of_order", _unordered(found)),
        ):
            counts[what] += len(which)
            examples += [f"{name} {what}: {each}" for each in list(which)[:3]]
    cards = [(each["card_id"], each["source"]["offset"]) for each in scored]
    counts["out_of_order"] += len(_unordered(cards))
    for each in scored + flagged:
        due = wanted.decisions.get(place(each))
        if due is not None and (verdict(each) != due or (place(each)[0], each["epoch"]) not in epochs):
            counts["wrong"] += 1
            examples.append(f"wrong: {place(each)}: {_differing(verdict(each), due)}")
    counts["wrong"] += sum(wanted.refused.get(each) != reason for each, reason in refused)
    return Toll(**counts, examples=examples[:20])


def place(decision: Mapping[str, Any]) -> Place:
    return decision["source"]["partition"], decision["source"]["offset"]


def _refused(message: Any) -> tuple[Place, str]:
    headers = {name: value.decode() for name, value in message.headers()}
    return (int(headers["dlq.partition"]), int(headers["dlq.offset"])), headers["dlq.reason"]


def _unordered(found: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Of a key, each that stands after a greater one; equal ones are duplicates."""
    by_key: dict[Any, list[int]] = {}
    for key, offset in found:
        by_key.setdefault(key, []).append(offset)
    return [(key, later) for key, offsets in by_key.items() for first, later in pairwise(offsets) if later < first]


def _differing(found: Verdict, due: Verdict) -> str:
    names = ("event", "card", "features", "margin", "score", "outcome", "reasons", "rules", "marks")
    differ = [name for name, one, other in zip(names, found, due, strict=True) if one != other]
    if "features" in differ:
        one, other = np.frombuffer(found[2]), np.frombuffer(due[2])
        return f"{differ}, features {np.flatnonzero(~((one == other) | (np.isnan(one) & np.isnan(other))))}"
    return f"{differ or 'its epoch is on no record'}"
