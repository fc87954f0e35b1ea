"""From files to the content of a generation, in bounded memory.

read     lots are scored and set aside in ranges: all customers of a bucket are in one
settle   a range at a time: duplicates found, scores counted, numbers and scores set aside by number
pack     a range of numbers at a time: sorted, written behind the last one
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Final

import numpy as np

from batch.generation import fills
from batch.nightly.buckets import NONE, decimals
from batch.nightly.content import Content, Facts, OnDisk, write_columns
from batch.nightly.gates import Counted
from batch.nightly.limits import Limits
from batch.nightly.rejects import Rejects
from batch.nightly.scored import Scored, line_of
from batch.nightly.settled import collision, settled
from batch.nightly.source import DUPLICATE, OUT_OF_RANGE, Lot, Rejected, Source
from batch.nightly.spill import MOST_RANGES, RANGE_ROWS, RANGES, Entries, Spill, by_bucket
from models.churn.packed import Packed, SameNumber
from models.churn.tally import Tally
from schemas.churn import IDS_PER_BUCKET, BucketRule
from schemas.errors import Misconfigured, Usage

AHEAD: Final = 2
"""Lots that are read while one is set aside."""

Say = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    content: Content
    tally: Tally
    counted: Counted


@dataclass(slots=True)
class Seen:
    """What ids and cells are like, as far as they have been read; cells by column."""

    rows: int = 0
    read: int = 0
    highest: int = -1
    named: bool = False
    blank: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)

    def add(self, lot: Lot) -> None:
        rows = lot.rows
        self.read += lot.read
        self.rows += len(rows)
        for name, unread in lot.unread.items():
            _more(self.blank, name, unread.blank)
            _more(self.unknown, name, unread.unknown)
        if len(rows):
            found = decimals(rows.ids)
            self.highest = max(self.highest, int(found.max()))
            self.named = self.named or bool((found == NONE).any())

    def join(self, other: "Seen") -> None:
        self.rows += other.rows
        self.read += other.read
        self.highest = max(self.highest, other.highest)
        self.named = self.named or other.named
        for name, count in other.blank.items():
            _more(self.blank, name, count)
        for name, count in other.unknown.items():
            _more(self.unknown, name, count)

    def counted(self, rejects: "Rejects", rejected: int, again: int) -> Counted:
        """`rejected` without those that were there `again`."""
        return Counted(self.read, rejected, again, rejects.reasons[OUT_OF_RANGE], self.blank, self.unknown)

    def dense(self, limits: Limits) -> bool:
        return limits.dense and not self.named and fills(self.highest, self.rows)


def _more(counts: dict[str, int], name: str, by: int) -> None:
    counts[name] = counts.get(name, 0) + by


def prepare(source: Source, folder: Path, limits: Limits, rejects: Rejects, say: Say) -> Prepared:
    """Raises Usage where no customer is left, Misconfigured where two have one number."""
    seen = Seen()
    spill = Spill(folder, "read")
    try:
        for lot in _ahead(source.lots()):
            seen.add(lot)
            rejects.add(lot.rejected)
            spill.add(lot.rows, by_bucket(lot.rows, RANGES, dense=True))
            say("scoring", seen.read)
    finally:
        spill.done()
    rejected, cut = rejects.total, ways(seen, source, limits)
    if cut.ranges != RANGES or (not cut.dense and seen.highest >= 0):
        spill = _again(spill, folder, cut.ranges, dense=cut.dense)
    again = Again(source, rejects)
    tally, content = _settle(spill, folder, cut, again, say)
    return Prepared(content, tally, seen.counted(rejects, rejected, again.rows))


@dataclass(frozen=True, slots=True)
class Ways:
    """Into which ranges the rows are cut, whatever the engine; `whole`: all rows are one range."""

    whole: bool
    dense: bool
    ranges: int
    per_bucket: int

    def rule(self, rows: int) -> BucketRule:
        """As many buckets as are a multiple of the ranges: a range then has all customers of its buckets."""
        ranges = 1 if self.whole else self.ranges
        return BucketRule(0 if self.dense else -(-rows // (self.per_bucket * ranges)) * ranges)

    def facts(self, tally: Tally, digest: str, highest: int) -> Facts:
        """`highest` is the highest id where the ways are dense."""
        rule = self.rule(tally.rows)
        return Facts.of(tally, digest, rule, highest // IDS_PER_BUCKET if self.dense else rule.buckets - 1)


def ways(seen: Seen, source: Source, limits: Limits) -> Ways:
    """Raises Usage where no customer is left."""
    if not seen.rows:
        raise Usage(
            f"{', '.join(map(str, source.files[:3]))}: no row has a customer and a score",
            fix="nothing was written, what was live stays live; see the rejects file for what is wrong with the rows",
        )
    ranges = RANGES
    while seen.rows > ranges * RANGE_ROWS and ranges < MOST_RANGES:
        ranges *= 2
    return Ways(seen.rows <= RANGE_ROWS, seen.dense(limits), ranges, limits.per_bucket)


@dataclass(slots=True)
class Again:
    """Rows of customers who were there before."""

    source: Source
    rejects: Rejects
    rows: int = 0

    def add(self, again: Scored) -> None:
        self.rows += len(again)
        found = []
        for row in np.argsort(again.places):
            file, line = line_of(int(again.places[row]))
            found.append(Rejected(str(self.source.files[file]), line, again.ids[row].as_py(), DUPLICATE))
        self.rejects.add(found)


def _again(spill: Spill, folder: Path, ranges: int, *, dense: bool) -> Spill:
    """Other ranges, a batch at a time."""
    found = Spill(folder, "sorted")
    for number in spill.ranges:
        for rows in spill.batches(number):
            found.add(rows, by_bucket(rows, ranges, dense=dense))
    found.done()
    spill.remove()
    return found


def _settle(spill: Spill, folder: Path, cut: Ways, again: Again, say: Say) -> tuple[Tally, Content]:
    tally, entries, kept, highest = Tally(), Entries(folder, cut.ranges), Spill(folder, "kept"), -1
    for number, rows in _groups(spill, cut.whole):
        found = settled(rows)
        again.add(found.again)
        tally.add(found.kept.scores)
        entries.add(found.kept.numbers, found.kept.scores)
        highest = max(highest, int(decimals(found.kept.ids).max())) if cut.dense else highest
        kept.add_all(found.kept, number)
        say("checking", tally.rows)
    kept.done()
    spill.remove()
    digest = write_columns(folder, _packed(entries, kept))
    return tally, OnDisk(folder, kept, kept.ranges, cut.facts(tally, digest, highest))


def _groups(spill: Spill, whole: bool) -> Iterator[tuple[int, Scored]]:
    if whole:
        yield 0, spill.read(*spill.ranges)
        return
    for number in spill.ranges:
        yield number, spill.read(number)


def _packed(entries: Entries, kept: Spill) -> Iterator[Packed]:
    try:
        yield from entries.packed()
    except SameNumber as error:
        raise _named(kept, error) from None


def _named(kept: Spill, error: SameNumber) -> Misconfigured:
    """Duplicates are gone by now, so the two have different ids."""
    numbers = np.concatenate([kept.read(number).numbers for number in kept.ranges])
    found, counts = np.unique(numbers, return_counts=True)
    twice = found[counts > 1][0]
    ids = [each for number in kept.ranges for each in _with(kept.read(number), twice)]
    return collision(*ids[:2]) if len(ids) > 1 else Misconfigured(str(error))


def _with(rows: Scored, number: np.uint64) -> list[str]:
    return [str(rows.ids[int(row)]) for row in np.flatnonzero(rows.numbers == number)]


def _ahead(lots: Iterator[Lot]) -> Iterator[Lot]:
    """Reading goes on while what was read is worked on; what it raises is raised here."""
    queue: Queue[Lot | BaseException | None] = Queue(AHEAD)
    ended = False

    def read() -> None:
        try:
            for lot in lots:
                if ended:
                    return
                queue.put(lot)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            queue.put(error)
        else:
            queue.put(None)

    reader = Thread(target=read, name="reader", daemon=True)
    reader.start()
    try:
        while (found := queue.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        ended = True
        while reader.is_alive():
            while not queue.empty():
                queue.get()
            reader.join(0.01)
