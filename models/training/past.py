"""One pass over a history: the rows that may teach, pick or judge, and what was said of them by when."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.history import FRAUD, UNKNOWN, Builder, Table, Verdicts, pieces
from models.judging.counts import Flags
from models.judging.splits import DAY_MS, Period
from models.labels import LabelColumns, LabelParams
from models.training.logs import Logs
from schemas.errors import Usage
from schemas.verdicts import Mark

NEARLY_ALL: Final = 0.999
NEVER: Final = -(2**62)
MOST_DOUBLED: Final = 0.001
"""Copies that came so late that nobody remembered the first; more are a mistake."""

Say = Callable[[str, int], None]
"""What is being done, and how many rows of it are done."""


class Known(NamedTuple):
    """Rows whose verdict is known, and what it is."""

    row: NDArray[np.int64]
    fraud: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """`first` and `last` are of nearly all events, also of those that are not kept; `seen` counts them."""

    table: Table
    verdicts: Verdicts
    first: int
    last: int
    last_label: int
    seen: int

    def rows(self, period: Period) -> NDArray[np.int64]:
        return np.flatnonzero(period.holds(self.table.time))

    def known(self, period: Period, as_of: int | None = None) -> Known:
        """By the labels that count at that time, or by every label there is."""
        said = self.verdicts.final() if as_of is None else self.verdicts.as_of(as_of)
        row = np.flatnonzero(period.holds(self.table.time) & (said != UNKNOWN))
        return Known(row, said[row] == FRAUD)

    def end(self, gap_days: int) -> int:
        """Of the last day whose verdicts had as long to come as the gap says; whole days."""
        return min(-(-self.last // DAY_MS), (self.last_label - gap_days * DAY_MS) // DAY_MS) * DAY_MS


def gather(logs: Logs, builder: Builder, params: LabelParams, *, keep_ms: int, gap_days: int, say: Say) -> Past:
    """Keeps the rows of the newest `keep_ms` whose verdicts had so many days to come; copies are folded and left out.

    A few wrong dates do not move the end: it is where nearly all rows of a lot, and nearly all labels, have come to.
    """
    labels = _learn(logs, builder, say)
    last_label = int(np.quantile(np.concatenate([each.known_at for each in labels]), NEARLY_ALL, method="lower"))
    settled = last_label - gap_days * DAY_MS
    kept: deque[Table] = deque()
    first, last, seen = -NEVER, NEVER, 0
    for lot in logs.transactions():
        for piece in pieces(lot):
            table = builder.fold(piece)
            seen += len(table)
            first = min(first, int(table.time.min()))
            last = max(last, int(np.quantile(table.time, NEARLY_ALL, method="lower")))
            kept.append(table.take(table.marks & Mark.REDELIVERED == 0))
            while int(kept[0].time.max(initial=NEVER)) < min(last, settled) - keep_ms:
                kept.popleft()
        say("transactions", seen)
    if not seen:
        raise Usage("there are no transactions to learn from", fix="give files with transactions, or --from-topics")
    table = _each_once(Table.concat(kept))
    return Past(table, Verdicts.of(table.event, LabelColumns.joined(labels), params), first, last, last_label, seen)


def _each_once(table: Table) -> Table:
    """A verdict names an event by its id, so an id that several events have names none of them."""
    _, first, times = np.unique(table.event, return_index=True, return_counts=True)
    doubled = len(table) - len(first)
    if doubled > MOST_DOUBLED * len(table):
        said = table.event_id[int(first[np.argmax(times)])]
        raise Usage(
            f"{doubled:,} of {len(table):,} transactions have the id of another one, as {said} has",
            fix="give each its own, with --map event_id=COLUMN; without the column rows are numbered",
        )
    return table.take(np.sort(first)) if doubled else table


def _learn(logs: Logs, builder: Builder, say: Say) -> list[LabelColumns]:
    labels, count = [], 0
    for batch in logs.labels():
        if not len(batch):
            continue
        builder.learn(batch)
        labels.append(batch)
        count += len(batch)
        say("labels", count)
    if not labels:
        raise Usage("there are no labels to learn from", fix="give --labels, or map is_fraud and give --label-delay")
    return labels
