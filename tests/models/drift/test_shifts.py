"""A tenth more of one thing, from one midnight on: it is named by the next, and what it explains is not blamed."""

import copy
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from support.simulated import DAY_MS, PLACES, START_MS, Simulated, builder, lot

from models.drift import Day, Reference, Tally, judge
from models.features import FEATURES, POSITION, ROW_FEATURES, row_features
from models.history import Builder, Table
from producer import records
from producer.population import Population
from producer.simulate import Simulation

NAMES = [feature.name for feature in FEATURES]
HOUR_MS = 3_600_000
BEGIN, SHIFT = 8, 33
FIRST = START_MS // DAY_MS


class Run:
    """Thirty-three usual days, and a builder that has seen them."""

    def __init__(self, seed: int) -> None:
        source = Simulated.of(8_000, seed, SHIFT + 1)
        self.builder: Builder = builder()
        for labels in source.labels():
            self.builder.learn(labels)
        begins = START_MS + SHIFT * DAY_MS
        before = [self.builder.fold(each) for each in cut(source.lots, lambda at: at < begins)]
        self.last = list(cut(source.lots, lambda at: at >= begins))
        table = Table.concat(before)
        day = table.time // DAY_MS
        early = (day >= FIRST + BEGIN) & (day < FIRST + SHIFT - 2)
        score = np.zeros(len(table))
        self.reference = Reference.of(NAMES, table.features[early], score[early], day[early])
        self.usual = Tally(self.reference.edges)
        self.usual.add(table.features[~early], score[~early], day[~early])

    def lots(self, lots: Iterable[pa.RecordBatch]) -> Day:
        """The verdict on the last day if these arrived on it."""
        table = self.folded(lots)
        return self.columns(table.features, table.time // DAY_MS)

    def folded(self, lots: Iterable[pa.RecordBatch]) -> Table:
        folding = copy.deepcopy(self.builder)
        return Table.concat(folding.fold(each) for each in lots)

    def columns(self, matrix: np.ndarray, day: np.ndarray) -> Day:
        tally = Tally(self.reference.edges)
        tally.merge(self.usual)
        tally.add(matrix, np.zeros(len(matrix)), day)
        return judge(self.reference, tally, FIRST + SHIFT + 1)[-1]


def cut(lots: Iterable[pa.RecordBatch], kept: Callable[[np.ndarray], np.ndarray]) -> Iterable[pa.RecordBatch]:
    for each in lots:
        rows = each.filter(pa.array(kept(each["timestamp"].to_numpy())))
        if rows.num_rows:
            yield rows


def changed(lots: Iterable[pa.RecordBatch], name: str, change: Callable[[pa.Array], pa.Array]) -> list[pa.RecordBatch]:
    return [
        each.set_column(each.schema.get_field_index(name), each.schema.field(name), change(each[name])) for each in lots
    ]


def later(times: pa.Array) -> pa.Array:
    return pc.add(times.cast(pa.int64()), HOUR_MS).cast(times.type)


@pytest.fixture(scope="module", params=[11, 12, 13])
def run(request: pytest.FixtureRequest) -> Run:
    return Run(request.param)


def test_nothing_is_named_without_a_shift(run: Run) -> None:
    """The day as it was."""
    found = run.lots(run.last)
    assert found.day == FIRST + SHIFT
    assert found.alarms == ()


def test_a_tenth_more_of_all_amounts_is_the_amount(run: Run) -> None:
    """Its ratios to the card's past move farther, and follow."""
    more = changed(run.last, "amount_minor", lambda amounts: pc.cast(pc.round(pc.multiply(amounts, 1.1)), pa.int64()))
    found = run.lots(more)
    assert found.named == ("amount_minor",)
    assert {"ratio_mean_30d", "ratio_median_30d", "genuine_ratio"} <= set(found.following)
    assert found.alarms[0].psi > 3 * found.alarms[0].expected


def test_clocks_an_hour_ahead_are_the_hour(run: Run) -> None:
    """Nights and the time since the event before follow."""
    found = run.lots(changed(changed(run.last, "event_time", later), "timestamp", later))
    assert found.named == ("hour",)


@pytest.mark.parametrize(
    "name",
    [
        "amount_minor",
        "count_10min",
        "count_1d",
        "count_7d",
        "mean_30d",
        "ratio_mean_30d",
        "ratio_median_30d",
        "outliers_14d",
        "genuine_ratio",
    ],
)
def test_a_column_that_is_a_tenth_too_large_is_named_alone(run: Run, name: str) -> None:
    """As if its own computation had gone wrong."""
    table = run.folded(run.last)
    matrix = table.features.copy()
    matrix[:, POSITION[name]] *= 1.1
    found = run.columns(matrix, table.time // DAY_MS)
    assert (found.named, found.following) == ((name,), ())


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_tenth_more_online_is_online(seed: int) -> None:
    """A share needs more rows than an amount does: forty thousand a day."""
    matrix, day = rows_alone(seed, 40_000, 24)
    early, last = day < FIRST + 21, day == FIRST + 23
    names = [feature.name for feature in ROW_FEATURES]
    reference = Reference.of(names, matrix[early], np.zeros(early.sum()), day[early])
    online = matrix[:, POSITION["online"]]
    more = np.random.default_rng(seed).random(len(online)) < 0.1 * online[last].mean() / (1 - online[last].mean())
    for shifted, named in ((False, ()), (True, ("online",))):
        matrix[:, POSITION["online"]] = np.where(last & more & shifted, 1.0, online)
        tally = Tally(reference.edges)
        tally.add(matrix[~early], np.zeros((~early).sum()), day[~early])
        assert judge(reference, tally, FIRST + 24)[-1].named == named


def rows_alone(seed: int, per_day: int, days: int) -> tuple[np.ndarray, np.ndarray]:
    simulation = Simulation(Population.of(10_000), seed, START_MS, per_day)
    parts = []
    for step in simulation.steps(days=days, labelled=False):
        rows = lot(records.transactions(simulation, step.deliveries), 0)
        times = rows["event_time"].cast(pa.int64()).to_numpy()
        parts.append((row_features(rows, PLACES), times // DAY_MS))
    return np.concatenate([part for part, _ in parts]), np.concatenate([day for _, day in parts])
