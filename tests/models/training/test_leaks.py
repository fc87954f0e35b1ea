"""Features that know the future are found out, each of the usual kinds; honest ones pass."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from support.simulated import DAY_MS, Simulated, builder

from models.features import POSITION, Matrix
from models.hashing import Hashes, hash_strings
from models.judging.gates import AsOf
from models.judging.splits import Lengths
from models.labels import LabelColumns, LabelParams
from models.training import leaks
from models.training.past import Past, gather
from models.training.windows import Windows
from schemas.lot.buffers import numbers

PARAMS = LabelParams()
WINDOWS = Windows(Lengths(warm_up=10, train=15, gap=7, pick=4, test=4), folds=1)
PLANTED = "terminal_fraud_share_7d"
Visible = Callable[[LabelColumns, int], np.ndarray]


def same_day(labels: LabelColumns, time: int) -> np.ndarray:
    return labels.event_time // DAY_MS == time // DAY_MS


def all_time(labels: LabelColumns, _time: int) -> np.ndarray:
    return np.ones(len(labels), np.bool_)


def too_early(labels: LabelColumns, time: int) -> np.ndarray:
    """As soon as somebody said so, before the delay and the step."""
    return labels.known_at <= time + DAY_MS // 4


def leaky(visible: Visible) -> leaks.Derive:
    """The honest features, but for the fraud share of the terminal."""
    honest = leaks.by_folds(builder)

    def derive(lots: Iterator[pa.RecordBatch], labels: Sequence[LabelColumns], events: Hashes) -> Matrix:
        given = list(lots)
        matrix = honest(iter(given), labels, events)
        at = {int(event): row for row, event in enumerate(events)}
        rates = shares(labels)
        for lot in given:
            columns = (hash_strings(lot["event_id"]), hash_strings(lot["terminal_id"]), numbers(lot["event_time"]))
            for event, terminal, time in zip(*(column.tolist() for column in columns), strict=True):
                if event in at and terminal in rates:
                    seen = visible(rates[terminal], time)
                    fraud = rates[terminal].is_fraud[seen]
                    matrix[at[event], POSITION[PLANTED]] = fraud.mean() if len(fraud) else np.nan
        return matrix

    return derive


def shares(labels: Sequence[LabelColumns]) -> dict[int, LabelColumns]:
    rows: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, batch in enumerate(labels):
        for row, terminal in enumerate(batch.terminal.tolist()):
            rows[terminal].append((number, row))
    return {terminal: joined(labels, where) for terminal, where in rows.items()}


def joined(labels: Sequence[LabelColumns], where: list[tuple[int, int]]) -> LabelColumns:
    parts = [labels[number].take(np.array([row])) for number, row in where]
    return LabelColumns(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in LabelColumns.__dataclass_fields__)
    )


@pytest.fixture(scope="module")
def source() -> Simulated:
    return Simulated.of(200, 5, 52)


@pytest.fixture(scope="module")
def past(source: Simulated) -> Past:
    return gather(source, builder(), PARAMS, keep_ms=WINDOWS.keep_ms, gap_days=7, say=lambda *_: None)


def found(source: Simulated, past: Past, derive: leaks.Derive, known: Past) -> AsOf:
    split = WINDOWS.splits(past.first, past.end(7))[-1]
    hours = leaks.hours_of(past.table, split.test, PARAMS, seed=1)
    return leaks.check(known.table, source, PARAMS, hours, derive)


def test_honest_features_do_not_change(source: Simulated, past: Past) -> None:
    """Every sampled row has the same bits when what came later is taken away."""
    finding = found(source, past, leaks.by_folds(builder), past)
    assert finding.rows > 20
    assert finding.different == 0
    assert finding.features == ()


@pytest.mark.parametrize("visible", [same_day, all_time, too_early])
def test_a_planted_leak_is_found_out(source: Simulated, past: Past, visible: Visible) -> None:
    """The fraud share of the day, of all time, or of labels nobody had yet: the feature is named."""
    derive = leaky(visible)
    matrix = derive(source.transactions(), source.verdicts, past.table.event)
    known = replace(past, table=replace(past.table, features=matrix))
    finding = found(source, past, derive, known)
    assert finding.different > 0
    assert finding.features == (PLANTED,)
