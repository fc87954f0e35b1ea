import itertools

import pytest

from schemas.errors import DeadLetter
from schemas.framing import split
from schemas.lot.frames import frames

TAILS = [
    b"",
    b"\x00",
    b"\x01",
    b"\x01" + bytes(7),
    b"\x01" + bytes(8),
    b"\x01abcdefghi",
    b"abc",
    b"abcd",
    b"abcdefghij",
]


def test_agrees_with_split_on_every_first_byte() -> None:
    """For every start and many lengths: the same framing, the same schema key, the same payload."""
    values = [b"", *(bytes([first]) + tail for first, tail in itertools.product(range(256), TAILS))]
    seen = 0
    framed = frames(values)
    for group in framed.groups:
        for row, start, end in zip(group.rows, group.starts, group.ends, strict=True):
            seen += 1
            if group.framing is None:
                with pytest.raises(DeadLetter):
                    split(values[row])
                continue
            framing, key, at = split(values[row])
            assert (group.framing, group.key) == (framing, key)
            assert framed.data[start:end].tobytes() == values[row][at:]
    assert seen == len(values)


def test_rows_of_one_schema_are_one_group_in_order() -> None:
    """However mixed the lot, a group's rows ascend and no row is in two."""
    values = [bytes([0, 0, 0, 0, place % 3]) + b"x" for place in range(100)]
    groups = frames(values).groups
    assert [group.key[-1] for group in groups] == [0, 1, 2]
    assert [list(group.rows) for group in groups] == [list(range(start, 100, 3)) for start in range(3)]


def test_ids_and_fingerprints_do_not_mix() -> None:
    """An id and a fingerprint that are the same number are two keys."""
    values = [b"\x00\x07\x00\x00\x00", b"\xc3\x01\x07" + bytes(7)]
    assert sorted(group.key for group in frames(values).groups) == [b"\x07\x00\x00\x00", b"\x07" + bytes(7)]


def test_nothing_and_null() -> None:
    """No values are no groups; a null value is of no framing."""
    assert frames([]).groups == ()
    (group,) = frames([None, b""]).groups
    assert (group.framing, list(group.rows)) == (None, [0, 1])
