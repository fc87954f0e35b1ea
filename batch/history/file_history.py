"""A history out of files. They are looked through once, before anything is handed out: what is rejected, whether they
are in order of arrival, whether they are small enough to be kept.

Files in order are then read again, some rows at a time, so memory does not grow with them; others are sorted in
memory, and that is said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pyarrow as pa

from batch.history.assignment import Assignment
from batch.history.files import File
from batch.history.history import Account
from batch.history.labels import Events, Labels
from batch.history.pieces import ROWS
from batch.history.rejects import Rejects
from batch.history.sheet import Reading
from batch.history.transactions import Accepted, Labelling, Transactions, joined
from batch.history.truths import Truths, TruthTables, together, told, truths_of
from models.hashing import hash_strings
from models.labels import LabelColumns
from models.labels.rows import label_columns, terminals
from models.money import Money
from schemas.errors import Usage
from schemas.lot import Checks
from schemas.lot.buffers import numbers

KEPT_BYTES: Final = 256 << 20
"""Up to here rows are kept instead of read again."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Files, and what was told about them."""

    transactions: Sequence[File]
    told: Assignment
    label_told: Assignment
    truth_told: Assignment
    labels: Sequence[File] = ()
    truths: Sequence[File] = ()
    reading: Reading = field(default_factory=Reading)
    delay_ms: int | None = None
    checks: Checks = field(default_factory=Checks)
    money: Money = field(default_factory=Money)
    verdicts: bool = True
    """Whether anybody will ask for labels; without, the transactions need say nothing of fraud."""


@dataclass(slots=True)
class _Survey:
    read: int = 0
    accepted: int = 0
    ordered: bool = True
    last: int = 0
    kept: list[Accepted] | None = field(default_factory=list)
    kept_bytes: int = 0

    def see(self, some: Accepted, most: int) -> None:
        self.read += some.read
        self.accepted += some.rows.num_rows
        if some.rows.num_rows:
            stamps = numbers(some.rows["timestamp"])
            self.ordered &= bool(stamps[0] >= self.last and (stamps[1:] >= stamps[:-1]).all())
            self.last = int(stamps[-1])
        self.kept_bytes += some.nbytes
        if self.kept_bytes > most:
            self.kept = None
        elif self.kept is not None:
            self.kept.append(replace(some, rejects=()))


class FileHistory:
    """`note` hears what is worth knowing about the files as a whole."""

    def __init__(
        self, origin: Origin, rejects: Rejects, note: Callable[[str], None], kept_bytes: int = KEPT_BYTES
    ) -> None:
        self._origin, self._rejects, self._note, self._kept_bytes = origin, rejects, note, kept_bytes
        in_table = origin.verdicts and not origin.labels
        self._table = Transactions(
            origin.transactions, origin.told, origin.reading, Labelling(in_table, origin.delay_ms), origin.checks
        )
        self._label_rejects, self._truth_rejects = rejects.beside(), rejects.beside()
        self._surveyed: _Survey | None = None
        self._events: Events | None = None
        self._truths: Truths | None = None
        self._labels: int | None = None
        self._strangers = 0
        self._given = 0

    def transactions(self) -> Iterator[pa.RecordBatch]:
        self._given = 0
        for some in self._accepted():
            yield some.rows
            self._given += some.rows.num_rows

    def labels(self) -> Iterator[LabelColumns]:
        found = 0
        for labels in self._from_files() if self._origin.labels else self._in_table():
            found += len(labels)
            yield labels
        if self._labels is None and self._origin.labels:
            self._label_rejects.settle(found + self._label_rejects.total + self._strangers, "labels")
        self._labels = found

    def truths(self) -> Truths | None:
        if self._origin.truths and self._truths is None:
            tables = TruthTables(self._origin.truths, self._origin.truth_told, self._origin.reading)
            self._truths = told(tables, self._truth_rejects)
        if self._truths is None and self._table.with_scenarios and not self._origin.labels:
            self._truths = together(
                truths_of(some.rows["event_id"].filter(known), some.fraud.filter(known), some.scenario.filter(known))
                for some in self._accepted()
                if (known := some.fraud.is_valid()) is not None
            )
        return self._truths

    @property
    def account(self) -> Account:
        survey = self._surveyed or _Survey()
        reasons = self._rejects.reasons + self._label_rejects.reasons + self._truth_rejects.reasons
        origin = ", ".join(map(str, self._origin.transactions))
        return Account(origin, survey.read, survey.accepted, self._labels or 0, reasons, self._strangers)

    @property
    def share(self) -> float | None:
        return self._given / self._surveyed.accepted if self._surveyed and self._surveyed.accepted else None

    def _accepted(self) -> Iterator[Accepted]:
        survey = self._survey()
        if survey.kept is not None:
            return iter(survey.kept)
        if survey.ordered:
            return iter(self._table)
        survey.kept = _sorted(list(self._table))
        return iter(survey.kept)

    def _survey(self) -> _Survey:
        if self._surveyed is None:
            survey = _Survey()
            for some in self._table:
                self._rejects.add(some.rejects)
                survey.see(some, self._kept_bytes)
            self._rejects.settle(survey.read, "rows")
            if not survey.accepted:
                raise Usage(f"{self.account.origin}: there are no transactions", fix="give a file that has rows")
            if not survey.ordered:
                self._note(f"{self.account.origin}: not in order of arrival, so all rows are sorted in memory")
                survey.kept = None if survey.kept is None else _sorted(survey.kept)
            self._surveyed = survey
        return self._surveyed

    def _in_table(self) -> Iterator[LabelColumns]:
        for some in self._accepted():
            known = some.fraud.is_valid()
            rows = some.rows.filter(known)
            rows = _with(rows, "timestamp", some.known.filter(known)).append_column(
                "is_fraud", some.fraud.filter(known)
            )
            yield label_columns(rows, self._origin.money)

    def _from_files(self) -> Iterator[LabelColumns]:
        self._survey()
        of = self._origin
        table = Labels(of.labels, of.label_told, of.reading, of.delay_ms, of.checks, of.money, self._known_events)
        strangers, counting = 0, self._labels is None
        for some in table:
            if counting:
                self._label_rejects.add(some.rejects)
            strangers += some.strangers
            yield some.labels
        self._strangers = strangers

    def _known_events(self) -> Events:
        if self._events is None:
            columns = [_of_events(some.rows, self._origin.money) for some in self._accepted()]
            self._events = Events.of(*(np.concatenate(each) for each in zip(*columns, strict=True)))
        return self._events


def _sorted(parts: Sequence[Accepted]) -> list[Accepted]:
    """By arrival; what arrived at once stays in the order of the files."""
    whole = joined(parts)
    order = np.argsort(numbers(whole.rows["timestamp"]), kind="stable")
    return [whole.take(order[first : first + ROWS]) for first in range(0, len(order), ROWS)]


def _with(rows: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    return rows.set_column(rows.schema.get_field_index(name), name, values)


def _of_events(rows: pa.RecordBatch, money: Money) -> tuple[np.ndarray, ...]:
    return (
        hash_strings(rows["event_id"]),
        hash_strings(rows["card_id"]),
        terminals(rows["terminal_id"]),
        money.amounts(rows)[0],
        numbers(rows["event_time"]).copy(),
    )
