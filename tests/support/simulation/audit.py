"""Runs a schedule and says what is wrong with what it left behind."""

from dataclasses import dataclass

from support.simulation.plan import Plan, plan
from support.simulation.slot import Parts
from support.simulation.whole import whole
from support.simulation.world import World

WHOLE = 10
"""Every so many schedules have the whole scorer, which takes ten times as long."""


@dataclass(frozen=True)
class Outcome:
    plan: Plan
    wrong: list[str]
    struck: dict[str, int]
    calls: int
    notes: list[str]

    def __str__(self) -> str:
        again = f"SIMULATION_SEED={self.plan.seed} python -m pytest -s tests/simulation/test_schedules.py -k one_seed"
        return "\n".join([f"{self.plan}", *self.wrong[:8], f"struck: {self.struck}", f"again: {again}"])


def schedule(
    seed: int,
    parts: Parts | None = None,
    *,
    exactly_once: bool | None = None,
    crowded: bool = False,
    keep_notes: bool = False,
) -> Outcome:
    parts = parts or (whole() if seed % WHOLE == 0 else Parts())
    world = World(plan(seed, exactly_once=exactly_once, crowded=crowded), parts, keep_notes=keep_notes)
    world.run()
    wrong = list(world.broken)
    for partition in range(world.plan.partitions):
        wrong += [f"partition {partition}: {each}" for each in world.cast.wrong(partition)]
    return Outcome(world.plan, wrong, world.note.struck, world.note.calls, world.note.lines)
