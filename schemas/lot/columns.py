"""Arrow columns of a contract, out of what the kernel filled or out of plain records; the values are the same."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from schemas.contracts import Schema
from schemas.lot.filled import Filled, Layout
from schemas.lot.kernel import Bytes, Ints
from schemas.lot.message import Message
from schemas.lot.plan import Plan
from schemas.lot.table import SYMBOL, columns, symbols, with_coordinates


class Columns:
    """The columns of one contract and how to fill them; `lot` is the schema of its lots, `nothing` no rows at all."""

    def __init__(self, contract: Schema) -> None:
        self.schema = columns(contract)
        self.lot = with_coordinates(self.schema)
        self._symbols = {each["name"]: pa.array(symbols(each["type"]), pa.string()) for each in contract["fields"]}
        self._message = Message(self.lot, self._symbols)
        self.nothing = self.from_records([])

    def from_records(self, records: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
        """One entry per column in every record; an enum's value is its symbol."""
        arrays = [self._array(field, [record[field.name] for record in records]) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def from_payloads(self, plan: Plan, data: Bytes, starts: Ints, ends: Ints) -> tuple[pa.RecordBatch, Bytes]:
        """The accepted rows and every row's verdict."""
        filled = Filled(self.layout(plan), data, starts, ends)
        return pa.RecordBatch.from_arrays(filled.columns, schema=self.schema), filled.verdicts

    def layout(self, plan: Plan) -> Layout:
        return Layout(plan, self._message, self._array)

    def _array(self, field: pa.Field, values: list[object]) -> pa.Array:
        if field.type != SYMBOL:
            return pa.array(values, field.type)
        places = {symbol: place for place, symbol in enumerate(self._symbols[field.name].to_pylist())}
        return self._coded(field, pa.array([None if each is None else places[each] for each in values], pa.int8()))

    def _coded(self, field: pa.Field, codes: pa.Array) -> pa.Array:
        return pa.DictionaryArray.from_arrays(codes, self._symbols[field.name])
