"""Rows that were left out, each with its file, row, id and reason: JSON lines, or CSV where the name says so."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final, TextIO

from batch.nightly.source import Rejected
from models.artefact.durable import PART

FIELDS: Final = [each.name for each in fields(Rejected)]
MOST_TOLD: Final = 5


class Rejects:
    """Counted by reason; the first ones are kept to be told."""

    def __init__(self, file: TextIO, *, csv_: bool) -> None:
        self._file = file
        self._table: Any = csv.writer(file) if csv_ else None
        if self._table:
            self._table.writerow(FIELDS)
        self.reasons: Counter[str] = Counter()
        self.first: list[Rejected] = []

    @property
    def total(self) -> int:
        return self.reasons.total()

    def add(self, rejected: Sequence[Rejected]) -> None:
        for each in rejected:
            self.reasons[each.reason] += 1
            if self._table:
                self._table.writerow(asdict(each).values())
            else:
                self._file.write(json.dumps(asdict(each), ensure_ascii=False) + "\n")
        self.first += rejected[: max(0, MOST_TOLD - len(self.first))]


@contextmanager
def rejects_in(path: Path) -> Iterator[Rejects]:
    """There whole when the block ends, and not at all where nothing was rejected; a file of before is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{PART}{path.name}")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            found = Rejects(file, csv_=path.suffix.lower() == ".csv")
            yield found
        if found.total:
            part.replace(path)
        else:
            path.unlink(missing_ok=True)
    finally:
        part.unlink(missing_ok=True)
