"""What a partition goes on from: the newest snapshot that is its own, and never another."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs
from support.card_oracle import Row, answers, lots
from support.snapshots import NOW_MS, TERMS, book, expected, joined, log, put, taken

from consumer.metrics import SNAPSHOTS_IGNORED
from consumer.snapshots.file import made
from consumer.snapshots.names import Name
from consumer.snapshots.reasons import Reason
from consumer.snapshots.restore import mismatch, newest
from consumer.snapshots.store import Store
from models.cards import CardBook
from models.cards.extract import Arrays


def ignored(reason: Reason) -> float:
    return float(SNAPSHOTS_IGNORED.labels(reason.value)._value.get())


def restored(store: Store, committed: int = 1_000, **changes: Any) -> tuple[int | None, list[tuple[str, str]]]:
    """The offset it goes on from, and what was passed over on the way there."""
    with capture_logs() as said:
        found = newest(store, expected(committed=committed, **changes), TERMS, lambda _: None)
    told = [(each["snapshot"].split("/")[1][:20].lstrip("0"), each["reason"]) for each in said]
    return (found.header.offset if found else None), told


def path_of(store: Store, name: Name) -> Path:
    return Path(store.url) / "group=fraudstream" / "topic=transactions" / str(name)


def run(made_of: CardBook, rows: list[Row]) -> list[Any]:
    facts = [made_of.fold(piece) for piece in lots(rows, 500)]
    return [(answers(each), each.new_device.tolist(), each.kilometres.tobytes()) for each in facts]


@pytest.mark.parametrize("seed", range(6))
def test_a_restored_partition_goes_on_as_if_it_had_never_stopped(seed: int, any_store: Store) -> None:
    """Cut anywhere in a log in which everything happens: the same answers, then the same state, to the last bit."""
    rows, chance = log(3_000, seed), random.Random(seed)
    cut = chance.randrange(len(rows))
    before = book(rows[:cut])
    for partition in range(3):
        put(any_store, taken(partition, cut), before.to_arrays(partition))
    after = CardBook(TERMS)
    for partition in range(3):
        found = newest(any_store, expected(partition, cut), TERMS)
        assert found is not None
        after.from_arrays(partition, found.arrays)
    assert run(after, rows[cut:]) == run(before, rows[cut:])
    for partition in range(3):
        one, other = before.to_arrays(partition), after.to_arrays(partition)
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_the_newest_that_is_not_ahead(store: Store, arrays: Arrays) -> None:
    """An offset that is committed is folded already: at it is good, beyond it is not."""
    for offset in (100, 200, 300):
        put(store, taken(offset=offset), arrays)
    assert restored(store, 300) == (300, [])
    assert restored(store, 299) == (200, [("300", "ahead")])
    assert restored(store, 99) == (None, [("300", "ahead"), ("200", "ahead"), ("100", "ahead")])


def test_a_header_is_not_believed_to_be_what_its_name_says(arrays: Arrays) -> None:
    """Whoever has a header alone learns the same from it."""
    header = made(taken(offset=300), arrays, NOW_MS)[0]
    assert mismatch(header, expected(committed=300)) is None
    told = mismatch(header, expected(committed=299)), mismatch(header, expected(2, 300))
    assert [each.reason for each in told if each] == [Reason.AHEAD, Reason.OTHER_PARTITION]


def test_what_is_ahead_is_not_even_opened(store: Store, arrays: Arrays) -> None:
    """There may be many, and they may be far away."""
    put(store, taken(offset=300), arrays)
    store.open = None  # type: ignore[assignment, method-assign]
    assert restored(store, 299) == (None, [("300", "ahead")])


FOREIGN = {
    Reason.OTHER_CLUSTER: {"cluster_id": "cluster-b"},
    Reason.OTHER_TOPIC: {"topic_id": "topic-2"},
    Reason.OTHER_PARTITION_COUNT: {"partitions": 6},
    Reason.OTHER_GROUP: {"group": "other"},
    Reason.OTHER_FOLD: {"fold_digest": "cd" * 32},
    Reason.OTHER_LOG: {"leader_epoch": 8},
}


@pytest.mark.parametrize("reason", FOREIGN)
def test_a_foreign_snapshot_is_passed_over_by_name(reason: Reason, any_store: Store, arrays: Arrays) -> None:
    """However new it is; the log line and the metric say why, and the one before it is taken."""
    put(any_store, taken(offset=100), arrays)
    put(any_store, taken(offset=200, **FOREIGN[reason]), arrays)
    before = ignored(reason)
    assert restored(any_store, leader_epoch=7) == (100, [("200", reason.value)])
    assert ignored(reason) == before + 1


def test_a_topic_made_again_is_told_from_the_one_before(store: Store, arrays: Arrays) -> None:
    """Also where only its name is another."""
    put(store, taken(topic="payments"), arrays)
    assert restored(store) == (None, [("100", "other_topic")])


def test_a_leader_epoch_counts_where_both_are_known(store: Store, arrays: Arrays) -> None:
    """Epochs only grow: one of the past is of this log."""
    put(store, taken(leader_epoch=8), arrays)
    assert restored(store, leader_epoch=7) == (None, [("100", "other_log")])
    assert restored(store, leader_epoch=8) == restored(store, leader_epoch=None) == (100, [])
    assert restored(store, leader_epoch=9) == (100, [])
    assert restored(store, committed=100, leader_epoch=9) == (None, [("100", "other_log")])


def test_a_log_that_does_not_reach_back(store: Store, arrays: Arrays) -> None:
    """What lies between would be missing, and nobody could say so."""
    put(store, taken(), arrays)
    assert restored(store, log_start=100) == (100, [])
    assert restored(store, log_start=101) == (None, [("100", "behind_the_log")])


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "other name", "longer"])
def test_a_damaged_snapshot_is_passed_over(damage: str, store: Store, arrays: Arrays) -> None:
    """And said to be damaged, once for each time it was tried."""
    put(store, taken(offset=100), arrays)
    name = put(store, taken(offset=200), arrays)
    path = path_of(store, name)
    content = path.read_bytes()
    spoilt = {
        "empty": b"",
        "cut": content[:-1],
        "flipped": content[:-9] + bytes([content[-9] ^ 4]) + content[-8:],
        "other name": joined(made(taken(offset=150), arrays, NOW_MS)[1]),
        "longer": content + b"\0",
    }
    path.write_bytes(spoilt[damage])
    before = ignored(Reason.DAMAGED)
    assert restored(store) == (100, [("200", "damaged")])
    assert ignored(Reason.DAMAGED) == before + 1


def test_arrays_that_no_book_makes_are_passed_over(store: Store, arrays: Arrays) -> None:
    """Whatever its digests say; so are rings that are larger than these settings allow."""
    put(store, taken(offset=200), {**arrays, "counts": arrays["counts"][::-1].copy()})
    put(store, taken(offset=150), {**arrays, "newest": arrays["newest"] + 1})
    put(store, taken(offset=100), arrays)
    assert restored(store) == (100, [("200", "damaged"), ("150", "damaged")])


def test_a_folder_in_place_of_a_snapshot(store: Store, arrays: Arrays) -> None:
    """It is nothing to restore from."""
    put(store, taken(offset=100), arrays)
    path_of(store, Name.of(taken(offset=200))).mkdir()
    assert restored(store) == (100, [])


class Flaky(Store):
    fails = 0

    def snapshots(self, partition: int | None = None) -> Any:
        type(self).fails -= 1
        if self.fails >= 0:
            raise OSError("no route to host")
        return super().snapshots(partition)


@pytest.mark.parametrize(("fails", "offset"), [(2, 100), (3, None)])
def test_a_store_that_is_away_is_asked_again(fails: int, offset: int | None, store: Store, arrays: Arrays) -> None:
    """A few times with a pause; then the partition begins without a snapshot."""
    put(store, taken(), arrays)
    flaky, pauses, before = Flaky(store.url, "fraudstream", "transactions"), list[float](), ignored(Reason.UNREADABLE)
    Flaky.fails = fails
    found = newest(flaky, expected(), TERMS, pauses.append)
    assert (found.header.offset if found else None) == offset
    assert pauses == [1.0, 1.0]
    assert ignored(Reason.UNREADABLE) == before + (offset is None)


def test_a_snapshot_that_is_pruned_meanwhile(store: Store, arrays: Arrays) -> None:
    """Another worker removed it after it was listed: the next one is taken."""
    put(store, taken(offset=100), arrays)
    name = put(store, taken(offset=200), arrays)
    listed = store.snapshots(1)
    store.remove(name)
    store.snapshots = lambda _=None: listed  # type: ignore[method-assign]
    assert restored(store) == (100, [("200", "unreadable")])


def test_a_group_that_was_moved_takes_its_state_along(store: Store, arrays: Arrays) -> None:
    """Back, the newest that is not beyond its new place; on, the newest there is, and the rest is folded from it."""
    for offset in (100, 200, 300):
        put(store, taken(1, offset), arrays)
    found = {to: newest(store, expected(1, to), TERMS, print) for to in (300, 299, 200, 100, 99, 5_000)}
    assert {to: each.header.offset if each else None for to, each in found.items()} == {
        300: 300,
        299: 200,
        200: 200,
        100: 100,
        99: None,
        5_000: 300,
    }
