"""How hard the simulated fraud is, by what an ideal observer could see; models are judged elsewhere."""

import numpy as np
import pytest

from producer.aligned import Flags, Integers
from producer.arrival import Deliveries
from producer.calendar import DAY_MS
from producer.labels import Verdicts
from producer.population import Population
from producer.scenarios import Scenario
from producer.simulate import Simulation

START_MS = 1_767_225_600_000
DELAY_DAYS = 7
MEMORY_DAYS = 7
BEFORE = 50


@pytest.fixture(scope="module", params=[1, 2, 3])
def run(request: pytest.FixtureRequest) -> tuple[Deliveries, Verdicts]:
    steps = list(Simulation(Population.of(5_000), request.param, START_MS, per_day=7_500).steps(days=BEFORE + 14))
    deliveries = Deliveries.joined(step.deliveries for step in steps)
    return deliveries.take(~deliveries.again), Verdicts.joined(step.verdicts for step in steps)


def suspicious(events: Deliveries, verdicts: Verdicts) -> Flags:
    """Whether most of what was known of the event's terminal, as old as the delay and not too old, was fraud."""
    fraud, either = (_known(events, verdicts.take(rows)) for rows in (verdicts.fraud, slice(None)))
    found: Flags = 2 * fraud > either
    return found


def _known(events: Deliveries, verdicts: Verdicts) -> Integers:
    """How many verdicts on the same terminal took effect in the weeks before the event."""
    effect = np.maximum(verdicts.known, verdicts.event_time + DELAY_DAYS * DAY_MS)
    keys = np.sort(verdicts.terminal.astype(np.int64) * 2**42 + effect)
    now = events.terminal.astype(np.int64) * 2**42 + events.time
    return np.searchsorted(keys, now, "right") - np.searchsorted(keys, now - MEMORY_DAYS * DAY_MS, "right")


def test_past_labels_reveal_most_compromised_terminals(run: tuple[Deliveries, Verdicts]) -> None:
    """At a week's delay more than half of their fraud, at few false alarms; most of the rest nobody can see yet."""
    events, verdicts = run
    judged = events.take(events.time >= START_MS + BEFORE * DAY_MS)
    seen = suspicious(judged, verdicts)
    misused = judged.scenario == Scenario.COMPROMISED_TERMINAL
    assert 0.45 < seen[misused].mean() < 0.75
    assert seen[judged.scenario == Scenario.GENUINE].mean() < 0.002


def test_without_labels_most_fraud_is_out_of_sight(run: tuple[Deliveries, Verdicts]) -> None:
    """Only thieves with a card in hand leave traces of their own, and they make up about a quarter."""
    events, _ = run
    fraud = events.scenario[events.scenario != Scenario.GENUINE]
    hidden = np.isin(fraud, [Scenario.COMPROMISED_TERMINAL, Scenario.FRIENDLY_FRAUD])
    assert 0.68 < hidden.mean() < 0.82
