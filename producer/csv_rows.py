"""CSV as rows of text: the first line names the columns, quoted cells may hold line ends, blank lines are skipped."""

import csv
from collections.abc import Callable, Iterator

from producer.files import Entry, Reject, Rows, in_rows, unmarked
from producer.form import TRANSACTIONS, Form
from producer.lines import Lines
from schemas.errors import Usage
from schemas.repeated import repeated
from schemas.verdicts import Reason


def read(lines: Lines, note: Callable[[str], None], form: Form = TRANSACTIONS) -> Iterator[Rows]:
    """`note` hears of columns that are not used."""
    return in_rows(_entries(lines, note, form), lambda: lines.drained)


def _entries(lines: Lines, note: Callable[[str], None], form: Form) -> Iterator[Entry]:
    table = csv.reader(_texts(lines), strict=True)
    columns = _header(table, form)
    if unused := [name for name in columns if name not in form.fields]:
        note(f"these columns are not part of a {form.name} and are not sent: {', '.join(unused)}")
    while True:
        begins = lines.number + 1
        try:
            yield _entry(begins, next(table), columns)
        except StopIteration:
            return
        except csv.Error as error:
            yield Reject(begins, Reason.INVALID_ENCODING, f"not CSV: {error}")


def _texts(lines: Lines) -> Iterator[str]:
    """Bytes that are not UTF-8 become lone surrogates, so that only the row they stand in is refused."""
    for line in lines:
        yield unmarked(line, lines.number).decode(errors="surrogateescape") + "\n"


def _entry(line: int, cells: list[str], columns: list[str]) -> Entry:
    if not cells:
        return None
    if len(cells) != len(columns):
        return Reject(line, Reason.INVALID_ENCODING, f"{len(cells)} cells under {len(columns)} columns")
    return line, dict(zip(columns, cells, strict=True))


def _header(table: Iterator[list[str]], form: Form) -> list[str]:
    try:
        names = [cell.strip() for cell in next(table, [])]
    except csv.Error as error:
        raise Usage(f"line 1 is not CSV: {error}", fix="check the format, or tell it with --format") from error
    if missing := [name for name in form.required if name not in names]:
        raise Usage(
            f"line 1: the header has no column {', '.join(missing)}",
            fix=f"the first line names the columns; a {form.name} has {', '.join(form.fields)}",
        )
    if twice := repeated(names):
        raise Usage(f"line 1: the header names {', '.join(twice)} twice", fix="rename or remove one of the two columns")
    return names
