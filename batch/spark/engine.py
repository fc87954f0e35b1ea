"""A generation made and written by the tasks of a Spark cluster, of the same bits as one machine makes.

    read     a part of the input each: rows are scored
    settle   a range each: duplicates found, customers sorted
    pack     here: the packed form of all, for the digest and the archive, in files as on one machine
    write    a range each: its buckets, as long as the generation is this run's

Lock, gates, archive, chunks, the check of what was written and the pointer stay here.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from redis import Redis

from batch.nightly.content import Facts, Still, Written, read_columns, write_columns
from batch.nightly.limits import Limits
from batch.nightly.line import Line
from batch.nightly.prepare import Again, Prepared, Say, Seen, Ways, ways
from batch.nightly.rejects import Rejects
from batch.nightly.source import Rejected, Source
from batch.nightly.spill import Entries
from batch.spark import tasks
from batch.spark.reader import Reader, parts
from batch.spark.tasks import AGAIN, COLUMNS, ENTRIES, KEPT, REJECTS, ROWS, SEEN
from models.churn.packed import NUMBER, SCORE, Packed, SameNumber
from models.churn.tally import Tally
from schemas.churn import Keys, Meta
from schemas.errors import Misconfigured

if TYPE_CHECKING:
    from batch.spark.session import Session

Open = Callable[[ExitStack], "Session"]


@dataclass(slots=True)
class Spark:
    """An engine. `connect` makes a client of Redis where a task runs; `open_` starts Spark when it is needed."""

    reader: Reader
    connect: Callable[[], Redis]
    keys: Keys
    open_: Open
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def prepare(self, source: Source, folder: Path, limits: Limits, rejects: Rejects, say: Say) -> Prepared:
        """As `batch.nightly.prepare.prepare`: the same content, the same rejects in the same order."""
        say("starting Spark", 0)
        session = self.open_(self._stack)
        scored = self._scored(session, source, say)
        seen = _seen(session, scored)
        for cells in session.some(scored, REJECTS):
            rejects.add([Rejected(**each) for each in json.loads(cells.data)])
        rejected, cut, again = rejects.total, ways(seen, source, limits), Again(source, rejects)
        ranges = _settled(session, scored, cut, say)
        for cells in session.some(ranges, AGAIN):
            again.add(tasks.unpacked_rows([bytes(cells.data)]))
        say("packing", 0)
        tally, digest = _pack(session, ranges, folder, cut)
        facts = cut.facts(tally, digest, seen.highest)
        counted = seen.counted(rejects, rejected, again.rows)
        return Prepared(Spread(session, ranges, self, folder, facts, say), tally, counted)

    def _scored(self, session: "Session", source: Source, say: Say) -> Any:  # noqa: ANN401 - Spark's
        found = parts(source.files)
        work, done = session.broadcast((self.reader, found)), session.counter()
        frame = session.numbers(len(found)).mapInArrow(tasks.Score(work, done), COLUMNS)
        return session.kept(frame, lambda: say("scoring", done.value))


@dataclass(frozen=True, slots=True)
class Spread:
    """Buckets are with the executors, the packed form is here."""

    session: "Session"
    ranges: Any
    engine: Spark
    folder: Path
    facts: Facts
    say: Say

    def write(self, _line: Line, keys: Keys, meta: Meta, fence: int, still: Still) -> Iterator[Written]:
        done = self.session.counter()
        task = tasks.Write(self.engine.connect, keys, meta, fence, done)

        def watch() -> None:
            still()
            self.say("publishing", done.value)

        frame = self.session.of(self.ranges, KEPT).mapInArrow(task, COLUMNS)
        found = [tasks.written(each.number, bytes(each.data)) for each in self.session.collect(frame, watch)]
        if (rows := sum(int(each.counts.sum()) for each in found)) != self.facts.rows:
            said = f"tasks wrote {rows:,} customers, not {self.facts.rows:,}"
            raise Misconfigured(said, fix="nothing went live; run it again")
        yield from found

    def chunks(self) -> Iterator[Packed]:
        yield from read_columns(self.folder, self.facts.rows)


def _seen(session: "Session", scored: Any) -> Seen:  # noqa: ANN401
    """Of all parts together."""
    whole = Seen()
    for each in session.some(scored, SEEN):
        whole.join(Seen(**json.loads(each.data)))
    return whole


def _settled(session: "Session", scored: Any, cut: Ways, say: Say) -> Any:  # noqa: ANN401
    ranges, done = 1 if cut.whole else cut.ranges, session.counter()
    rows = session.of(scored, ROWS).mapInArrow(tasks.Cut(ranges, cut.dense), COLUMNS)
    frame = session.by_number(rows, ranges).mapInArrow(tasks.Settle(done), COLUMNS)
    return session.kept(frame, lambda: say("checking", done.value))


def _pack(session: "Session", ranges: Any, folder: Path, cut: Ways) -> tuple[Tally, str]:  # noqa: ANN401
    tally, entries = Tally(), Entries(folder, cut.ranges)
    for each in session.some(ranges, ENTRIES):
        numbers = np.frombuffer(each.data, NUMBER, each.number)
        scores = np.frombuffer(each.data, SCORE, each.number, numbers.nbytes)
        tally.add(scores)
        entries.add(numbers, scores)
    try:
        return tally, write_columns(folder, entries.packed())
    except SameNumber:
        raise Misconfigured(
            "two customers have the same 64-bit number, so that they could not be told apart",
            fix="take one of them out of the input: a dry run with --engine local names them",
        ) from None
