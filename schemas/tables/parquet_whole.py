"""Parquet of anybody's, read whole within bounds: a few bytes of it can stand for more than any memory holds.

what it says of itself   rows, cells, bytes, types that a cell can be of: before anything is unpacked
texts                    as what is different in them, and counted before they are written out
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.tables import shapes
from schemas.tables.table import BadTable, Column, Kind, Table, TooLarge

UNPACKED: Final = 256 << 20
"""Bytes."""
MOST_CELLS: Final = 1 << 25
THRIFT: Final = 16 << 20
NOT_READ: Final = "the body is not Parquet that can be read"
DAMAGED: Final = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, NotImplementedError, KeyError)
FLAT: Final = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_temporal,
)
TEXTS: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)


def read(content: bytes, most_rows: int) -> Table:
    """Raises TooLarge for what is too much at once, BadTable for what is none."""
    try:
        names, whole = _read(content, most_rows)
    except DAMAGED:
        raise BadTable(NOT_READ) from None
    return Table.of(names, [Column(each, Kind.TYPED) for each in _written_out(whole)], whole.num_rows)


def _read(content: bytes, most_rows: int) -> tuple[list[str], pa.Table]:
    bounds = {"thrift_string_size_limit": THRIFT, "thrift_container_size_limit": THRIFT}
    with pq.ParquetFile(pa.BufferReader(content), **bounds) as file:
        schema = file.schema_arrow
        _check(file.metadata, len(schema), most_rows)
        names = shapes.once(schema.names)
        if not all(_is_flat(each.type) for each in schema):
            raise BadTable("a column is of a type that no model takes")
    texts = [each.name for each in schema if not any(is_(each.type) for is_ in FLAT)]
    with pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts, **bounds) as file:
        whole = file.read(use_threads=False).combine_chunks()
        whole.validate(full=True)
    return names, whole


def _check(about: pq.FileMetaData, width: int, most_rows: int) -> None:
    size = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    if about.num_rows > most_rows or size > UNPACKED or about.num_rows * width > MOST_CELLS:
        raise TooLarge(
            f"there are {about.num_rows:,} rows of {width:,} columns, {size:,} bytes, which are too many at once"
        )


def _is_flat(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(is_(inner) for is_ in (*FLAT, *TEXTS))


def _written_out(whole: pa.Table) -> list[pa.Array]:
    arrays = [_one(whole.column(number)) for number in range(whole.num_columns)]
    if sum(map(_size, arrays)) > UNPACKED:
        raise TooLarge(f"the texts are more than {UNPACKED:,} bytes, which are too many at once")
    return [each.dictionary_decode() if pa.types.is_dictionary(each.type) else each for each in arrays]


def _size(values: pa.Array) -> int:
    """Of the texts, each time that they stand there."""
    if not pa.types.is_dictionary(values.type) or not any(is_(values.type.value_type) for is_ in TEXTS):
        return 0
    return int(pc.sum(pc.binary_length(values.dictionary).cast(pa.int64()).take(values.indices)).as_py() or 0)


def _one(chunked: pa.ChunkedArray) -> pa.Array:
    return (
        chunked.chunk(0)
        if chunked.num_chunks == 1
        else pa.concat_arrays(chunked.chunks or [pa.array([], chunked.type)])
    )
