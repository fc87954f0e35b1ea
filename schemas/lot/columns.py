"""Arrow columns of a contract, out of what the kernel filled or out of plain records; the values are the same."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.contracts import Schema
from schemas.lot.kernel import Bytes, Ints, pack, parse
from schemas.lot.plan import DOUBLE, FLOAT, Plan
from schemas.lot.table import SYMBOL, TIMESTAMP, columns, symbols, with_coordinates

MOST_BYTES: Final = 2**31 - 1
"""What the 32-bit offsets of an Arrow string column can reach."""


CODE: Final = pa.int8()
TEXT: Final = pa.string()
BOOLEAN: Final = pa.bool_().id


class Columns:
    """The columns of one contract and how to fill them; `lot` is the schema of its lots, `nothing` no rows at all."""

    def __init__(self, contract: Schema) -> None:
        self.schema = columns(contract)
        self.lot = with_coordinates(self.schema)
        self._fields = [(field, field.name, field.type) for field in self.schema]
        self._symbols = {each["name"]: pa.array(symbols(each["type"]), pa.string()) for each in contract["fields"]}
        self.nothing = self.from_records([])

    def from_records(self, records: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
        """One entry per column in every record; an enum's value is its symbol."""
        arrays = [self._array(field, [record[field.name] for record in records]) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def from_payloads(self, plan: Plan, data: Bytes, starts: Ints, ends: Ints) -> tuple[pa.RecordBatch, Bytes]:
        """The accepted rows and every row's verdict."""
        filled = Filled(plan, data, starts, ends)
        return pa.RecordBatch.from_arrays(self.filled(filled), schema=self.schema), filled.verdicts

    def filled(self, by: "Filled") -> list[pa.Array]:
        """The accepted rows."""
        return [self._planned(by, *each) for each in self._fields]

    def _array(self, field: pa.Field, values: list[object]) -> pa.Array:
        if field.type != SYMBOL:
            return pa.array(values, field.type)
        places = {symbol: place for place, symbol in enumerate(self._symbols[field.name].to_pylist())}
        return self._coded(field, pa.array([None if each is None else places[each] for each in values], pa.int8()))

    def _coded(self, field: pa.Field, codes: pa.Array) -> pa.Array:
        return pa.DictionaryArray.from_arrays(codes, self._symbols[field.name])

    def _planned(self, by: "Filled", field: pa.Field, name: str, to: pa.DataType) -> pa.Array:
        plan = by.plan
        if name in plan.texts:
            return by.text(plan.texts.index(name))
        if name not in plan.numbers:
            return self._array(field, [plan.defaults[name]] * by.rows)
        slot = plan.numbers.index(name)
        if to.id == SYMBOL.id:
            return self._coded(field, by.number(slot, CODE))
        return by.number(slot, to)


class Filled:
    """What the kernel wrote for one set of payloads; columns are parts of its memory."""

    def __init__(self, plan: Plan, data: Bytes, starts: Ints, ends: Ints) -> None:
        size, texts, numbers = starts.size, len(plan.texts), len(plan.numbers)
        space = int((ends - starts).sum())
        if space > MOST_BYTES:
            raise ValueError("a lot has at most 2 GiB of payloads")
        self.plan = plan
        self.numbers = np.empty((numbers, size), np.int64)
        self.offsets = np.empty((texts, size + 1), np.int32)
        self.texts = np.empty((texts, space), np.uint8)
        self.present = np.empty((texts + numbers, size), np.uint8)
        self.verdicts = np.empty(size, np.uint8)
        outputs = (self.numbers, self.offsets, self.texts, self.present, self.verdicts)
        self.rows = int(parse(data, starts, ends, plan.ops, plan.translation, *outputs))
        bits, nulls = np.empty((texts + numbers, (size + 7) // 8), np.uint8), np.empty(texts + numbers, np.int64)
        pack(self.present, self.rows, bits, nulls)
        self._bits, self._nulls = bits, nulls.tolist()
        self._ends = self.offsets[:, self.rows].tolist()

    def text(self, slot: int) -> pa.Array:
        offsets = pa.py_buffer(self.offsets[slot, : self.rows + 1])
        data = pa.py_buffer(self.texts[slot, : self._ends[slot]])
        return self._array(TEXT, slot, offsets, data)

    def number(self, slot: int, to: pa.DataType) -> pa.Array:
        values = _values(self.numbers[slot, : self.rows], self.plan.wires[slot], to)
        return self._array(to, len(self.offsets) + slot, pa.py_buffer(values))

    def _array(self, to: pa.DataType, row: int, *content: pa.Buffer) -> pa.Array:
        nulls = self._nulls[row]
        validity = pa.py_buffer(self._bits[row]) if nulls else None
        return pa.Array.from_buffers(to, self.rows, [validity, *content], nulls)


def _values(bits: Ints, wire: int, to: pa.DataType) -> NDArray[np.generic]:
    """The kernel's 64-bit patterns as the column stores them."""
    if wire == DOUBLE:
        return bits.view(np.float64)
    if wire == FLOAT:
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN like any other
            return bits.astype(np.int32).view(np.float32).astype(np.float64)
    if to.id == BOOLEAN:
        return np.packbits(bits.astype(np.uint8), bitorder="little")
    if to.id == TIMESTAMP.id:
        return bits
    return bits.astype(to.to_pandas_dtype(), copy=False)
