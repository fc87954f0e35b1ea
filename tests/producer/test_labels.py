"""Verdicts come after hours, days or weeks, some are corrected, some never come."""

import numpy as np
import pytest

from producer.arrival import Deliveries
from producer.calendar import DAY_MS, HOUR_MS
from producer.labels import Source, Verdicts
from producer.population import Population
from producer.scenarios import Scenario
from producer.simulate import Simulation

START_MS = 1_767_225_600_000


@pytest.fixture(scope="module")
def run() -> tuple[Deliveries, Verdicts]:
    """Events by their number, and all verdicts in the order in which they are known."""
    simulation = Simulation(Population.of(6_000), 5, START_MS, per_day=9_000)
    steps = list(simulation.steps(days=30, settled=True))
    deliveries = Deliveries.joined(step.deliveries for step in steps)
    firsts = deliveries.take(~deliveries.again)
    return firsts.take(np.argsort(firsts.number)), Verdicts.joined(step.verdicts for step in steps)


def of(verdicts: Verdicts, source: Source, *, fraud: bool) -> Verdicts:
    return verdicts.take((verdicts.source == source) & (verdicts.fraud == fraud))


@pytest.mark.parametrize(
    ("source", "least", "most", "middle"),
    [
        (Source.INVESTIGATOR, 0, 12 * HOUR_MS, 3 * HOUR_MS),
        (Source.CUSTOMER, 12 * HOUR_MS, 10 * DAY_MS, 2.5 * DAY_MS),
        (Source.CHARGEBACK, 14 * DAY_MS, 50 * DAY_MS, 26 * DAY_MS),
    ],
)
def test_delays(run: tuple[Deliveries, Verdicts], source: Source, least: float, most: float, middle: float) -> None:
    """Investigators take hours, customers days, chargebacks weeks; nothing is judged before it arrived."""
    events, verdicts = run
    found = of(verdicts, source, fraud=True)
    late = events.first[found.number] - events.time[found.number]
    delay = (found.known - events.time[found.number])[late < HOUR_MS]
    assert least <= delay.min()
    assert delay.max() <= most
    assert np.median(delay) == pytest.approx(middle, rel=0.35)
    assert (verdicts.known > verdicts.first).all()


def test_genuine_verdicts_mature(run: tuple[Deliveries, Verdicts]) -> None:
    """Nearly every genuine use has its verdict within a week, so the labels are about as many as the uses."""
    events, verdicts = run
    genuine = of(verdicts, Source.MATURED, fraud=False)
    assert (genuine.known - events.time[genuine.number]).max() <= 7 * DAY_MS
    assert 0.95 < len(verdicts) / len(events) < 1.0
    assert not of(verdicts, Source.MATURED, fraud=True)


def test_the_last_verdict_is_nearly_always_right(run: tuple[Deliveries, Verdicts]) -> None:
    """The latest label of an event is the truth, but for the few frauds that nobody notices."""
    events, verdicts = run
    latest = np.full(len(events), -1)
    latest[verdicts.number] = verdicts.fraud
    truth = events.scenario != Scenario.GENUINE
    assert (latest[~truth] != 1).all()
    assert 0.90 < (latest[truth] == 1).mean() < 0.99
    assert 0.005 < (latest[truth] == 0).mean() < 0.06


def test_missing_labels(run: tuple[Deliveries, Verdicts]) -> None:
    """Some events are never judged, genuine and fraudulent ones alike."""
    events, verdicts = run
    judged = np.isin(events.number, verdicts.number)
    assert 0.02 < (~judged).mean() < 0.04
    assert (events.scenario[~judged] != Scenario.GENUINE).any()


def test_corrections(run: tuple[Deliveries, Verdicts]) -> None:
    """Frauds held to be genuine at first, by time or by an investigator, and false alarms taken back."""
    _, verdicts = run
    first: dict[int, tuple[int, bool]] = {}
    changes: set[tuple[int, bool, bool]] = set()
    count = 0
    for number, source, fraud in zip(
        verdicts.number.tolist(), verdicts.source.tolist(), verdicts.fraud.tolist(), strict=True
    ):
        if number in first and first[number][1] != fraud:
            changes.add((first[number][0], first[number][1], fraud))
            count += 1
        first[number] = (source, fraud)
    assert (Source.MATURED, False, True) in changes
    assert (Source.INVESTIGATOR, False, True) in changes
    assert (Source.INVESTIGATOR, True, False) in changes
    assert 0.0005 < count / len(verdicts) < 0.01


def test_friendly_fraud_is_reported_by_the_customer(run: tuple[Deliveries, Verdicts]) -> None:
    """No investigator could know."""
    events, verdicts = run
    reports = verdicts.take(verdicts.fraud & (events.scenario[verdicts.number] == Scenario.FRIENDLY_FRAUD))
    assert set(reports.source.tolist()) == {Source.CUSTOMER, Source.CHARGEBACK}
