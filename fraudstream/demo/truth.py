"""What is true of each transaction: the simulation that the viewer sees, run once more beside it."""

from typing import Final

from producer.records import truths
from producer.simulate import Simulation, Step

AHEAD_MS: Final = 86_400_000
"""Decisions may be read a little before the transactions they answer."""


class Truth:
    """`frauds` has the scenario of each fraud that arrived so far, by event id; all others are genuine."""

    def __init__(self, simulation: Simulation) -> None:
        self.frauds: dict[str, str] = {}
        self._simulation = simulation
        self._steps = simulation.steps(labelled=False)
        self._until_ms = 0

    def arrived(self, moment_ms: int) -> None:
        """Transactions of up to that moment are known about."""
        while self._until_ms <= moment_ms + AHEAD_MS:
            self._learn(next(self._steps))

    def _learn(self, step: Step) -> None:
        found = truths(self._simulation, step.deliveries)
        frauds = found.filter(found["is_fraud"])
        self.frauds.update(zip(frauds["event_id"].to_pylist(), frauds["scenario"].to_pylist(), strict=True))
        if len(step.deliveries):
            self._until_ms = int(step.deliveries.arrival[-1])

    def of(self, event_id: str) -> str | None:
        """The scenario; None of what is genuine."""
        return self.frauds.get(event_id)
