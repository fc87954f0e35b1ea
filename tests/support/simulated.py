"""A simulated past, held in memory: a source to train from, and what is true of each event."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.features import Places
from models.hashing import hash_strings
from models.history import Builder
from models.labels import LabelColumns
from producer import records
from producer.population import Population
from producer.scenarios import MIX, Mix
from producer.simulate import Simulation
from schemas.lot.buffers import flags, numbers
from schemas.lot.table import SCHEMA

START_MS = 1_767_225_600_000
DAY_MS = 86_400_000
PLACES = Places("UTC", ("DE",), (4829, 6051, 7995))
PER_DAY = 1.5


def builder() -> Builder:
    return Builder(PLACES)


@dataclass(frozen=True)
class Simulated:
    lots: list[pa.RecordBatch]
    verdicts: list[LabelColumns]
    truth: dict[int, str] = field(repr=False)
    """Scenario by hash of the event."""

    @classmethod
    def of(cls, customers: int, seed: int, days: int, mix: Mix = MIX) -> Self:
        people = Population.of(customers)
        simulation = Simulation(people, seed, START_MS, int(customers * PER_DAY), mix)
        lots, labels, truth, offset, labelled = [], [], {}, 0, 0
        for step in simulation.steps(days=days, settled=True):
            rows = records.transactions(simulation, step.deliveries)
            lots.append(lot(rows, offset))
            offset += rows.num_rows
            verdicts = records.labels(simulation, step.verdicts)
            labels.append(label_columns(verdicts, labelled))
            labelled += verdicts.num_rows
            true = records.truths(simulation, step.deliveries)
            truth |= dict(zip(hash_strings(true["event_id"]).tolist(), true["scenario"].to_pylist(), strict=True))
        return cls([each for each in lots if each.num_rows], labels, truth)

    def transactions(self) -> Iterator[pa.RecordBatch]:
        return iter(self.lots)

    def labels(self) -> Iterator[LabelColumns]:
        return iter(self.verdicts)

    def scenarios(self, events: NDArray[np.uint64]) -> NDArray[np.str_]:
        return np.array([self.truth[each] for each in events.tolist()])

    def labelled(self, verdicts: list[LabelColumns]) -> Self:
        return replace(self, verdicts=verdicts)


def lot(rows: pa.RecordBatch, offset: int) -> pa.RecordBatch:
    """Simulated transactions as they would be read from partition 0."""
    count = rows.num_rows
    coordinates = {
        "partition": pa.array(np.zeros(count, np.int32)),
        "offset": pa.array(np.arange(offset, offset + count)),
        "timestamp": rows["timestamp"].cast(pa.int64()),
        "marks": pa.array(np.zeros(count, np.uint32)),
    }
    columns = [coordinates.get(each.name) for each in SCHEMA]
    filled = [
        rows[each.name].cast(each.type) if column is None else column
        for each, column in zip(SCHEMA, columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(filled, schema=SCHEMA)


def label_columns(rows: pa.RecordBatch, offset: int) -> LabelColumns:
    count = rows.num_rows
    event, card, terminal = (hash_strings(rows[name]) for name in ("event_id", "card_id", "terminal_id"))
    fraud = rows["is_fraud"].to_numpy(zero_copy_only=False).astype(np.bool_)
    assert flags(rows["is_fraud"]).all()
    return LabelColumns(
        event,
        card,
        terminal,
        numbers(rows["amount_minor"]).astype(np.int64),
        numbers(rows["event_time"]).copy(),
        fraud,
        numbers(rows["timestamp"]).copy(),
        np.zeros(count, np.int64),
        np.arange(offset, offset + count),
        np.ones(count, np.bool_),
    )
