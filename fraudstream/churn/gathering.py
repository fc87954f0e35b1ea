"""Labelled customers out of files: what `churn train` and `churn evaluate` learn and judge from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from batch.customers.table import whole
from batch.history.files import File
from batch.history.rejects import Rejects
from models.churn.learning import Labelled, truth
from schemas.errors import Usage


@dataclass(frozen=True, slots=True)
class Origin:
    """`positive` is the value of the label that means that somebody left; `key` None: found out."""

    files: Sequence[File]
    label: str
    positive: str | None
    key: str | None
    rejects: Rejects


def gather(origin: Origin, note: Callable[[str], None]) -> Labelled:
    """`note` hears what is worth knowing about the table as a whole."""
    table = whole(origin.files, origin.key, [origin.label], origin.rejects)
    names = table.rows.schema.names
    if origin.label not in names:
        raise Usage(f"the customers have no column {origin.label!r}", fix=f"--label names one of {', '.join(names)}")
    churned, known = truth(origin.label, table.rows[origin.label], origin.positive)
    where = np.flatnonzero(known)
    unknown = len(known) - len(where)
    keyed = f"ids are in {table.key}" if table.key else "no column tells customers apart, so each row counts as one"
    without = f", {unknown:,} without a label left out" if unknown else ""
    bad = f", {origin.rejects.total:,} rejected ({origin.rejects.counted()})" if origin.rejects.total else ""
    note(f"read {table.read:,} rows; {keyed}{without}{bad}")
    labelled = Labelled(table.rows, table.numbers, churned, table.key, origin.label)
    return labelled.take(where) if unknown else labelled
