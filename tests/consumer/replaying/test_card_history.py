"""What a card did of late, on logs that a real worker wrote, and on the same as they might have been."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.deployment import Deployment

from consumer.replaying.archive import Archive
from consumer.replaying.card_history import Bounds, CardHistory, Ended, card_history
from consumer.replaying.ordered import Ordered
from consumer.replaying.outcomes import Answered, Status

CARD = "card-21"
ALL = Bounds(rows=1_000, records=100_000, seconds=60.0)


@pytest.fixture(scope="module")
def archive(past: Deployment) -> Iterator[Archive]:
    """Without the topic of every decision."""
    with Archive.of(past.settings, snapshots=False) as found:
        yield replace(found, scores=None)


@pytest.fixture
def answered(archive: Archive) -> Answered:
    return Answered(archive.transactions.committed(), dict(archive.flags.ends))


def told(archive: Archive, answered: Answered, bounds: Bounds = ALL) -> CardHistory:
    return card_history(archive, answered, CARD, None, bounds)


def counted(found: CardHistory) -> Counter[Status]:
    return Counter(each.became.status for each in found.transactions)


def test_it_says_what_every_decision_says(past: Deployment, archive: Archive, answered: Answered) -> None:
    """From flags alone the same outcomes as from all decisions, without the scores of those that were approved."""
    with Archive.of(past.settings, snapshots=False) as whole:
        everything = told(whole, answered)
    found = told(archive, answered)
    assert counted(everything) == {Status.DECIDED: len(everything.transactions)}
    assert counted(found).keys() == {Status.DECIDED, Status.UNFLAGGED}
    assert [each.became.outcome for each in found.transactions] == [
        each.became.outcome for each in everything.transactions
    ]


def _passed(archive: Archive, partition: int, *, again: bool) -> Archive:
    whole = {partition: [range(1 << 40)]}
    return replace(archive, ordered=Ordered(archive.ordered.standing, whole if again else {}, whole))


def test_nothing_published_means_nothing_where_nothing_would_be(archive: Archive, answered: Answered) -> None:
    """Records that the group was sent past, that it has not come to, and flags that cannot be read yet."""
    usual = told(archive, answered)
    partition, flags = usual.partition, counted(usual)[Status.DECIDED]
    rest = len(usual.transactions) - flags
    cases: list[tuple[Archive, Answered, Status]] = [
        (_passed(archive, partition, again=False), answered, Status.NOT_SCORED),
        (_passed(archive, partition, again=True), answered, Status.UNKNOWN),
        (archive, replace(answered, committed={}), Status.WAITING),
        (archive, replace(answered, flags={partition: archive.flags.ends[partition] + 1}), Status.UNKNOWN),
    ]
    for logs, known, status in cases:
        assert counted(told(logs, known)) == {Status.DECIDED: flags, status: rest}


def test_flags_that_are_deleted_do_not_speak(
    archive: Archive, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what came after the oldest flag that is left was approved for certain."""
    usual = told(archive, answered)
    offsets = [each.fields["offset"] for each in usual.transactions if each.became.status is Status.DECIDED]
    place = sorted(_places(archive, usual.partition))[len(offsets) // 2]
    monkeypatch.setitem(archive.flags.begins, usual.partition, place[0])
    for each in told(archive, answered).transactions:
        after = each.fields["offset"] >= place[1]
        assert (each.became.status is Status.UNKNOWN) is not after
    monkeypatch.setitem(archive.flags.begins, usual.partition, archive.flags.ends[usual.partition])
    assert counted(told(archive, answered)) == {Status.UNKNOWN: len(usual.transactions)}


def _places(archive: Archive, partition: int) -> Iterator[tuple[int, int]]:
    """Of each flag and of its transaction."""
    for messages in archive.flags.messages(partition, 0, archive.flags.ends[partition]):
        for each in messages:
            yield each.offset(), archive.decisions.read(each.value())["source"]["offset"]


@pytest.mark.parametrize(
    ("bounds", "shortest", "ended"),
    [
        (replace(ALL, rows=3), 7, Ended.LIMIT),
        (replace(ALL, records=200), 7, Ended.BOUND),
        (replace(ALL, seconds=0.0), 200, Ended.BOUND),
    ],
)
def test_pieces_make_no_difference(
    archive: Archive,
    answered: Answered,
    monkeypatch: pytest.MonkeyPatch,
    *,
    bounds: Bounds,
    shortest: int,
    ended: Ended,
) -> None:
    """However short they are, the same is found, as far back as it says that it looked, and it says what ended it."""
    usual: Any = told(archive, answered).transactions
    monkeypatch.setattr("consumer.replaying.log.SHORTEST", shortest)
    monkeypatch.setattr("consumer.replaying.log.LONGEST", 50)
    found = told(archive, answered, bounds)
    assert found.ended is ended
    assert 0 < len(found.transactions) < len(usual)
    assert [each.fields for each in found.transactions] == [
        each.fields for each in usual if each.fields["offset"] >= found.back_to
    ]
