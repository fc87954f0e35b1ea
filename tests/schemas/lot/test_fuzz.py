"""The kernel agrees with strict fastavro, in acceptance, reason and every value, on records that were tampered with.

FUZZ_RECORDS sets how many (20,000 unless told), FUZZ_SEED which; both are printed.
"""

import copy
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pytest
from fastavro import parse_schema, schemaless_reader
from numpy.typing import NDArray
from support.mutant import Endless, weakened

from schemas.contracts import LABEL, TRANSACTION, Schema
from schemas.errors import DeadLetter
from schemas.framing import confluent, single_object
from schemas.lot import Checks, Decoder, Raw, avro, filled, kernel
from schemas.lot.columns import Columns
from schemas.lot.kernel import REASONS
from schemas.lot.logical import without_plain
from schemas.lot.plan import compile_plan
from schemas.lot.reference import Reference
from schemas.verdicts import Reason

RECORDS = int(os.environ.get("FUZZ_RECORDS", "20000"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
FEW = {"type": "enum", "name": "Few", "symbols": ["A", "B"]}
WIDE: Schema = {
    "type": "record",
    "name": "Wide",
    "fields": [
        {"name": "a", "type": "int"},
        {"name": "b", "type": ["null", "boolean"]},
        {"name": "c", "type": FEW},
        {"name": "d", "type": ["double", "null"]},
        {"name": "e", "type": ["null", "string"]},
        {"name": "f", "type": "boolean"},
    ],
}
WIDE_WRITER: Schema = {
    "type": "record",
    "name": "Wide",
    "fields": [
        {"name": "c", "type": FEW | {"symbols": ["B", "C", "A"]}},
        {"name": "skipped", "type": ["bytes", "null"]},
        {"name": "f", "type": "boolean"},
        {"name": "d", "type": ["null", "float"]},
        {"name": "e", "type": ["bytes", "null"]},
        {"name": "b", "type": ["boolean", "null"]},
        {"name": "also", "type": "boolean"},
        {"name": "a", "type": "int"},
    ],
}


class Made(Protocol):
    """Tampered records, reproducibly."""

    def originals(self, writer: Schema) -> list[bytes]: ...

    def lots(self, pool: Sequence[bytes], size: int) -> Iterator[list[bytes]]: ...


MakeCorpus = Callable[[str], Made]


@dataclass(frozen=True)
class Pair:
    writer: Schema
    reader: Schema


def strictly(reference: Reference, payload: bytes) -> Mapping[str, object] | str:
    try:
        return reference.read(payload)
    except DeadLetter as letter:
        return letter.reason


def compare(pair: Pair, payloads: Sequence[bytes]) -> Counter[Reason | None]:
    """How often which verdict was given; fails where kernel and reference differ."""
    plan, reference, made = (
        compile_plan(pair.writer, pair.reader),
        Reference(pair.writer, pair.reader),
        Columns(pair.reader),
    )
    assert plan is not None
    ends = np.cumsum([len(each) for each in payloads], dtype=np.int64)
    starts = ends - np.array([len(each) for each in payloads], np.int64)
    rows, codes = made.from_payloads(plan, np.frombuffer(b"".join(payloads), np.uint8), starts, ends)
    verdicts = [REASONS[code] for code in codes]
    read = [strictly(reference, each) for each in payloads]
    for payload, verdict, each in zip(payloads, verdicts, read, strict=True):
        assert verdict == (each if isinstance(each, str) else None), payload.hex()
    rows.validate(full=True)
    assert_same(rows, made.from_records([each for each in read if not isinstance(each, str)]))
    return Counter(verdicts)


def assert_same(rows: pa.RecordBatch, expected: pa.RecordBatch) -> None:
    """Bit for bit, but that one NaN is like another."""
    assert rows.schema == expected.schema
    for name, found, wanted in zip(rows.schema.names, rows.columns, expected.columns, strict=True):
        if pa.types.is_floating(found.type):
            assert found.is_null().equals(wanted.is_null()), name
            np.testing.assert_array_equal(bits(found), bits(wanted), name)
        else:
            assert found.equals(wanted), name


def bits(column: pa.Array) -> NDArray[np.int64]:
    numbers = column.drop_null().to_numpy(zero_copy_only=False)
    found: NDArray[np.int64] = np.where(np.isnan(numbers), np.nan, numbers).view(np.int64)
    return found


@pytest.fixture
def pairs(planned: Mapping[str, Schema]) -> dict[str, Pair]:
    without_default = copy.deepcopy(TRANSACTION.schema)
    del next(each for each in without_default["fields"] if each["name"] == "channel")["type"][1]["default"]
    return {
        **{name: Pair(writer, TRANSACTION.schema) for name, writer in planned.items()},
        "no default": Pair(planned["later symbols"], without_default),
        "label": Pair(LABEL.schema, LABEL.schema),
        "wide": Pair(WIDE, WIDE),
        "wide evolved": Pair(WIDE_WRITER, WIDE),
    }


def test_kernel_and_reference_agree(pairs: dict[str, Pair], corpus: MakeCorpus) -> None:
    """On every record of every writer; and the corpus has plenty of good ones and of every reason."""
    print(f"FUZZ_RECORDS={RECORDS} FUZZ_SEED={SEED}")  # noqa: T201
    seen: Counter[Reason | None] = Counter()
    for name, pair in pairs.items():
        made = corpus(f"{SEED} {name}")
        for payloads in made.lots(made.originals(pair.writer), -(-RECORDS // len(pairs))):
            seen += compare(pair, payloads)
    print(seen)  # noqa: T201
    assert seen.total() >= RECORDS
    assert all(seen[reason] > seen.total() / 100 for reason in REASONS)


def test_the_reference_refuses_whatever_fastavro_does(pairs: dict[str, Pair], corpus: MakeCorpus) -> None:
    """Strictness only adds refusals, and what both accept has the same values."""
    for name, pair in pairs.items():
        made = corpus(f"{SEED} plain {name}")
        reference = Reference(pair.writer, pair.reader)
        writer, reader = (parse_schema(without_plain(each)) for each in (pair.writer, pair.reader))
        for payload in next(made.lots(made.originals(pair.writer), 1000)):
            stream = io.BytesIO(payload)
            try:
                whole: tuple[Any, int] = (schemaless_reader(stream, writer, reader), stream.tell())
            except Exception:  # noqa: BLE001 - whatever it is
                whole = ({}, -1)
            read = strictly(reference, payload)
            assert isinstance(read, str) or (repr(whole[0]), whole[1]) == (
                repr(read_in_order(whole[0], read)),
                len(payload),
            )


def read_in_order(like: Iterable[str], read: Mapping[str, object]) -> dict[str, object]:
    return {name: read[name] for name in like}


MUTANTS = {
    "trailing bytes pass": ("fault = TRAILING", "fault = GOOD"),
    "any UTF-8 passes": ("not is_utf8(data, at, at + bits)", "False"),
    "surrogates pass": ("top = 0x9F", "top = 0xBF"),
    "overlong text passes": ("low = 0xA0", "low = 0x80"),
    "text beyond Unicode passes": ("top = 0x8F", "top = 0xBF"),
    "65 bits pass": ("shift == LAST_SHIFT and byte > 1", "shift > LAST_SHIFT"),
    "33-bit ints pass": ("kind != LONG and (bits < INT_MIN or bits > INT_MAX)", "False"),
    "negative lengths have another reason": ("INVALID if bits < 0 else TRUNCATED", "TRUNCATED"),
    "any branch passes": ("if bits < 0 or bits > 1:", "if bits < 0:"),
    "the last symbol does not": ("bits >= ops[op, SIZE]", "bits >= ops[op, SIZE] - 1"),
    "any boolean passes": ("kind == BOOLEAN and bits > 1", "False"),
    "a double may be cut off": ("size > end - at", "size > end - at + 1"),
    "a string may be cut off": ("bits > end - at:", "bits > end - at + 1:"),
    "negative numbers are odd": ("^ -(bits & 1)", "^ (bits & 1)"),
    "null is not seen": ("present[slot, kept] = 0", "present[slot, kept] = 1"),
    "unknown symbols pass": ("bits == NO_SYMBOL and unresolved == GOOD", "False"),
    "resolution comes first": ("fault if fault != GOOD else unresolved", "unresolved if unresolved != GOOD else fault"),
    "refused rows stay": ("if verdicts[row] == GOOD:", "if True:"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_weakened_kernel_is_found_out(
    name: str, pairs: dict[str, Pair], corpus: MakeCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each guard of the kernel, taken away alone, makes the comparison fail."""
    monkeypatch.setattr(filled, "parse", weakened(kernel, *MUTANTS[name])["parse"])
    with pytest.raises((AssertionError, IndexError, OverflowError, pa.ArrowInvalid, Endless)):
        compare_all([pairs["wide evolved"], pairs["no default"], pairs["as published"]], corpus("mutants"))


def compare_all(pairs: Sequence[Pair], made: Made) -> None:
    """A smaller round, of short records, since here the loop is plain Python."""
    for pair in pairs:
        short = [each for each in made.originals(pair.writer) if len(each) < 150]
        for payloads in made.lots(short, 2000):
            compare(pair, payloads)


class Known:
    def __init__(self, pairs: Mapping[str, Pair]) -> None:
        writers = [pair.writer for pair in pairs.values() if pair.reader is TRANSACTION.schema]
        self.schemas = {place.to_bytes(4, "big"): writer for place, writer in enumerate(writers)}
        self.schemas |= {place.to_bytes(8, "little"): writer for place, writer in enumerate(writers)}

    def writer(self, key: bytes) -> Schema:
        if key not in self.schemas:
            raise DeadLetter(Reason.UNKNOWN_SCHEMA, key.hex())
        return self.schemas[key]


def test_whole_messages_agree_with_the_slow_way(
    pairs: dict[str, Pair], corpus: MakeCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Framing bytes tampered with as well, all writers in one lot: the same lot as when fastavro reads every record."""
    known, made = Known(pairs), corpus(f"{SEED} messages")
    pool = [b"", b"\x00", b"\xc3\x01", b"{}", b'{"event_id": "e"}', b"\xef\xbb\xbf{"]
    for key, writer in known.schemas.items():
        header = confluent(int.from_bytes(key, "big")) if len(key) == 4 else single_object(key)
        pool += [header + each for each in made.originals(writer)[:20]]
    fast = Decoder(known, Checks(partitions=3))
    slow = Decoder(known, Checks(partitions=3))
    for values in made.lots(pool, RECORDS // 5):
        raw = messages(values)
        lot = fast.decode(raw)
        with monkeypatch.context() as patched:
            patched.setattr(avro, "compile_plan", lambda *_: None)
            expected = slow.decode(raw)
        assert lot.refusals == expected.refusals
        assert list(lot.index) == list(expected.index)
        assert_same(lot.rows, expected.rows)
        assert sorted([*lot.index, *(each.row for each in lot.refusals)]) == list(range(len(values)))


def messages(values: list[bytes]) -> Raw:
    numbers = np.arange(len(values))
    return Raw(numbers.astype(np.int32) % 3, numbers, numbers, [b"card-1"] * len(values), values)
