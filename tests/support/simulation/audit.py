"""Runs a schedule and says what is wrong with what it left behind."""

from dataclasses import dataclass

from support.simulation import oracle
from support.simulation.fold import DECISIONS, EPOCHS, GROUP, INPUT
from support.simulation.plan import Plan, plan
from support.simulation.slot import Parts
from support.simulation.world import World


@dataclass(frozen=True)
class Outcome:
    plan: Plan
    wrong: list[str]
    struck: dict[str, int]
    calls: int
    decisions: int
    notes: list[str]

    def __str__(self) -> str:
        again = f"SIMULATION_SEED={self.plan.seed} python -m pytest -s tests/simulation/test_schedules.py -k one_seed"
        return "\n".join([f"{self.plan}", *self.wrong[:8], f"struck: {self.struck}", f"again: {again}"])


def schedule(
    seed: int, parts: Parts | None = None, *, exactly_once: bool | None = None, keep_notes: bool = False
) -> Outcome:
    world = World(plan(seed, exactly_once=exactly_once), parts or Parts(), keep_notes=keep_notes)
    world.run()
    wrong, decisions = list(world.broken), 0
    for partition in range(world.plan.partitions):
        found = _judge(world, partition)
        wrong += [f"partition {partition}: {each}" for each in found]
        decisions += len(_values(world, DECISIONS, partition))
    return Outcome(world.plan, wrong, world.note.struck, world.note.calls, decisions, world.note.lines)


def _judge(world: World, partition: int) -> list[str]:
    records = [
        oracle.Input(each.offset, each.record.key or b"", each.record.value or b"")
        for each in world.log(INPUT)[partition].visible()
        if each.record is not None
    ]
    started = world.broker.group(GROUP).history.get((INPUT, partition), [0])
    decisions = oracle.read(_values(world, DECISIONS, partition))
    epochs = oracle.read(_values(world, EPOCHS, partition))
    start = started[0] if world.plan.from_end else 0
    return oracle.judge(records, start, epochs, decisions, once=world.plan.exactly_once)


def _values(world: World, topic: str, partition: int) -> list[bytes]:
    return [each.record.value or b"" for each in world.log(topic)[partition].visible() if each.record is not None]
