"""CSV as columns of text: the first line names the columns, quoted cells may hold line ends, blank lines count
for nothing. What separates the cells is what stands in the first line: a comma, else a semicolon, a tab or a bar.
"""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from schemas.repeated import repeated
from schemas.tables.table import Bad, BadTable, Column, Kind, Source, Table, bounded
from schemas.verdicts import Reason

BLOCK: Final = 1 << 22
HEAD: Final = 1 << 20
HEADER_ROWS: Final = 1
NO_CHARACTER: Final = "\ufffd"
SEPARATORS: Final = ",;\t|"
Choose = Callable[[Sequence[str]], Iterable[str]]
UTF8_BOM: Final = b"\xef\xbb\xbf"
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
MOST_SAID: Final = 200
CLOSE: Final = "close it, or double it where it is part of the text"
OPEN: Final = ("unexpected end of data", "field larger than field limit")
"""What the library says of a quote that is not closed."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """`numbers` are those of the rows in `cells`; `bad` are rows beside them."""

    cells: pa.RecordBatch
    numbers: NDArray[np.int64]
    bad: Sequence[Bad]


def read(source: Source, choose: Choose) -> Iterator[Cut]:
    """`choose` hears the names of the columns once and says which are wanted. Raises BadTable for what is no CSV."""
    head = _head(source)
    separator = next((each for each in SEPARATORS if each in head), ",")
    names = _names(source, head, separator)
    columns = list(dict.fromkeys(choose(names)))
    cutter = _Cutter(len(names))
    try:
        for cells in _blocks(source, names, columns, separator, cutter):
            yield cutter.cut(cells)
            cutter.refuse_swallowed(source)
        cutter.refuse_swallowed(source)
        if rest := cutter.rest():
            yield Cut(pa.RecordBatch.from_pylist([], _texts_of(columns)), np.zeros(0, np.int64), rest)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadTable(
            f"{source} cannot be read after row {cutter.good}{_said(source, error)}",
            fix="look there for a quote that is not closed; check that the file is CSV, and whole",
        ) from error


def tables(source: Source) -> Iterator[Table]:
    """All columns; one table at least, which says what they are called."""
    names: list[str] = []

    def every(found: Sequence[str]) -> Sequence[str]:
        names.extend(found)
        return found

    empty = True
    for cut in read(source, every):
        empty = False
        cells = [Column(_blank_is_null(each), Kind.TEXT) for each in cut.cells.columns]
        yield Table(tuple(names), cells, cut.cells.num_rows, cut.numbers, cut.bad)
    if empty:
        yield Table.of(names, [Column(pa.array([], pa.string()), Kind.TEXT) for _ in names], 0)


def _texts_of(columns: Sequence[str]) -> pa.Schema:
    return pa.schema([pa.field(name, pa.string()) for name in columns])


def _blank_is_null(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(pc.binary_length(values), 0), pa.scalar(None, pa.string()), values)


@dataclass(slots=True)
class _Cutter:
    """Counts rows as they come: the reader numbers those that it leaves out and no others."""

    width: int
    good: int = 0
    left_out: list[Bad] = field(default_factory=list)
    told: int = 0
    swallowed: int = 0
    """The number of a row of too many lines to be one."""
    damaged: bool = False
    """Somewhere up to here there was what is no UTF-8."""

    def leave_out(self, row: arrow_csv.InvalidRow) -> str:
        if "\n" in row.text.strip():
            self.swallowed = self.swallowed or row.number - HEADER_ROWS
        detail = f"{row.actual_columns} cells under {self.width} columns"
        self.left_out.append(Bad(row.number - HEADER_ROWS, Reason.INVALID_ENCODING, detail))
        return "skip"

    def refuse_swallowed(self, source: Source) -> None:
        """A quote that is not closed makes one cell of all that follows, and the rows in it would be lost unseen."""
        if self.swallowed:
            raise BadTable(
                f"{source} row {self.swallowed}: a quote is not closed in its line, or not opened", fix=CLOSE
            )

    def cut(self, cells: pa.RecordBatch) -> Cut:
        numbers = self._numbers(cells.num_rows)
        self.good += cells.num_rows
        cells, undecodable = _decoded(cells, self.damaged)
        bad = [*self.rest(), *(Bad(int(numbers[row]), *why) for row, why in undecodable.items())]
        if undecodable:
            kept = np.setdiff1d(np.arange(len(numbers)), list(undecodable))
            cells, numbers = cells.take(pa.array(kept)), numbers[kept]
        return Cut(cells, numbers, sorted(bad, key=lambda each: each.number))

    def rest(self) -> list[Bad]:
        """Rows left out since they were last asked for."""
        found, self.told = self.left_out[self.told :], len(self.left_out)
        return found

    def _numbers(self, size: int) -> NDArray[np.int64]:
        """Each row's, counting those left out before it."""
        plain = np.arange(self.good + 1, self.good + 1 + size)
        gaps = np.array([bad.number - before for before, bad in enumerate(self.left_out)], np.int64)
        return plain + np.searchsorted(gaps, plain, side="right")


