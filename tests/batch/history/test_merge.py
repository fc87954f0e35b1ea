"""Partitions as one sequence: the order does not depend on how they were read."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.history.merge import in_order


def lots(stamps: list[int], partition: int, size: int) -> Iterator[pa.RecordBatch]:
    for first in range(0, len(stamps), size):
        some = stamps[first : first + size]
        yield pa.RecordBatch.from_pydict(
            {"timestamp": some, "partition": [partition] * len(some), "offset": list(range(first, first + len(some)))}
        )


def merged(stamps: list[list[int]], sizes: list[int]) -> list[tuple[int, int]]:
    logs = {number: lots(each, number, sizes[number]) for number, each in enumerate(stamps)}
    return [(row["partition"], row["offset"]) for lot in in_order(logs) for row in lot.to_pylist()]


def plainly(stamps: list[list[int]]) -> list[tuple[int, int]]:
    """By arrival, which never goes back within a partition; then by partition and offset."""
    rows = [
        (max(each[: offset + 1]), partition, offset)
        for partition, each in enumerate(stamps)
        for offset in range(len(each))
    ]
    return [(partition, offset) for _, partition, offset in sorted(rows)]


@given(
    st.lists(st.lists(st.integers(0, 12), max_size=30), min_size=1, max_size=4),
    st.lists(st.integers(1, 7), min_size=4, max_size=4),
)
def test_the_order_is_that_of_arrival(stamps: list[list[int]], sizes: list[int]) -> None:
    """However the chunks are cut, ties and times that go back included."""
    assert merged(stamps, sizes) == plainly(stamps)


def test_no_partitions() -> None:
    """Nothing comes of nothing."""
    assert list(in_order({})) == []


@pytest.mark.parametrize("partitions", [2, 6])
def test_memory_is_a_chunk_of_each(partitions: int) -> None:
    """Even partitions are read at the same pace, not one to its end."""
    read = np.zeros(partitions, np.int64)

    def watched(number: int) -> Iterator[pa.RecordBatch]:
        for lot in lots(list(range(10_000)), number, 100):
            read[number] += lot.num_rows
            yield lot

    handed_out = 0
    for lot in in_order({number: watched(number) for number in range(partitions)}):
        handed_out += lot.num_rows
        assert read.sum() - handed_out <= 2 * 100 * partitions
    assert handed_out == 10_000 * partitions
