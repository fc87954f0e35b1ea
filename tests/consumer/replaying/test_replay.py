"""What a real past published, computed anew: restarts, two workers, lots of any size, stalled labels."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from support.deployment import Deployment
from support.past import DAY, T0, decided_again, order, recorded_again, with_orders

from consumer.replaying.account import Account
from consumer.replaying.difference import COLD, Kind
from consumer.replaying.stretch import At
from consumer.replaying.verdicts import Verdicts
from models.feature_list import LABEL_FEATURES
from schemas.orders import Verb
from schemas.topics import Role

Again = Callable[..., Account]
Fields = dict[str, Any]


def test_every_bit_comes_out_again(past: Deployment, again: Again) -> None:
    """However lots were cut, whoever scored them and whatever was known of labels, then and now."""
    scores, flags = past.read(Role.SCORES).decisions, past.read(Role.FLAGS).decisions
    marks = Counter(mark for each in scores for mark in (*each["marks"], *each["degraded"]))
    assert {"late", "redelivered", "future", "cold_state", "labels_stalled"} <= set(marks)
    found = again(past.settings, rows=70)
    assert (found.equal, found.differences) == (True, [])
    assert (found.rows + found.cold, found.cold) == (len(scores), marks[COLD])
    assert (found.cold_differing, found.undecided, found.refused) == (0, 0, 16)
    assert found.answers == {past.settings.topics.scores: len(scores), past.settings.topics.flags: len(flags)}
    assert found.flags == len(flags)
    assert len({each.worker for each in found.epochs.values()}) == 2
    assert len({tuple((each.label_offsets or {}).values()) for each in found.epochs.values()}) > 2


@pytest.mark.parametrize("rows", [1, 20_000])
def test_a_stretch_begins_from_a_snapshot_or_from_the_log(past: Deployment, again: Again, rows: int) -> None:
    """Both give the same, which is what was published; and lots of one record the same as lots of all."""
    begin, end = At(T0 + 41 * DAY), At(T0 + 46 * DAY)
    kept = again(past.settings, begin, end, rows=rows)
    folded = again(past.settings, begin, end, rows=rows, snapshots=False)
    assert kept.equal
    assert folded.equal
    assert kept.rows == folded.rows == 240
    assert all(each.snapshot and each.fold_from > 0 for each in kept.starts)
    assert {(each.snapshot, each.fold_from) for each in folded.starts} == {(None, 0)}


def test_labels_are_those_that_the_epoch_names(past: Deployment, again: Again, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all labels there are now, stalled lots would come out otherwise: the offsets are needed, and enough."""
    known = Verdicts.known
    monkeypatch.setattr(Verdicts, "known", lambda self, offsets: known(self, None))
    found = again(past.settings)
    stalled = {key for key, epoch in found.epochs.items() if epoch.label_offsets}
    assert not found.equal
    assert set(found.fields) == {"features"}
    assert {each.field.partition(".")[2] for each in found.differences} <= {each.name for each in LABEL_FEATURES}
    assert {each.partition for each in found.differences} <= {partition for partition, _ in stalled}


def test_nothing_is_left_behind(past: Deployment, again: Again) -> None:
    """No record is written, no offset committed, no snapshot taken."""
    before = _all(past)
    assert again(past.settings).equal
    assert _all(past) == before


def test_altered_flags_are_named(past: Deployment, again: Again) -> None:
    """One with another score, one gone, one twice, one moved to what was approved, one to what is no transaction."""
    bad = _bad(past)
    warm, done = count(), dict[int, tuple[int, int]]()

    def alter(decision: Fields) -> Iterator[Fields]:
        if COLD in decision["marks"]:
            yield decision
            return
        source = decision["source"]
        place = source["partition"], source["offset"]
        turn = next(warm) if place[0] in bad else -1
        done[turn] = place
        if turn == 0:
            yield decision | {"score": decision["score"] * (1 - 2**-52)}
        elif turn == 2:
            yield from (decision, decision)
        elif turn == 3:
            done[turn] = place[0], place[1] + 1
            yield from (decision, decision | {"source": source | {"offset": place[1] + 1}})
        elif turn == 4:
            done[turn] = place[0], bad[place[0]]
            yield from (decision, decision | {"source": source | {"offset": bad[place[0]]}})
        elif turn != 1:
            yield decision

    found = again(decided_again(past, alter), shown=1_000)
    kinds = {each.kind: (each.partition, each.offset) for each in found.differences if each.kind is not Kind.FIELD}
    assert kinds == {Kind.MISSING: done[1], Kind.DOUBLED: done[2], Kind.UNASKED: done[4]}
    fields = {(each.partition, each.offset): each for each in found.differences if each.field in {"score", "outcome"}}
    assert fields[done[0]].field == "score"
    assert fields[done[3]].recomputed == "approve"
    assert fields.keys() == {done[0], done[3]}


def test_a_record_that_was_skipped_is_no_transaction(past: Deployment, again: Again) -> None:
    """Without the order it would have been decided, and remembered."""
    found = again(with_orders(past.settings), shown=1_000)
    assert (found.refused, found.equal) == (15, False)
    assert {each.partition for each in found.differences} == {1}
    assert {each.field.partition(".")[0] for each in found.differences} == {"features"}


def test_a_group_that_was_moved_back_answers_again(past: Deployment, again: Again) -> None:
    """Second answers are expected then, and told apart from those that nobody ordered."""
    settings = decided_again(past, lambda each: iter([each, each] if each["source"]["partition"] < 2 else [each]))
    settings = with_orders(settings)
    order(settings, Verb.SKIP, *_skipped(past))
    order(settings, Verb.MOVED, 0, 0, 10_000)
    found = again(settings)
    flags = Counter(each["source"]["partition"] for each in past.read(Role.FLAGS).decisions)
    assert (found.again, found.kinds) == (flags[0], {Kind.DOUBLED.value: flags[1]})


def test_an_altered_log_is_named(past: Deployment, again: Again) -> None:
    """One amount is not what it was: the decision on it differs, and later ones on the same card."""
    victim = next(each for each in past.read(Role.FLAGS).decisions if COLD not in each["marks"])

    def alter(event: Fields) -> Fields:
        same = event["event_id"] == victim["event_id"]
        return event | {"amount_minor": event["amount_minor"] + 1} if same else event

    found = again(recorded_again(past, alter), snapshots=False, shown=1_000)
    at = victim["source"]["partition"], victim["source"]["offset"]
    assert {each.field for each in found.differences if (each.partition, each.offset) == at} >= {
        "amount_minor",
        "features.amount_minor",
    }
    assert min((each.partition, each.offset) for each in found.differences) == at
    assert set(found.kinds) == {Kind.FIELD.value}


def _skipped(past: Deployment) -> tuple[int, int]:
    (letter,) = [each for each in past.read(Role.DLQ).messages if dict(each.headers())["dlq.reason"] == b"skipped"]
    return letter.partition(), int(dict(letter.headers())["dlq.offset"])


def _bad(past: Deployment) -> dict[int, int]:
    """By partition, an offset where no transaction stands, in the part that is not cold."""
    read = past.read(Role.TRANSACTIONS).messages
    return {each.partition(): each.offset() for each in read if not each.value().startswith(b"{")}


def _all(past: Deployment) -> tuple[object, ...]:
    ends = {role: len(past.read(role).messages) for role in Role}
    return ends, past.committed(), sorted(str(path) for path in (past.folder / "state").rglob("*"))
