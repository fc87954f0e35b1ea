import hashlib
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.churn.packed import UNKNOWN, Packed, SameNumber, digest, packed, unpacked
from models.hashing import hash_strings

IDS = [f"{number:04d}-ABC" for number in range(1_000)]
NUMBERS = hash_strings(pa.array(IDS))
SCORES = np.arange(1_000, dtype=np.uint32) * 1_000


def test_everybody_is_found_and_nobody_else() -> None:
    """Customers have the score they were packed with; others have none."""
    whole = packed(NUMBERS, SCORES)
    assert whole.look_up(NUMBERS).tolist() == SCORES.tolist()
    assert set(whole.look_up(hash_strings(pa.array(["0000-abc", "", None]))).tolist()) == {UNKNOWN}
    assert len(packed(NUMBERS[:0], SCORES[:0]).look_up(NUMBERS)) == len(IDS)


def test_a_chunk_is_read_back_as_it_was() -> None:
    """Twelve bytes a customer, in a layout that can be read by hand."""
    whole = packed(NUMBERS, SCORES)
    chunk = whole.chunk()
    assert len(chunk) == 12 * len(IDS)
    again = unpacked(memoryview(chunk))
    assert (again.numbers == whole.numbers).all()
    assert (again.scores == whole.scores).all()
    by_hand = {
        int.from_bytes(chunk[8 * row : 8 * row + 8], "little"): int.from_bytes(
            chunk[8_000 + 4 * row : 8_004 + 4 * row], "little"
        )
        for row in range(1_000)
    }
    assert by_hand == dict(zip(NUMBERS.tolist(), SCORES.tolist(), strict=True))


@pytest.mark.parametrize("cuts", [[], [0], [1], [500, 501], list(range(1, 1_000))])
def test_a_digest_says_the_same_for_any_cut(cuts: list[int]) -> None:
    """However a generation was written, it is the same generation."""
    whole = packed(NUMBERS, SCORES)
    bounds = [0, *cuts, len(whole)]
    parts = [Packed(whole.numbers[a:b], whole.scores[a:b]) for a, b in pairwise(bounds)]
    entries = b"".join(
        int(number).to_bytes(8, "little") + int(score).to_bytes(4, "little")
        for number, score in sorted(zip(NUMBERS.tolist(), SCORES.tolist(), strict=True))
    )
    assert digest(parts) == hashlib.sha256(entries).hexdigest()


def test_a_digest_sees_one_score() -> None:
    """One millionth of one customer."""
    other = SCORES.copy()
    other[17] += 1
    assert digest([packed(NUMBERS, SCORES)]) != digest([packed(NUMBERS, other)])


def test_two_customers_of_one_number_are_refused() -> None:
    """The second one is named, by its place in what was handed in."""
    numbers = np.array([7, 3, 9, 3], np.uint64)
    with pytest.raises(SameNumber) as refused:
        packed(numbers, np.zeros(4, np.uint32))
    assert refused.value.row == 3


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (lambda chunk: chunk[:-1], "12 for each"),
        (lambda chunk: chunk[8:16] + chunk[:8] + chunk[16:], "ascend"),
        (lambda chunk: chunk[:8] + chunk[:8] + chunk[16:], "ascend"),
        (lambda chunk: chunk[:-4] + b"\xff\xff\xff\xff", "millionths"),
    ],
)
def test_damage_is_noticed(damaged: Callable[[bytes], bytes], said: str) -> None:
    """What no generation holds is refused, not looked up in."""
    chunk = packed(NUMBERS[:10], SCORES[:10]).chunk()
    with pytest.raises(ValueError, match=said):
        unpacked(damaged(chunk))


@given(
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40) | st.integers(2**64 - 40, 2**64 - 1), max_size=600),
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), max_size=30),
)
def test_wherever_numbers_lie_the_same_are_found(known: list[int], others: list[int]) -> None:
    """Evenly spread or in heaps, at both ends: what a table in memory says."""
    numbers = np.array(sorted(set(known)), np.uint64)
    told = {int(number): place for place, number in enumerate(numbers.tolist())}
    asked = [*told, *others, *(min(each + 1, 2**64 - 1) for each in known[:50])]
    found = Packed(numbers, np.arange(len(numbers), dtype=np.uint32)).look_up(np.array(asked, np.uint64))
    assert found.tolist() == [told.get(each, UNKNOWN) for each in asked]


def test_many_hashes_are_found_each_in_its_place() -> None:
    """As evenly spread as real ones: the first guess is near, and never taken for right."""
    numbers = np.sort(np.random.default_rng(4).integers(0, 2**64, 200_000, np.uint64))
    scores = np.arange(len(numbers), dtype=np.uint32)
    assert (Packed(numbers, scores).look_up(numbers) == scores.astype(np.int32)).all()
    between = numbers[:-1] + np.uint64(1)
    absent = ~np.isin(between, numbers)
    assert (Packed(numbers, scores).look_up(between[absent]) == UNKNOWN).all()
