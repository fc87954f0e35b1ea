"""A run: input arrives, workers come, go, stand still and die, what decides changes; at the end all is still."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest import mock

import structlog
from support.memory_kafka import Broker, Clock, MemoryProducer
from support.memory_kafka.log import Partition
from support.simulation.faults import FaultyWire, Note
from support.simulation.fold import GROUP, INPUT
from support.simulation.plan import Plan
from support.simulation.slot import Parts, Slot
from support.simulation.turns import Program, Turns

from consumer.metrics import CHECKPOINTS
from schemas.errors import Fenced, RestartMe

RESTART_S = (0.05, 0.3, 1.3, 4.0)
CALM_S = 60.0
MOST_CALLS = 60_000
EVERY_S = 0.5
QUIET = 50


class World:
    def __init__(self, plan: Plan, parts: Parts, *, keep_notes: bool = False) -> None:
        self.plan, self.parts = plan, parts
        self.note = Note(keep_notes)
        self.rng = random.Random(plan.seed ^ 0x5EED)
        self.clock = Clock()
        self.turns = Turns(self.clock, self.rng)
        self.broker = Broker(self.clock)
        self.cast = parts.cast(plan, parts, self.broker, self.rng)
        for topic in (INPUT, *self.cast.topics):
            self.broker.create(topic, plan.partitions)
        self.slots: dict[int, Program] = {}
        self.broken: list[str] = []
        self._due: set[int] = set()

    # the run

    def run(self) -> None:
        """Until everything that was published is committed, or until that took too long."""
        self._arrange()
        before = checkpoints({})
        with quiet(), ExitStack() as stack:
            for names in self.parts.clocked:
                stack.enter_context(mock.patch.dict(names, time=Sleeping(self)))
            try:
                while self._unfinished():
                    self.turns.turn()
                    self._tend()
            finally:
                self.turns.end()
        self.note.struck |= checkpoints(before)
        self._end_transactions()

    def _unfinished(self) -> bool:
        if self.broken:
            return False
        if self.note.calls > MOST_CALLS or self.clock.now > self.plan.chaos_s + CALM_S:
            self.broken.append(f"not done after {self.note.calls} calls, {self.clock.now:.1f} s")
            return False
        return self.clock.now < self.plan.chaos_s or not self._committed()

    def _committed(self) -> bool:
        """Of each partition; at least once is enough where a late request may take the group back again."""
        for number, log in enumerate(self.broker.topics[INPUT]):
            visible = log.visible()
            history = self.broker.group(GROUP).history.get((INPUT, number), [])
            stands = [stood.offset for _, stood in history[-1 if self.plan.exactly_once else 0 :]]
            if visible and max(stands, default=0) <= visible[-1].offset:
                return False
        return True

    def _end_transactions(self) -> None:
        """What a dead worker left open is ended by time."""
        self.clock.sleep(10 * self.plan.transaction_s)
        self.broker.tick()

    # what happens besides

    def _arrange(self) -> None:
        rng, end = self.rng, self.plan.chaos_s * 0.8
        publisher = MemoryProducer(self.broker, {"transactional.id": "publisher"})
        publisher.init_transactions()
        left = self.plan.events
        while left > 0:
            size = min(left, rng.choice((1, 1, 2, 5)))
            left -= size
            self.turns.at(rng.choice((0.0, rng.uniform(0, end))), partial(self._publish, publisher, size))
        for act in self.cast.besides():
            self.turns.at(rng.choice((0.0, rng.uniform(0, end))), act)
        for number in range(self.plan.workers):
            self.turns.at(rng.choice((0.0, 0.0, 3.0)), partial(self._start, number))

    def _publish(self, publisher: MemoryProducer, size: int) -> None:
        """Some in transactions, so that markers, and records that never were, lie between the others."""
        kind = self.rng.choice(("plain", "commit", "abort"))
        if kind != "plain":
            publisher.begin_transaction()
        for _ in range(size):
            card = self.rng.randrange(self.plan.cards)
            key, partition = f"card-{card}".encode(), card % self.plan.partitions
            if kind == "plain":
                self.broker.append((INPUT, partition), self.cast.record(card), key)
            else:
                publisher.produce(INPUT, self.cast.record(card), key, partition)
        publisher.poll()
        if kind == "commit":
            publisher.commit_transaction()
        elif kind == "abort":
            publisher.abort_transaction()

    # the supervisors

    def _tend(self) -> None:
        """Whoever died is started again; whoever stands still is, now and then, taken for dead."""
        for number, program in list(self.slots.items()):
            if number in self._due:
                continue
            if not program.alive:
                self._look_at(program)
                self._start_later(number)
            elif program.frozen_until > self.clock.now and self.rng.random() < 0.05:
                self.note.count(self.clock.now, program.name, "taken for dead")
                self._start_later(number)

    def _look_at(self, program: Program) -> None:
        error = program.error
        way = "fenced" if isinstance(error, Fenced) else "restarted" if error else "killed"
        self.note.count(self.clock.now, f"{program.name} {error or ''}", way)
        if error is not None and not isinstance(error, RestartMe | Fenced):
            self.broken.append(f"{program.name} ended with {error!r}")

    def _start_later(self, number: int) -> None:
        self._due.add(number)
        self.turns.at(self.clock.now + self.rng.choice(RESTART_S), partial(self._start, number))

    def _start(self, number: int) -> None:
        self._due.discard(number)
        wire = FaultyWire(self.turns, self.broker, self.plan, self.note, GROUP)
        slot = Slot(self.plan, number, broker=self.broker, wire=wire, parts=self.parts, cast=self.cast)
        self.note.count(self.clock.now, f"slot-{number}", "started")
        wire.program = self.turns.start(f"slot-{number}/{self.note.calls}", slot.run)
        self.slots[number] = wire.program

    def log(self, topic: str) -> list[Partition]:
        return self.broker.topics[topic]


class Sleeping:
    """The `time` module as the worker that runs just now sees it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def monotonic(self) -> float:
        return self._world.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        turns = self._world.turns
        assert turns.running is not None
        turns.give_way(turns.running, seconds)


def checkpoints(before: dict[str, int]) -> dict[str, int]:
    """How the transactions of the workers came out, since then."""
    now = {way: int(CHECKPOINTS.labels(way)._value.get()) for way in ("resolved_done", "resolved_again")}
    return {way: count - before.get(way, 0) for way, count in now.items()}


@contextmanager
def quiet() -> Iterator[None]:
    """Nobody reads what the workers log."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(QUIET))
    try:
        yield
    finally:
        structlog.configure(**before)
