"""What every decision has to be, from the log as it is: for each record, all records before it are read again.

Shares no code with what it judges, and knows nothing of lots, states, workers or time.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Said = dict[str, Any]


@dataclass(frozen=True)
class Input:
    offset: int
    card: bytes
    value: bytes


def facts(records: Sequence[Input], place: int) -> Said:
    """Of the record at that place."""
    same = [each for each in records[: place + 1] if each.card == records[place].card]
    chain = 0
    for each in same:
        chain = zlib.crc32(each.value, chain)
    return {
        "offset": records[place].offset,
        "card": records[place].card.decode(),
        "count": len(same),
        "total": sum(int(each.value) for each in same),
        "chain": chain,
    }


def judge(
    records: Sequence[Input], start: int, epochs: Sequence[Said], decisions: Sequence[Said], *, once: bool
) -> list[str]:
    """All that is wrong with what was decided for one partition from `start` on; `records` are all of it.

    `once`: each exactly once, and each epoch too. Else the first answer counts, and of epochs that begin at the same
    record any one that says what was used.
    """
    if not once:
        decisions = _first_of_each(decisions)
    wanted = [place for place, each in enumerate(records) if each.offset >= start]
    offsets = [each["offset"] for each in decisions]
    wrong = _missing([records[place].offset for place in wanted], offsets)
    if offsets != sorted(offsets):
        wrong.append(f"out of order: {offsets}")
    at = {records[place].offset: place for place in wanted}
    for said in decisions:
        if said["offset"] in at:
            wrong += _differing(said, facts(records, at[said["offset"]]))
            wrong += _epoch(said, epochs) if once else _some_epoch(said, epochs)
    firsts = [each["first_offset"] for each in epochs]
    if once and len(set(firsts)) != len(firsts):
        wrong.append(f"an epoch was begun twice: {firsts}")
    return wrong


def _first_of_each(decisions: Sequence[Said]) -> list[Said]:
    seen: dict[int, Said] = {}
    for said in decisions:
        seen.setdefault(said["offset"], said)
    return list(seen.values())


def read(values: Sequence[bytes]) -> list[Said]:
    return [json.loads(each) for each in values]


def _missing(wanted: Sequence[int], offsets: Sequence[int]) -> list[str]:
    wrong = [f"lost: {each}" for each in wanted if each not in offsets]
    wrong += [f"twice: {each}" for each in sorted(set(offsets)) if offsets.count(each) > 1]
    return wrong + [f"never asked for: {each}" for each in sorted(set(offsets) - set(wanted))]


def _differing(said: Said, facts: Said) -> list[str]:
    wrong = [
        f"{name} of {said['offset']} is {said[name]}, not {value}"
        for name, value in facts.items()
        if said[name] != value
    ]
    score = zlib.crc32(f"{facts['chain']} {said['model']} {said['churn']}".encode())
    return wrong if said["score"] == score else [*wrong, f"score of {said['offset']} is not of its model"]


def _epoch(said: Said, epochs: Sequence[Said]) -> list[str]:
    """It is the latest that begins at the record or before it, and it names what was used."""
    known = [each for each in epochs if each["first_offset"] <= said["offset"]]
    if not known:
        return [f"no epoch for {said['offset']}"]
    newest = max(known, key=lambda each: each["first_offset"])
    if newest["first_offset"] != said["epoch"]:
        return [f"{said['offset']} names epoch {said['epoch']}, not {newest['first_offset']}"]
    return _some_epoch(said, [newest])


def _some_epoch(said: Said, epochs: Sequence[Said]) -> list[str]:
    """One that it names says what it used."""
    named = [each for each in epochs if each["first_offset"] == said["epoch"]]
    told = [(each["model"]["name"], each["churn_generation"]) for each in named]
    used = (said["model"], said["churn"])
    return [] if used in told else [f"epoch {said['epoch']} says {told}, {said['offset']} used {used}"]
