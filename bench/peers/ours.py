"""The product's worker on the one job: its client, lots, decoder, state with snapshots, transactions and trees.

What differs from `fraudstream score`: the job's 15 features and model decide, and every score goes out as the job says.
The worker's state computes all features of the product on the way, churn and labels are asked for as ever; rules,
reasons and drift are left out, since no other peer has them. Settings come from the environment, one slot a process.
"""  # noqa: INP001

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.peers.job import CHANNELS, DAY_MS, FEATURES, NOWHERE, UNKNOWN, model
from consumer import bootstrap
from consumer.lots import Fetched, Pending, Sheaf
from consumer.scoring import Scored, Scorer, Tally
from models import trees
from models.feature_list import FEATURES as OURS
from models.numbers import logistic
from schemas.settings import load
from schemas.topics import Role

COUNT, MEAN = (next(at for at, each in enumerate(OURS) if each.name == name) for name in ("count_1h", "mean_1h"))
LETTERS: Final = 26
FIRST_LETTER: Final = ord("A")


def filled(column: Any, otherwise: float) -> Any:  # noqa: ANN401 - Arrow's
    return pc.fill_null(column.cast(pa.float64()), otherwise).to_numpy(zero_copy_only=False)


def by_name(column: Any, values: dict[str, float]) -> Any:  # noqa: ANN401 - Arrow's
    """The number of each text; UNKNOWN where there is none."""
    coded = column.dictionary_encode()
    table = np.array([UNKNOWN if each is None else values[each] for each in coded.dictionary.to_pylist()] + [UNKNOWN])
    places = pc.fill_null(coded.indices.cast(pa.int64()), len(table) - 1)
    return table[places.to_numpy(zero_copy_only=False)]


class Countries(dict[str, float]):
    def __missing__(self, country: str) -> float:
        first, second = (ord(each) - FIRST_LETTER for each in country)
        return float(first * LETTERS + second)


class Currencies(dict[str, float]):
    def __missing__(self, currency: str) -> float:
        return float(currency == "EUR")


def matrix(rows: pa.RecordBatch, seen: Any) -> Any:  # noqa: ANN401 - arrays
    """In the order of FEATURES; `seen` has the product's features, of which count and mean of the hour are taken."""
    at = rows["event_time"].cast(pa.int64()).to_numpy()
    amount = rows["amount_minor"].to_numpy()
    count = seen[:, COUNT]
    total = np.rint(seen[:, MEAN] * count)
    there = np.where(total == 0, 1.0, total)
    columns = (
        amount / 100,
        at // 60_000 % 1_440,
        (at // DAY_MS + 4) % 7,
        filled(rows["merchant_category"], UNKNOWN),
        by_name(rows["channel"], CHANNELS),
        by_name(rows["country"], Countries()),
        filled(rows["latitude"], NOWHERE),
        filled(rows["longitude"], NOWHERE),
        rows["device_id"].is_valid().to_numpy(zero_copy_only=False),
        amount % 100 == 0,
        by_name(rows["currency"], Currencies()),
        count,
        total / 100,
        np.where(total == 0, 0.0, amount * count / there),
        np.where(total == 0, 0.0, amount / there),
    )
    return np.column_stack([np.asarray(each, np.float64) for each in columns])


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
        scores = logistic(self.evaluator.margins(matrix(lot.rows, sight.features)))
        packed, size = scores.astype(">f8").tobytes(), 8
        names = [each.encode() for each in lot.rows["event_id"].to_pylist()]
        values = [packed[at * size : at * size + size] + name for at, name in enumerate(names)]
        keys, partitions = list(fetched.raw.keys), fetched.raw.partition.tolist()
        sheaf = Sheaf(self.out, partitions, keys, values, [[]] * len(values))  # type: ignore[arg-type]
        oldest = int(fetched.raw.timestamp.min())
        return Scored(Pending([sheaf], fetched.spans), Tally(len(values), {}, {}, {}, {}, {}, (), oldest))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--slot", type=int, default=0)
    given = parser.parse_args()
    settings = load()
    usual: Any = bootstrap._scorer  # noqa: SLF001 - the one part that is replaced
    evaluator = trees.compile(model(given.material), len(FEATURES))
    trees.warm()

    def scorer(*parts: Any, **named: Any) -> Any:  # noqa: ANN401
        return Job(usual(*parts, **named), evaluator, settings.topics.name(Role.SCORES))

    bootstrap._scorer = scorer  # type: ignore[assignment]  # noqa: SLF001
    bootstrap.run(settings, given.slot)


if __name__ == "__main__":
    main()
