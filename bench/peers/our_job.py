"""The job in the product's parts: columns of its decoder and windows of its cards in, scores as records out."""  # noqa: INP001

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from bench.peers.job import CHANNELS, DAY_MS, FEATURES, NOWHERE, UNKNOWN
from consumer.lots import Fetched, Pending, Sheaf
from consumer.scoring import Scored, Scorer, Tally
from models.cards.layout import H1, WINDOWS
from models.memory import Memory, Sight
from models.numbers import logistic
from schemas.compiled import compiled
from schemas.lot.buffers import flags, numbers, texts

HOUR: Final = WINDOWS.index(H1)
COUNT, TOTAL = 0, 1
EUR: Final = np.frombuffer(b"EUR", np.uint8)
SCORE_BYTES: Final = 8
Columns = Any


class Windows(Memory):
    """The cards, and of what is known of them the count and the sum of the hour."""

    def see(self, rows: pa.RecordBatch) -> Sight:
        facts = self.cards.fold(rows)
        hour = np.column_stack((facts.counts[:, HOUR], facts.totals[:, HOUR]))
        return Sight(facts.card, facts.at, facts.amount, numbers(rows["marks"]) | facts.marks, hour)


@compiled
def fill(  # noqa: PLR0917 - a kernel takes plain arrays
    hour: Columns,
    at: Columns,
    amount: Columns,
    category: Columns,
    channel: Columns,
    country: Columns,
    latitude: Columns,
    longitude: Columns,
    device: Columns,
    euro: Columns,
    matrix: Columns,
) -> None:
    """In the order of FEATURES."""
    for row in range(len(at)):
        count, total = float(hour[row, COUNT]), float(hour[row, TOTAL])
        paid = float(amount[row])
        matrix[row, 0] = paid / 100
        matrix[row, 1] = at[row] // 60_000 % 1_440
        matrix[row, 2] = (at[row] // DAY_MS + 4) % 7
        matrix[row, 3] = category[row]
        matrix[row, 4] = channel[row]
        matrix[row, 5] = country[row]
        matrix[row, 6] = latitude[row]
        matrix[row, 7] = longitude[row]
        matrix[row, 8] = device[row]
        matrix[row, 9] = amount[row] % 100 == 0
        matrix[row, 10] = euro[row]
        matrix[row, 11] = count
        matrix[row, 12] = total / 100
        matrix[row, 13] = paid * count / total if total != 0 else 0.0
        matrix[row, 14] = paid / total if total != 0 else 0.0


@compiled
def read_countries(data: Columns, offsets: Columns, found: Columns) -> None:
    for row in range(len(found)):
        at = offsets[row]
        found[row] = (data[at] - 65) * 26.0 + data[at + 1] - 65 if offsets[row + 1] > at else UNKNOWN


@compiled
def read_euros(data: Columns, offsets: Columns, euro: Columns, found: Columns) -> None:
    for row in range(len(found)):
        at = offsets[row]
        found[row] = data[at] == euro[0] and data[at + 1] == euro[1] and data[at + 2] == euro[2]


@compiled
def write(scores: Columns, data: Columns, offsets: Columns, starts: Columns, together: Columns) -> None:
    """Of each row the score, then the event's name."""
    for row in range(len(starts)):
        at = starts[row]
        for byte in range(SCORE_BYTES):
            together[at + byte] = scores[SCORE_BYTES * row + byte]
        for byte in range(offsets[row + 1] - offsets[row]):
            together[at + SCORE_BYTES + byte] = data[offsets[row] + byte]


def matrix(rows: pa.RecordBatch, sight: Sight) -> Any:  # noqa: ANN401 - an array
    made, country, euro = np.empty((rows.num_rows, len(FEATURES))), np.empty(rows.num_rows), np.empty(rows.num_rows)
    countries, currencies = texts(rows["country"]), texts(rows["currency"])
    read_countries(countries.data, countries.offsets, country)
    read_euros(currencies.data, currencies.offsets, EUR, euro)
    fill(
        sight.features,
        numbers(rows["event_time"]),
        numbers(rows["amount_minor"]),
        _filled(rows["merchant_category"], UNKNOWN),
        _channels(rows["channel"]),
        country,
        _filled(rows["latitude"], NOWHERE),
        _filled(rows["longitude"], NOWHERE),
        flags(rows["device_id"]),
        euro,
        made,
    )
    return made


def _filled(column: pa.Array, otherwise: float) -> Any:  # noqa: ANN401 - an array
    return np.where(flags(column), numbers(column), otherwise)


def _channels(column: pa.Array) -> Any:  # noqa: ANN401 - an array
    table = np.array([CHANNELS[each] for each in column.dictionary.to_pylist()])
    return np.where(flags(column), table[numbers(column.indices)], UNKNOWN)


@dataclass(frozen=True)
class Job:
    """In the place of the worker's scorer; everything but features, model and output is the worker's own."""

    inner: Scorer
    evaluator: Any
    out: str

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the worker asks its scorer for
        return getattr(self.inner, name)

    def score(self, fetched: Fetched) -> Scored | None:
        inner = self.inner
        if fetched.past is not None:
            inner.state.remember(fetched.past, inner.decoder.decode(fetched.past).rows)
        if not fetched.messages:
            return None
        lot = inner.decoder.decode(fetched.raw)
        if lot.refusals:
            raise AssertionError(f"{len(lot.refusals)} transactions of the simulator were refused")
        sight = inner.state.see(fetched.raw, lot.rows)
        inner.enricher.look_up(lot.rows["customer_id"], sight.at)
        values = _records(logistic(self.evaluator.margins(matrix(lot.rows, sight))), lot.rows["event_id"])
        sheaf = Sheaf(self.out, fetched.raw.partition.tolist(), list(fetched.raw.keys), values, [[]] * len(values))
        oldest = int(fetched.raw.timestamp.min())
        return Scored(Pending([sheaf], fetched.spans), Tally(len(values), {}, {}, {}, {}, {}, (), oldest))


def _records(scores: Any, events: pa.Array) -> list[bytes]:  # noqa: ANN401 - an array
    names, rows = texts(events), len(events)
    starts = names.offsets[:-1] - names.offsets[0] + SCORE_BYTES * np.arange(rows)
    ends = starts + names.lengths + SCORE_BYTES
    together = np.empty(int(ends[-1]), np.uint8)
    write(scores.astype(">f8").view(np.uint8), names.data, names.offsets, starts, together)
    whole = together.tobytes()
    return [whole[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
