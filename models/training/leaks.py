"""Whether features know the future: they are derived again with everything later taken away, and must not change.

For some hours of the test days: what arrived after the hour's last event is deleted, and every label that counts only
after that hour is turned around. The rows of the hour must have the same features in every bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Final

import numpy as np

from models.features import FEATURES, Matrix
from models.hashing import Hashes, hash_strings
from models.history import Builder, Table
from models.judging.gates import AsOf
from models.judging.splits import Period
from models.labels import LabelColumns, LabelParams
from models.training.logs import Logs, Lots
from schemas.verdicts import Mark

HOURS: Final = 3
MOST_ROWS: Final = 2_000
"""Of one hour."""

Derive = Callable[[Lots, Sequence[LabelColumns], Hashes], Matrix]
"""Features of the events named last, derived from these transactions, in the order of arrival, and labels alone."""


def by_folds(builder: Callable[[], Builder]) -> Derive:
    """As the stream does."""

    def derive(lots: Lots, labels: Sequence[LabelColumns], events: Hashes) -> Matrix:
        fresh = builder()
        for batch in labels:
            fresh.learn(batch)
        return _of_events([_of(fresh.fold(lot), events) for lot in lots], events)

    return derive


def hours_of(table: Table, period: Period, params: LabelParams, seed: int) -> list[int]:
    """Steps of the period in which something happened, drawn by the seed."""
    steps = np.unique(table.time[period.holds(table.time)] // params.step_ms)
    return sorted(np.random.default_rng(seed).permutation(steps)[:HOURS].tolist())


def check(
    table: Table,
    logs: Logs,
    params: LabelParams,
    hours: Sequence[int],
    derive: Derive,
) -> AsOf:
    """`table` has the features as they were derived from all of the logs."""
    rows, different, names = 0, 0, set()
    for hour in hours:
        sample = np.flatnonzero((table.time // params.step_ms == hour) & (table.marks & Mark.LATE == 0))[:MOST_ROWS]
        events = table.event[sample]
        again = derive(
            until(logs.transactions(), events), [_turned(each, hour, params) for each in logs.labels()], events
        )
        same = again.view(np.int64) == np.ascontiguousarray(table.features[sample]).view(np.int64)
        rows += len(sample)
        different += int(np.count_nonzero(~same.all(axis=1)))
        names |= {FEATURES[at].name for at in np.flatnonzero(~same.all(axis=0)).tolist()}
    return AsOf(rows, different, tuple(each.name for each in FEATURES if each.name in names))


def until(lots: Lots, events: Hashes) -> Lots:
    """Ends with the first arrival of the last of these events."""
    waiting = set(events.tolist())
    for lot in lots:
        found = hash_strings(lot["event_id"])
        here = np.flatnonzero(np.isin(found, events))
        for row in here.tolist():
            waiting.discard(int(found[row]))
            if not waiting:
                yield lot.slice(0, row + 1)
                return
        yield lot


def _turned(labels: LabelColumns, hour: int, params: LabelParams) -> LabelColumns:
    unseen = params.effects(labels.known_at, labels.event_time) > hour
    columns = {each.name: getattr(labels, each.name) for each in fields(LabelColumns)}
    return LabelColumns(**{**columns, "is_fraud": labels.is_fraud ^ unseen})


def _of(table: Table, events: Hashes) -> Table:
    return table.take(np.isin(table.event, events) & (table.marks & Mark.REDELIVERED == 0))


def _of_events(tables: Sequence[Table], events: Hashes) -> Matrix:
    """In their order; infinite where one did not come, which no feature is."""
    found = Table.concat(tables)
    matrix = np.full((len(events), len(FEATURES)), np.inf)
    order = np.argsort(events, kind="stable")
    matrix[order[np.searchsorted(events[order], found.event)]] = found.features
    return matrix
