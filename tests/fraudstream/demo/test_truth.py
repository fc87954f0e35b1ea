from fraudstream.demo.truth import Truth
from producer.population import Population
from producer.records import truths
from producer.simulate import Simulation

START_MS = 1_767_225_600_000


def test_it_knows_what_has_arrived() -> None:
    """The scenario of each fraud, as the simulation itself tells it; nothing of what is genuine."""
    simulation = Simulation(Population.of(300), 5, START_MS, 450)
    steps = list(simulation.steps(2_000, labelled=False))
    truth = Truth(simulation)
    truth.arrived(int(steps[-1].deliveries.arrival[-1]))
    rows = [row for step in steps for row in truths(simulation, step.deliveries).to_pylist()]
    assert any(row["is_fraud"] for row in rows)
    assert all(truth.of(row["event_id"]) == (row["scenario"] if row["is_fraud"] else None) for row in rows)
