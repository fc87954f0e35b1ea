"""CSV files as columns of text: the first line names the columns, quoted cells may hold line ends, blank lines count
for nothing. What separates the cells is what stands in the first line: a comma, else a semicolon, a tab or a bar.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from batch.history.files import File
from batch.history.pieces import Bad, Choose, Piece, once
from batch.history.stores import unpacked
from schemas.errors import Usage
from schemas.verdicts import Reason

BLOCK: Final = 1 << 22
HEAD: Final = 1 << 20
HEADER_ROWS: Final = 1
SEPARATORS: Final = ",;\t|"
UTF8_BOM: Final = b"\xef\xbb\xbf"
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
MOST_SAID: Final = 200
CLOSE: Final = "close it, or double it where it is part of the text"
OPEN: Final = ("unexpected end of data", "field larger than field limit")
"""What the library says of a quote that is not closed."""


def read(file: File, choose: Choose) -> Iterator[Piece]:
    head = _head(file)
    separator = next((each for each in SEPARATORS if each in head), ",")
    names = _names(file, head, separator)
    columns = choose(file, names)
    cut = _Cut(len(names))
    try:
        for cells in _blocks(file, names, columns.values(), separator, cut):
            yield cut.piece(file, cells, columns)
            cut.refuse_swallowed(file)
        cut.refuse_swallowed(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Usage(
            f"{file} cannot be read after row {cut.good}: {error!s:.{MOST_SAID}}",
            fix="look there for a quote that is not closed; check that the file is CSV, and whole",
        ) from error


@dataclass(slots=True)
class _Cut:
    """Counts rows as they come: the reader numbers those that it leaves out and no others."""

    width: int
    good: int = 0
    left_out: list[Bad] = field(default_factory=list)
    told: int = 0
    swallowed: int = 0
    """The number of a row of too many lines to be one."""

    def leave_out(self, row: arrow_csv.InvalidRow) -> str:
        if "\n" in row.text.strip():
            self.swallowed = self.swallowed or row.number - HEADER_ROWS
        detail = f"{row.actual_columns} cells under {self.width} columns"
        self.left_out.append(Bad(row.number - HEADER_ROWS, Reason.INVALID_ENCODING, detail))
        return "skip"

    def refuse_swallowed(self, file: File) -> None:
        """A quote that is not closed makes one cell of all that follows, and the rows in it would be lost unseen."""
        if self.swallowed:
            raise Usage(f"{file} row {self.swallowed}: a quote is not closed in its line, or not opened", fix=CLOSE)

    def piece(self, file: File, cells: pa.RecordBatch, columns: Mapping[str, str]) -> Piece:
        numbers = self._numbers(cells.num_rows)
        self.good += cells.num_rows
        cells, undecodable = _decoded(cells)
        bad = [*self.left_out[self.told :], *(Bad(int(numbers[row]), *why) for row, why in undecodable.items())]
        self.told = len(self.left_out)
        if undecodable:
            kept = np.setdiff1d(np.arange(len(numbers)), list(undecodable))
            cells, numbers = cells.take(pa.array(kept)), numbers[kept]
        return Piece(file, cells, numbers, columns, untyped=True, bad=sorted(bad, key=lambda each: each.number))

    def _numbers(self, size: int) -> NDArray[np.int64]:
        """Each row's, counting those left out before it."""
        plain = np.arange(self.good + 1, self.good + 1 + size)
        gaps = np.array([bad.number - before for before, bad in enumerate(self.left_out)], np.int64)
        return plain + np.searchsorted(gaps, plain, side="right")


def _blocks(
    file: File, names: Sequence[str], wanted: Iterable[str], separator: str, cut: _Cut
) -> Iterator[pa.RecordBatch]:
    if _is_header_alone(file):
        return  # Arrow's reader fails on it, and its thread then ends the whole program now and then
    columns = list(dict.fromkeys(wanted))
    with unpacked(file) as stream:
        counted = _Counted(stream)
        yield from arrow_csv.open_csv(
            pa.PythonFile(counted, "r"),
            # only without threads are the rows that are left out numbered
            arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names, skip_rows=1),
            arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=cut.leave_out),
            arrow_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(columns, pa.binary()),
                include_columns=columns,
                strings_can_be_null=False,
            ),
        )

    if counted.quotes % 2 and _ends_open(file, separator):
        raise Usage(f"{file}: a quote is not closed up to the end of the file", fix=CLOSE)


def _is_header_alone(file: File) -> bool:
    with unpacked(file) as stream:
        begins = bytes(stream.read(BLOCK))
        return b"\n" not in begins.strip() and not stream.read(1)


class _Counted:
    """Quotes of a file come in pairs, or one of them may not be closed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.quotes = 0
        self.closed = False
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        data = bytes(self._stream.read(size))
        self.quotes += data.count(b'"')
        return data


def _ends_open(file: File, separator: str) -> bool:
    """The slow way to know it."""
    with unpacked(file) as stream:
        table = csv.reader(TextIOWrapper(stream, "utf-8", "replace", newline=""), delimiter=separator, strict=True)
        while True:
            try:
                next(table)
            except StopIteration:
                return False
            except csv.Error as error:
                if any(sign in str(error) for sign in OPEN):
                    return True


def _decoded(cells: pa.RecordBatch) -> tuple[pa.RecordBatch, dict[int, tuple[Reason, str]]]:
    """As text, and the rows in which a cell is not UTF-8."""
    wrong: dict[int, tuple[Reason, str]] = {}
    texts = []
    for name, column in zip(cells.schema.names, cells.columns, strict=True):
        try:
            texts.append(column.cast(pa.string()))
        except pa.ArrowInvalid:
            values = [_text(value) for value in column.to_pylist()]
            wrong |= {row: (Reason.INVALID_UTF8, f"column {name}") for row, each in enumerate(values) if each is None}
            texts.append(pa.array(values, pa.string()))
    return pa.RecordBatch.from_arrays(texts, names=cells.schema.names), wrong


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _head(file: File) -> str:
    """The first line."""
    try:
        with unpacked(file) as stream:
            begin = bytes(stream.read(HEAD))
    except (pa.ArrowException, OSError) as error:
        raise Usage(
            f"{file} cannot be read: {error!s:.{MOST_SAID}}", fix="check the file and the right to it"
        ) from error
    line = begin.removeprefix(UTF8_BOM).partition(b"\n")[0].removesuffix(b"\r")
    if begin.startswith(UTF16) or b"\0" in line:
        raise Usage(f"{file} is UTF-16, or not text at all", fix="convert it: iconv -f UTF-16 -t UTF-8")
    if not line.strip():
        raise Usage(f"{file} has no header in its first line", fix="the first line names the columns")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Usage(f"{file}: the header is not UTF-8", fix="convert it: iconv -f LATIN1 -t UTF-8") from error


def _names(file: File, head: str, separator: str) -> list[str]:
    try:
        names = [name.strip() for name in next(csv.reader([head], delimiter=separator, strict=True))]
    except csv.Error as error:
        raise Usage(f"{file}: the header is not CSV: {error}", fix="check the first line of the file") from error
    once(names, file)
    return names
