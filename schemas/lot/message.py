"""What Arrow says of a lot in its own format for messages, with the numbers of one lot put in.

Messages of one schema differ in how many rows there are, how many of them are null, and where the buffers lie. Arrow
writes one message, and those numbers are overwritten; so one call of Arrow makes a lot out of a block of memory, rather
than one for each buffer and each column.
"""

from collections.abc import Mapping
from struct import unpack_from
from typing import Final

import numpy as np
import pyarrow as pa

from schemas.lot.kernel import Ints
from schemas.lot.table import SYMBOL

WORD: Final = 8
ROWS, BODY, NODES, BUFFERS = range(4)
"""Of the places: how many rows, how many bytes of buffers, the first pair of rows and nulls, of begin and length."""
PREFIX: Final = 8
"""Bytes before the metadata: that there is a message, and how long they are."""
OF_MESSAGE_HEADER, OF_MESSAGE_BODY = 2, 3
OF_BATCH_ROWS, OF_BATCH_NODES, OF_BATCH_BUFFERS = range(3)
"""Fields of Arrow's tables `Message` and `RecordBatch`, by their place there."""


class Message:
    """The metadata of all lots of a schema in words of eight bytes; `places` are those from which on they differ."""

    def __init__(self, schema: pa.Schema, symbols: Mapping[str, pa.Array]) -> None:
        self.schema = schema
        coded = [(place, field) for place, field in enumerate(schema) if field.type == SYMBOL]
        self._coded = [(place, field, symbols[field.name]) for place, field in coded]
        bare = [field.with_type(SYMBOL.index_type) if field.type == SYMBOL else field for field in schema]
        self._bare = pa.schema(bare)
        nothing = [pa.nulls(1, field.type) for field in bare]  # zeros would be left out of the metadata
        written = pa.RecordBatch.from_arrays(nothing, schema=self._bare).serialize().to_pybytes()
        header = _linked(written, PREFIX)
        batch = _linked(written, _field(written, header, OF_MESSAGE_HEADER))
        body = _field(written, header, OF_MESSAGE_BODY)
        lists = (_linked(written, _field(written, batch, which)) + 4 for which in (OF_BATCH_NODES, OF_BATCH_BUFFERS))
        found = (_field(written, batch, OF_BATCH_ROWS), body, *lists)
        self.places = tuple(each // WORD for each in found)
        size = len(written) - int(unpack_from("<q", written, body)[0])
        self.words: Ints = np.frombuffer(written[:size], np.int64)

    def read(self, block: Ints) -> pa.RecordBatch:
        """The rows whose message it holds; columns are parts of its memory."""
        rows = pa.ipc.read_record_batch(pa.py_buffer(block), self._bare)
        for place, field, symbols in self._coded:
            codes = rows.column(place)
            coded = pa.DictionaryArray.from_buffers(SYMBOL, len(codes), codes.buffers(), symbols, codes.null_count)
            rows = rows.set_column(place, field, coded)
        return rows


def _linked(data: bytes, at: int) -> int:
    """Where that lies to which the word there leads."""
    return at + int(unpack_from("<I", data, at)[0])


def _field(data: bytes, table: int, number: int) -> int:
    """Where a field of a table lies."""
    directory = table - int(unpack_from("<i", data, table)[0])
    return table + int(unpack_from("<H", data, directory + 4 + 2 * number)[0])
