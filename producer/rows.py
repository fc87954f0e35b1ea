"""A file of any of the formats, as rows."""

from collections.abc import Callable, Iterator
from io import BufferedReader

from producer import avro_rows, csv_rows, json_rows, parquet_rows
from producer.files import Format, Rows
from producer.form import TRANSACTIONS, Form
from producer.lines import Lines


def rows_of(
    stream: BufferedReader, style: Format, note: Callable[[str], None], form: Form = TRANSACTIONS
) -> Iterator[Rows]:
    """`note` hears what is worth knowing about the file as a whole."""
    if style is Format.AVRO:
        return avro_rows.read(stream, form)
    if style is Format.PARQUET:
        return parquet_rows.read(stream, form)
    if style is Format.CSV:
        return csv_rows.read(Lines(stream), note, form)
    return json_rows.read(Lines(stream))
