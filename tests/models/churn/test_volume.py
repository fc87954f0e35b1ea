import json
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from models.churn.packed import digest, packed
from models.churn.volume import Damaged, head, opened, parts, size, volume
from models.hashing import hash_strings
from schemas.churn import BucketRule, Meta

PACKED = packed(hash_strings(pa.array([str(number) for number in range(1_000)])), np.arange(1_000, dtype=np.uint32))
META = Meta(
    generation="20260301-1",
    as_of=datetime(2026, 3, 1, tzinfo=UTC),
    published_at=datetime(2026, 3, 1, 2, tzinfo=UTC),
    rows=1_000,
    mean=500,
    rule=BucketRule(16),
    chunks=1,
    digest=digest([PACKED]),
    quantiles=tuple(range(100, 1_000, 100)),
    deciles=(100,) * 10,
    model="churn/1",
    model_digest="ab" * 32,
)
WHOLE = volume(META, PACKED)


def test_a_generation_is_read_back_as_it_was() -> None:
    """From a buffer, without a copy."""
    found = opened(memoryview(WHOLE))
    assert found.meta == META
    assert (found.packed.numbers == PACKED.numbers).all()
    assert (found.packed.scores == PACKED.scores).all()
    assert not found.packed.numbers.flags.owndata
    assert size(META) == len(WHOLE)


def test_the_layout_can_be_read_by_hand() -> None:
    """Magic, length, JSON up to a multiple of 64, numbers, scores."""
    magic, length = struct.unpack_from("<8sI", WHOLE)
    assert magic == b"FSCHURN1"
    assert (12 + length) % 64 == 0
    facts = json.loads(WHOLE[12 : 12 + length])
    assert facts == META.fields() | {"generation": "20260301-1"}
    begin = 12 + length
    assert np.frombuffer(WHOLE, "<u8", 1_000, begin).tolist() == PACKED.numbers.tolist()
    assert np.frombuffer(WHOLE, "<u4", 1_000, begin + 8_000).tolist() == PACKED.scores.tolist()


def test_no_customers_are_a_volume_too() -> None:
    """Sizes hold at nothing."""
    none = packed(PACKED.numbers[:0], PACKED.scores[:0])
    empty = replace(META, rows=0, digest=digest([]))
    assert len(opened(volume(empty, none)).packed) == 0


def test_parts_are_consecutive_and_all() -> None:
    """The digest of the parts is the digest of the whole."""
    some = parts(PACKED, 300)
    assert [len(each) for each in some] == [300, 300, 300, 100]
    assert digest(some) == META.digest


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda whole: whole[:5], "too short"),
        (lambda whole: b"FSCHURN2" + whole[8:], "begin with FSCHURN1"),
        (lambda whole: whole[:100], "cut short"),
        (lambda whole: whole[:8] + b"\xff\xff\xff\xff" + whole[12:], "cut short"),
        (lambda whole: whole[:12] + b"!" + whole[13:], "cannot be read"),
        (lambda whole: whole.replace(b'"rows":"1000"', b'"rows":"10x0"'), "cannot be read"),
        (lambda whole: whole.replace(b'"digest"', b'"dogest"'), "digest is missing"),
        (lambda whole: whole[:-12], "bytes of customers"),
        (lambda whole: whole[:-4] + b"\xff\xff\xff\xff", "millionths"),
        (lambda whole: whole[:-4] + b"\x01\x00\x00\x00", "not those of the digest"),
        (lambda whole: whole[: len(head(META))] + b"\xff" * 8 + whole[len(head(META)) + 8 :], "ascend"),
    ],
)
def test_damage_is_noticed(damage: Callable[[bytes], bytes], said: str) -> None:
    """Nothing is looked up in what is not a whole generation."""
    with pytest.raises(Damaged, match=said):
        opened(damage(WHOLE))


def test_one_that_was_checked_before_is_opened_at_once() -> None:
    """The digest is of no interest then, everything else is."""
    changed = WHOLE[:-4] + b"\x01\x00\x00\x00"
    assert opened(changed, whole=False).meta == META
    with pytest.raises(Damaged):
        opened(changed[:-1], whole=False)


@pytest.mark.parametrize(("score", "decile"), [(0, 1), (99, 1), (100, 2), (899, 9), (900, 10), (10**6, 10)])
def test_a_decile_is_one_more_than_the_bounds_reached(score: int, decile: int) -> None:
    """1 to 10."""
    assert META.decile(score) == decile
