"""Parquet files as rows: columns by name, some rows at a time; what a record does not have is left out."""

from collections.abc import Iterator
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from producer.files import MOST_ROWS, Entry, Rows, in_rows
from producer.form import TRANSACTIONS, Form
from schemas.errors import Usage

MOST_SAID: Final = 200


def read(stream: IO[bytes], form: Form = TRANSACTIONS) -> Iterator[Rows]:
    return in_rows(_entries(stream, form), lambda: False)


def _entries(stream: IO[bytes], form: Form) -> Iterator[Entry]:
    number = 0
    try:
        file = pq.ParquetFile(stream)
        names = file.schema_arrow.names
        if missing := [name for name in form.required if name not in names]:
            raise Usage(
                f"the file has no column {', '.join(missing)}",
                fix=f"a {form.name} has {', '.join(form.fields)}",
            )
        for batch in file.iter_batches(MOST_ROWS, columns=[name for name in names if name in form.fields]):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Usage(
            f"the file cannot be read on after {number} rows: {error!s:.{MOST_SAID}}",
            fix="check that it is a Parquet file, and whole; the rows before it are handled",
        ) from error
