"""Bytes of a snapshot: what was written is read, and nothing else is ever believed."""

import hashlib
import io
import random
import struct

import numpy as np
import pytest
from support.snapshots import NOW_MS, TERMS, book, joined, log, sealed, taken

from consumer.snapshots.file import MAGIC, START, made, read_arrays, read_header
from consumer.snapshots.framing import HEAD
from consumer.snapshots.header import Header, covers
from consumer.snapshots.reasons import Ignored, Reason
from models.artefact.canonical import canonical
from models.cards.extract import Arrays
from models.cards.sound import WIDTHS


def read(content: bytes, size: int | None = None) -> tuple[Header, Arrays]:
    source = io.BytesIO(content)
    header = read_header(source, len(content) if size is None else size)
    return header, read_arrays(source, header, TERMS)


def refused(content: bytes, size: int | None = None) -> str:
    with pytest.raises(Ignored) as caught:
        read(content, size)
    assert caught.value.reason is Reason.DAMAGED
    return caught.value.detail


@pytest.fixture(scope="module")
def content(arrays: Arrays) -> bytes:
    return joined(made(taken(), arrays, NOW_MS)[1])


def parts(content: bytes) -> tuple[Header, bytearray]:
    source = io.BytesIO(content)
    header = read_header(source, len(content))
    return header, bytearray(source.read())


def test_what_was_written_is_read(arrays: Arrays) -> None:
    """Header and arrays alike; the arrays lie as the compiled loops want them."""
    told = taken(leader_epoch=7, label_offsets={0: 5, 11: 9}, cold_since_ms=3)
    header, pieces = made(told, arrays, NOW_MS)
    found, back = read(joined(pieces))
    assert found == header
    assert dict(told) == {name: getattr(found, name) for name in dict(told)}
    assert (found.cards, found.entries, found.made_at_ms) == (len(arrays["keys"]), len(arrays["entries"]), NOW_MS)
    assert all(np.array_equal(back[name], arrays[name]) for name in arrays)
    assert all(array.flags.carray and array.dtype == np.int64 for array in back.values())


def test_equal_state_makes_equal_bytes(arrays: Arrays) -> None:
    """Whoever writes it, and however the arrays lie in memory."""
    crooked = {name: np.asfortranarray(array) for name, array in arrays.items()}
    assert joined(made(taken(), crooked, NOW_MS)[1]) == joined(made(taken(), arrays, NOW_MS)[1])


def test_nothing_is_a_state_too() -> None:
    """A partition of which no card is known."""
    empty = book([]).to_arrays(2)
    header, back = read(joined(made(taken(2, 0), empty, NOW_MS)[1]))
    assert header.cards == 0
    assert all(np.array_equal(back[name], empty[name]) for name in empty)


def test_no_bit_can_change_unseen(content: bytes) -> None:
    """In the magic, the length, the digest, the header, heads of arrays, raw and packed numbers."""
    first = START.size + struct.unpack_from("<I", content, 8)[0] + 4 * HEAD.size
    places = [*range(first), *range(first, len(content), 37), len(content) - 1]
    chance = random.Random(1)
    for place in places:
        spoilt = bytearray(content)
        spoilt[place] ^= 1 << chance.randrange(8)
        assert refused(bytes(spoilt)), place


def test_no_end_can_be_missing_unseen(content: bytes) -> None:
    """Wherever it was cut, whether its size is known or it ends while it is read; nor is more of it believed."""
    for size in [*range(600), *range(600, len(content), 307), len(content) - 1]:
        assert refused(content[:size])
        assert refused(content[:size], len(content))
    assert "bytes, not" in refused(content + b"\0")


def heads(payload: bytearray) -> dict[str, tuple[int, list[int]]]:
    """Where each array's head is, and what it says."""
    found, at = {}, 0
    for name in WIDTHS:
        _, form, columns, rows, stored = HEAD.unpack_from(payload, at)
        found[name] = (at, [form, columns, rows, stored])
        at += HEAD.size + stored
    return found


HUGE = 2**62
LIES = [
    *((name, 2, value) for name in WIDTHS for value in (-1, -(2**63), HUGE, 2**63 - 1, 2**31, 0)),
    *((name, 3, value) for name in WIDTHS for value in (-1, -(2**63), HUGE, 2**63 - 1, 3)),
    *((name, 1, value) for name in WIDTHS for value in (3, 1, 65_535)),
    *((name, 0, value) for name in WIDTHS for value in (2, 65_535)),
]


@pytest.mark.parametrize(("name", "field", "value"), LIES)
def test_heads_that_lie_are_not_believed(content: bytes, name: str, field: int, value: int) -> None:
    """No memory is asked for that the file could not fill; every digest fits."""
    header, payload = parts(content)
    at, said = heads(payload)[name]
    if said[field] == value:
        value += 1
    said[field] = value
    HEAD.pack_into(payload, at, name.encode(), *said)
    assert refused(sealed(header, bytes(payload)))


def test_what_cannot_be_unpacked_is_refused(content: bytes) -> None:
    """Noise where packed numbers should be, under a digest that fits."""
    header, payload = parts(content)
    at, said = heads(payload)["sides"]
    payload[at + HEAD.size : at + HEAD.size + said[3]] = random.Random(1).randbytes(said[3])
    assert "sides cannot be unpacked" in refused(sealed(header, bytes(payload)))


def test_arrays_of_another_length_than_the_header_says(content: bytes) -> None:
    """They are of another snapshot."""
    header, payload = parts(content)
    assert "not as many" in refused(sealed(header.model_copy(update={"cards": 1}), bytes(payload)))


@pytest.mark.parametrize(
    "change",
    [
        {"offset": -1},
        {"offset": "5"},
        {"offset": True},
        {"format": 2},
        {"sha256": "x"},
        {"length": 10**30},
        {"more": 1},
    ],
)
def test_headers_are_exact(content: bytes, change: dict[str, object]) -> None:
    """A number that is a text, a field nobody knows, another form: nothing is guessed."""
    header, payload = parts(content)
    text = canonical(header.model_dump(mode="json") | change)
    start = START.pack(MAGIC, len(text), hashlib.sha256(text).digest())
    assert "says what no header" in refused(start + text + bytes(payload))


def test_what_is_remembered_covers_a_window_or_not() -> None:
    """A state that begins at a time is warm for the windows that begin no earlier."""
    assert covers(None, 1_000, 900)
    assert covers(100, 1_000, 900)
    assert not covers(101, 1_000, 900)


def test_places_and_devices_are_in_the_log() -> None:
    """The state that is tried here has something in every array."""
    found = book(log()).to_arrays(1)
    assert all(np.count_nonzero(found[name]) for name in WIDTHS)
