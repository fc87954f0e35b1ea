"""Ids as numbers: known values, a second implementation on Python integers, and no neighbours."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from models.hashing import hash_strings

KNOWN = {
    "": 0,
    "1": 0x25BE21DD15BB546D,
    "card-1": 0x3C5E6C215B09A8A4,
    "12345678": 0xB547CE25A00ED6F2,
    "card-00000017": 0xEBD81842862E236D,
    "käse-€": 0x98E24CC955F36677,
    "x" * 64: 0xD7AF704C45C19257,
}
ALL = 2**64 - 1


def by_hand(text: str) -> int:
    data = text.encode()
    if not data:
        return 0
    number = 0x9E3779B97F4A7C15 ^ (len(data) * 0xD6E8FEB86659FD93 & ALL)
    for at in range(0, len(data), 8):
        word = int.from_bytes(data[at : at + 8], "little") * 0xA0761D6478BD642F & ALL
        number ^= word ^ (word >> 32)
        number = ((number << 29) | (number >> 35)) & ALL
        number = number * 0xE7037ED1A0B428DB & ALL
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & ALL
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & ALL
    return number ^ (number >> 31)


def test_numbers_are_pinned() -> None:
    """What stands in snapshots and labels stays valid: these texts have these numbers for ever."""
    assert dict(zip(KNOWN, hash_strings(pa.array(KNOWN)).tolist(), strict=True)) == KNOWN


@given(st.lists(st.none() | st.text(max_size=40)))
def test_a_column_is_its_texts_one_by_one(column: list[str | None]) -> None:
    """Each row is reckoned from its own bytes alone, also in a slice and in the wide layout; no text is 0."""
    expected = [by_hand(text or "") for text in column]
    sliced = pa.array(["before", *column, "after"], pa.string())[1:-1]
    assert hash_strings(sliced).tolist() == expected
    assert hash_strings(pa.array(column, pa.large_string())).tolist() == expected


def test_ids_that_count_up_do_not_meet() -> None:
    """Ids as banks number them have as many numbers, in the low bits and the high ones as well."""
    ids = pa.array(
        [f"{kind}{number:0{width}}" for kind in ("", "card-") for width in (1, 9) for number in range(50_000)]
    )
    different = len(set(ids.to_pylist()))
    found = hash_strings(ids)
    assert len(set(found.tolist())) == different
    for shift in (0, 32):
        half = len(set(((found >> shift) & 0xFFFF_FFFF).tolist()))
        assert different - half < 20


def test_what_lies_below_a_null_is_not_read() -> None:
    """Arrow does not say that it is nothing: two arrays that are equal have the same numbers."""
    full = pa.array(["device-1", "device-2"])
    hidden = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x01"), *full.buffers()[1:]])
    assert hidden.to_pylist() == ["device-1", None]
    assert hash_strings(hidden).tolist() == [hash_strings(full)[0], 0]
    assert hash_strings(hidden.slice(1)).tolist() == [0]
