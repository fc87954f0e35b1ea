"""Verdicts as records of the label topic: one that was told, or the rows of a file."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from producer.accept import accepted
from producer.columns import to_rows
from producer.files import Format, Reject, Rows
from producer.form import KNOWN_LABELS, LABELS, TIME
from producer.publish import Event
from producer.rejects import Rejects
from schemas.contracts import LABEL
from schemas.encoding import Encode
from schemas.errors import DeadLetter, Usage
from schemas.lot import Checks, from_mappings
from schemas.lot.events import Events
from schemas.lot.limits import RANGES
from schemas.lot.text import Cells

KNOWN: Final[dict[str, Any]] = {"name": "Known", "fields": [{"name": KNOWN_LABELS.besides[0], "type": TIME}]}
TIMES: Final = next(each for each in RANGES if each.column == "event_time")


def told(label: Mapping[str, object], checks: Checks, encode: Encode) -> Event:
    """Known at the moment of sending. Raises Usage where the scorer would refuse it."""
    lot = from_mappings([label], checks, contract=LABEL)
    for refusal in lot.refusals:
        raise Usage(
            f"this label cannot be used: {refusal.reason}: {refusal.detail}",
            fix="give what stands in the transaction",
        )
    (row,) = to_rows(lot.rows, LABELS)
    return Event(row["card_id"].encode(), encode(row))


def events(
    source: Iterable[Rows],
    style: Format,
    rejects: Rejects,
    checks: Checks,
    encode: Encode,
    *,
    strict: bool = False,
    known: bool = False,
) -> Iterator[Event]:
    """One per row that the scorer would take. `known`: at the time in the row's own column, else when it is sent."""
    for rows in source:
        kept, times = _known(rows, style) if known else (rows, [0] * len(rows.values))
        for batch in accepted([kept], style, rejects, checks, strict=strict, contract=LABEL):
            for row, at in zip(to_rows(batch, LABELS), batch["offset"].to_pylist(), strict=True):
                yield Event(row["card_id"].encode(), encode(row), times[at])


def _known(rows: Rows, style: Format) -> tuple[Rows, list[int]]:
    """The rows that say when their verdict was known, and when that was; the others are rejects."""
    kept, reader, cells = Rows(rejects=[*rows.rejects]), Events(KNOWN), Cells(KNOWN)
    times: list[int] = []
    for line, row in zip(rows.lines, rows.values, strict=True):
        try:
            time: Any = reader.from_mapping(cells.typed(row) if style is Format.CSV else row)["timestamp"]
        except DeadLetter as letter:
            kept.rejects.append(Reject(line, letter.reason, letter.detail))
            continue
        if not TIMES.low <= time <= TIMES.high:
            detail = f"timestamp is not within {TIMES.low} to {TIMES.high}"
            kept.rejects.append(Reject(line, TIMES.reason, detail))
            continue
        kept.lines.append(line)
        kept.values.append(row)
        times.append(time)
    return kept, times