def _blocks(
    source: Source, names: Sequence[str], columns: Sequence[str], separator: str, cutter: _Cutter
) -> Iterator[pa.RecordBatch]:
    if _is_header_alone(source):
        return  # Arrow's reader fails on it, and its thread then ends the whole program now and then
    with source.open() as stream:
        counted = _Counted(stream, cutter)
        yield from arrow_csv.open_csv(
            pa.PythonFile(counted, "r"),
            # only without threads are the rows that are left out numbered
            arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names, skip_rows=1),
            arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=cutter.leave_out),
            arrow_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(columns, pa.binary()),
                include_columns=columns,
                strings_can_be_null=False,
            ),
        )

    if counted.quotes % 2 and _ends_open(source, separator):
        raise BadTable(f"{source}: a quote is not closed up to the end of the file", fix=CLOSE)


def _is_header_alone(source: Source) -> bool:
    with source.open() as stream:
        begins = bytes(stream.read(BLOCK))
        return b"\n" not in begins.strip() and not stream.read(1)


class _Counted:
    """Quotes of a file come in pairs, or one of them may not be closed.

    What comes out is UTF-8, whole characters of it: the library hands nothing else to whoever hears of rows that are
    left out. What is no character becomes the one that stands for that, and from there on it marks a damaged cell.
    """

    def __init__(self, stream: IO[bytes], cutter: _Cutter) -> None:
        self.quotes = 0
        self.closed = False
        self._stream = stream
        self._cutter = cutter
        self._begun = b""

    def read(self, size: int = -1) -> bytes:
        whole = b""
        while not whole:
            data = bytes(self._stream.read(size))
            whole = self._characters(self._begun + data, end=not data)
            if not data:
                break
        self.quotes += whole.count(b'"')
        return whole

    def _characters(self, data: bytes, *, end: bool) -> bytes:
        """As many as are there; half a character waits for the rest."""
        try:
            _, used = codecs.utf_8_decode(data, "strict", end)
        except UnicodeDecodeError:
            self._cutter.damaged = True
            text, used = codecs.utf_8_decode(data, "replace", end)
            self._begun = data[used:]
            return text.encode()
        self._begun = data[used:]
        return data[:used]


def _ends_open(source: Source, separator: str) -> bool:
    """The slow way to know it."""
    with source.open() as stream:
        table = csv.reader(TextIOWrapper(stream, "utf-8", "replace", newline=""), delimiter=separator, strict=True)
        while True:
            try:
                next(table)
            except StopIteration:
                return False
            except csv.Error as error:
                if any(sign in str(error) for sign in OPEN):
                    return True


def _decoded(cells: pa.RecordBatch, damaged: bool) -> tuple[pa.RecordBatch, dict[int, tuple[Reason, str]]]:
    """As text, and the rows in which a cell is not UTF-8."""
    names = cells.schema.names
    texts = [each.cast(pa.string()) for each in cells.columns]
    wrong: dict[int, tuple[Reason, str]] = {}
    for name, column in zip(names, texts, strict=True) if damaged else ():
        marked = pc.match_substring(column, NO_CHARACTER).fill_null(False).to_numpy(zero_copy_only=False)
        wrong |= dict.fromkeys(np.flatnonzero(marked).tolist(), (Reason.INVALID_UTF8, f"column {name}"))
    return pa.RecordBatch.from_arrays(texts, names=names), wrong


def _head(source: Source) -> str:
    """The first line."""
    try:
        with source.open() as stream:
            begin = bytes(stream.read(HEAD))
    except (pa.ArrowException, OSError) as error:
        raise BadTable(
            f"{source} cannot be read{_said(source, error)}", fix="check the file and the right to it"
        ) from error
    line = begin.removeprefix(UTF8_BOM).partition(b"\n")[0].removesuffix(b"\r")
    if begin.startswith(UTF16) or b"\0" in line:
        raise BadTable(f"{source} is UTF-16, or not text at all", fix="convert it: iconv -f UTF-16 -t UTF-8")
    if not line.strip():
        raise BadTable(f"{source} has no header in its first line", fix="the first line names the columns")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadTable(f"{source}: the header is not UTF-8", fix="convert it: iconv -f LATIN1 -t UTF-8") from error


def _names(source: Source, head: str, separator: str) -> list[str]:
    try:
        names = [name.strip() for name in next(csv.reader([head], delimiter=separator, strict=True))]
    except csv.Error as error:
        raise BadTable(
            f"{source}: the header is not CSV{_said(source, error)}", fix="check the first line of the file"
        ) from error
    bounded(len(names))
    if twice := repeated(names):
        said = f"are called {', '.join(twice)}" if source.told else "have the same name"
        raise BadTable(f"{source}: two columns {said}", fix="rename or remove one of them")
    return names


def _said(source: Source, error: Exception) -> str:
    return f": {error!s:.{MOST_SAID}}" if source.told else ""
