"""Rows that were left out, each with its file, row, id and reason: JSON lines, or CSV where the name says so."""

import csv
import json
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final, TextIO

from batch.nightly.source import Rejected
from models.artefact.durable import PART
from schemas.errors import FraudstreamError

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
    """There when the block ends, also where nobody was left; a file of before goes, also where nothing was rejected.

    Two runs of a day, such as one that is dry, do not write into the file of the other.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{PART}{uuid.uuid4().hex}-{path.name}")
    try:
        with part.open("x", encoding="utf-8", newline="") as file:
            found = Rejects(file, csv_=path.suffix.lower() == ".csv")
            try:
                yield found
            except FraudstreamError:
                file.flush()
                _settle(part, path, found)
                raise
        _settle(part, path, found)
    finally:
        part.unlink(missing_ok=True)


def _settle(part: Path, path: Path, found: Rejects) -> None:
    if found.total:
        part.replace(path)
    else:
        path.unlink(missing_ok=True)
