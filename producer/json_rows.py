"""JSON lines as rows: one object per line, blank lines skipped."""

import json
from collections.abc import Iterator, Mapping
from typing import NoReturn

from producer.files import Entry, Reject, Rows, in_rows, unmarked
from producer.lines import Lines
from schemas.verdicts import Reason


def read(lines: Lines) -> Iterator[Rows]:
    return in_rows((_entry(line, lines.number) for line in lines), lambda: lines.drained)


def _entry(line: bytes, number: int) -> Entry:
    line = unmarked(line, number)
    if not line.strip():
        return None
    try:
        return number, _object(line.decode())
    except UnicodeDecodeError as error:
        return Reject(number, Reason.INVALID_UTF8, f"byte {error.start + 1} of the line")
    except (ValueError, RecursionError) as error:
        return Reject(number, Reason.INVALID_JSON, str(error))


def _object(text: str) -> Mapping[str, object]:
    value = json.loads(text, parse_constant=_not_json)
    if not isinstance(value, dict):
        raise ValueError("the line is not one JSON object")  # noqa: TRY004 a reject, not a bug
    return value


def _not_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
