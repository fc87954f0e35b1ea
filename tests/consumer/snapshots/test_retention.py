"""Which snapshots stay: the newest, one of each day, and always one that is whole."""

import random
from pathlib import Path

import pytest
from support.snapshots import NOW_MS, put, taken

from consumer.snapshots.names import DAY_MS, Name
from consumer.snapshots.retention import Keep, plans, prune
from consumer.snapshots.store import Store
from models.cards.extract import Arrays

HOUR_MS = DAY_MS // 24
DAY = NOW_MS // DAY_MS * DAY_MS


def name(offset: int, log_ms: int, mark: str = "0" * 8) -> Name:
    return Name(1, offset, log_ms, mark)


def kept(names: list[Name], keep: Keep) -> list[int]:
    doomed = {each for plan in plans(names, keep) for each in plan.doomed}
    return sorted(each.offset for each in names if each not in doomed)


def test_the_newest_and_one_of_each_day() -> None:
    """Of a day its last; today and the six days before it, then no more."""
    names = [name(day * 100 + hour, DAY + day * DAY_MS + hour * HOUR_MS) for day in range(20) for hour in range(24)]
    random.Random(1).shuffle(names)
    assert kept(names, Keep(3, 7)) == [1323, 1423, 1523, 1623, 1723, 1823, 1921, 1922, 1923]
    assert kept(names, Keep(1, 0)) == [1923]
    assert kept(names, Keep(1_000, 0)) == sorted(each.offset for each in names)


def test_few_are_all_kept() -> None:
    """However old they are."""
    names = [name(offset, DAY - offset * 100 * DAY_MS) for offset in range(3)]
    assert kept(names, Keep(3, 1)) == [0, 1, 2]
    assert list(plans([], Keep())) == []


def test_offsets_decide_what_is_newest() -> None:
    """A log whose timestamps go back is still a log."""
    assert kept([name(1, DAY + 9), name(2, DAY + 5), name(3, DAY + 7)], Keep(1, 1)) == [3]


def test_other_origins_stay_while_they_are_young() -> None:
    """A topic made again begins at lower offsets: those of the one before neither push it out nor stay for ever."""
    old = [name(1_000 + hour, DAY + hour * HOUR_MS, "a" * 8) for hour in range(6)]
    new = [name(hour, DAY + DAY_MS + hour * HOUR_MS, "b" * 8) for hour in range(6)]
    assert kept(old + new, Keep(2, 2)) == [4, 5, 1004, 1005]
    later = [name(100, DAY + 2 * DAY_MS, "b" * 8)]
    assert kept(old + new + later, Keep(2, 2)) == [5, 100]


def test_what_need_not_be_kept_is_removed(any_store: Store, arrays: Arrays) -> None:
    """Of that partition; what would be can be told without doing it."""
    names = [put(any_store, taken(1, offset, log_ms=DAY + offset), arrays) for offset in range(6)]
    put(any_store, taken(2, 0, log_ms=DAY), arrays)
    assert prune(any_store, 1, Keep(2, 1), dry=True) == names[3::-1]
    assert len(any_store.snapshots()) == 7
    assert prune(any_store, 1, Keep(2, 1)) == names[3::-1]
    assert [each.name.offset for each in any_store.snapshots()] == [5, 4, 0]
    assert prune(any_store, 1, Keep(2, 1)) == []


@pytest.mark.parametrize("damaged", [{5}, {4}, {4, 5}])
def test_the_only_whole_one_is_never_removed(damaged: set[int], store: Store, arrays: Arrays) -> None:
    """Where all that would be kept is damaged, everything stays."""
    for offset in range(6):
        put(store, taken(1, offset, log_ms=DAY + offset), arrays)
    for path in Path(store.url).rglob("*.snapshot"):
        if int(path.name[:20]) in damaged:
            path.write_bytes(path.read_bytes()[:-1] + b"\1")
    gone = prune(store, 1, Keep(2, 1))
    assert [each.offset for each in gone] == ([] if damaged == {4, 5} else [3, 2, 1, 0])


def test_what_was_just_written_is_not_read_again(store: Store, arrays: Arrays) -> None:
    """Whoever wrote it vouches for it."""
    names = [put(store, taken(1, offset, log_ms=DAY + offset), arrays) for offset in range(3)]
    store.open = None  # type: ignore[assignment, method-assign]
    assert prune(store, 1, Keep(1, 1), sure=names[2]) == names[1::-1]


def test_two_that_prune_at_once(store: Store, arrays: Arrays) -> None:
    """What the other has removed already is no error, and not counted twice."""
    names = [put(store, taken(1, offset, log_ms=DAY + offset), arrays) for offset in range(3)]
    listed = store.snapshots(1)
    store.remove(names[0])
    store.snapshots = lambda _=None: listed  # type: ignore[method-assign]
    assert prune(store, 1, Keep(1, 1)) == [names[1]]
