"""Who is on which list: by value and event time alone, as a plain search would say."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policies import lists as module
from models.policies.kinds import BIT, BY_NAME, SNOOZE
from models.policies.list_file import Entries, ListFile
from models.policies.lists import Lists
from models.policies.wording import Shelved
from models.rule_examples import lot_of

Make = Callable[..., Entries]
Row = Mapping[str, Any]

NAMES = sorted(set(BY_NAME) - {SNOOZE.name})
IDS = ["a", "b", "ab", "a" * 9, "é", "DE", "FR"]
TIMES = st.integers(0, 12)

groups = st.lists(
    st.builds(
        lambda name, values, start, length: Entries(
            name=name,
            values=tuple(sorted(values)),
            from_ms=start,
            until_ms=start + length,
            who="ada",
            why="because",
        ),
        st.sampled_from(NAMES),
        st.sets(st.sampled_from(IDS), min_size=1),
        TIMES,
        st.integers(1, 6),
    ),
    max_size=12,
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "card_id": st.sampled_from(IDS),
            "customer_id": st.sampled_from(IDS),
            "terminal_id": st.sampled_from(IDS),
            "device_id": st.sampled_from([*IDS, None]),
            "country": st.sampled_from(["DE", "FR", None]),
            "event_time": TIMES,
        }
    ),
    min_size=1,
    max_size=30,
)


def plain(entries: Sequence[Entries], row: Row) -> int:
    """One row, by looking at everything."""
    found = 0
    for each in entries:
        if row[BY_NAME[each.name].column] in each.values and each.from_ms <= row["event_time"] < each.until_ms:
            found |= BIT[each.name]
    return found


def listed(lists: Lists, lot: pa.RecordBatch) -> list[int]:
    return lists.listed(lot, lot["event_time"].cast(pa.int64()).to_numpy()).tolist()


@given(groups, rows)
def test_it_is_what_a_plain_search_says(entries: list[Entries], rows: list[Row]) -> None:
    """Values of any length, periods that touch, overlap and repeat, fields that are not there."""
    lists = Lists.of(ListFile(entries=tuple(entries)), 1, "")
    assert listed(lists, lot_of(*rows)) == [plain(entries, row) for row in rows]


@given(groups, rows, st.integers(1, 7))
def test_neighbours_make_no_difference(entries: list[Entries], rows: list[Row], size: int) -> None:
    """Lots of any size, and slices of larger ones."""
    lists, lot = Lists.of(ListFile(entries=tuple(entries)), 1, ""), lot_of(*rows)
    parts = [lot.slice(start, size) for start in range(0, len(rows), size)]
    assert [each for part in parts for each in listed(lists, part)] == listed(lists, lot)


@given(groups, rows, st.integers(0, 20))
def test_only_event_time_ends_an_entry(entries: list[Entries], rows: list[Row], shift: int) -> None:
    """Entries and events that are moved together by any time give the same answers."""
    moved = [
        each.model_copy(update={"from_ms": each.from_ms + shift, "until_ms": each.until_ms + shift})
        for each in entries
    ]  # fmt: skip
    later = [{**row, "event_time": row["event_time"] + shift} for row in rows]
    before, after = (Lists.of(ListFile(entries=tuple(each)), 1, "") for each in (entries, moved))
    assert listed(before, lot_of(*rows)) == listed(after, lot_of(*later))


def test_the_first_moment_counts_and_the_last_does_not(entries: Make) -> None:
    """From 10 until 20 is 10 to 19."""
    lists = Lists.of(ListFile(entries=(entries("card_block", "a", start=10, end=20),)), 1, "")
    lot = lot_of(*({"card_id": "a", "event_time": at} for at in (9, 10, 19, 20)))
    assert listed(lists, lot) == [0, BIT["card_block"], BIT["card_block"], 0]


def test_ids_with_the_same_number_are_told_apart(entries: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers only say where to look: a card whose id hashes like a blocked one is not blocked."""
    monkeypatch.setattr(module, "hash_strings", lambda column: np.full(len(column), 7, np.uint64))
    given = (entries("card_block", "a", "b"), entries("card_allow", "b", "c"), entries("terminal_block", "x"))
    lot = lot_of(*({"card_id": card, "event_time": 5} for card in "abcd"))
    block, allow = BIT["card_block"], BIT["card_allow"]
    assert listed(Lists.of(ListFile(entries=given), 1, ""), lot) == [block, block | allow, allow, 0]


def test_many_entries_are_found_each(entries: Make) -> None:
    """None of ten thousand is lost, none of ten thousand others is found."""
    lists = Lists.of(ListFile(entries=(entries("card_block", *(f"card-{n}" for n in range(10_000))),)), 1, "")
    lot = lot_of(*({"card_id": f"card-{n}", "event_time": 5} for n in range(0, 20_000, 7)))
    assert np.count_nonzero(listed(lists, lot)) == len(range(0, 10_000, 7))


def test_snoozes_are_joined(entries: Make) -> None:
    """Overlapping ones are one, others stay apart."""
    given = [("night_online", 0, 10), ("night_online", 5, 20), ("night_online", 30, 40), ("amount_high", 1, 2)]
    file = ListFile(entries=tuple(entries("rule_snooze", code, start=start, end=end) for code, start, end in given))
    assert Lists.of(file, 1, "").snoozes == {"night_online": [(0, 20), (30, 40)], "amount_high": [(1, 2)]}


def test_nothing_is_on_no_lists() -> None:
    """The version before the first."""
    assert listed(Lists(), lot_of({}, {})) == [0, 0]
    assert Lists().shelved == Shelved()
