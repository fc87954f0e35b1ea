"""Rows of a file to columns: what the scorer would take goes on, the rest are rejects with line and reason."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from producer.files import LINELESS, Format, Reject, Rows
from producer.rejects import Rejects
from schemas.contracts import TRANSACTION, Contract
from schemas.errors import Usage
from schemas.lot import Checks, Lot, from_mappings


def accepted(
    source: Iterable[Rows],
    style: Format,
    rejects: Rejects,
    checks: Checks,
    *,
    strict: bool = False,
    contract: Contract = TRANSACTION,
) -> Iterator[pa.RecordBatch]:
    """`strict` ends it with Usage at the first reject, after the rows before it."""
    unit = "row" if style in LINELESS else "line"
    for rows in source:
        lot = from_mappings(rows.values, checks, text=style is Format.CSV, contract=contract)
        found = _rejects(rows, lot)
        if strict and found:
            rejects.add(found[0], unit)
            yield lot.rows.slice(0, sum(rows.lines[row] < found[0].line for row in lot.index))
            raise Usage(
                f"stopped at {unit} {found[0].line}: {found[0].reason}: {found[0].detail}",
                fix=f"correct it; what stands before this {unit} was sent",
            )
        for reject in found:
            rejects.add(reject, unit)
        yield lot.rows


def _rejects(rows: Rows, lot: Lot) -> list[Reject]:
    """In the order of the file."""
    refused = [Reject(rows.lines[each.row], each.reason, each.detail) for each in lot.refusals]
    return sorted([*rows.rejects, *refused], key=lambda each: each.line)
