"""Programs that take turns on one clock: exactly one runs at a time, until it gives way; what comes next is a draw.

Each has a thread, because what it runs is written to block, but a thread here is nothing else than a place to stand
still: two never run together, and the machine's own scheduler has no say. The same seed gives the same run.
"""

import heapq
import random
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from threading import Lock, Thread

from support.memory_kafka import Clock


class Killed(BaseException):
    """The program is dead from this call on; nothing of it catches this."""


class Program:
    def __init__(self, name: str, turns: "Turns", main: Callable[[], None]) -> None:
        self.name, self._turns, self._main = name, turns, main
        self.wakes_at = 0.0
        self.frozen_until = 0.0
        self.alive = True
        self.killed = False
        self.error: BaseException | None = None
        self.go = Lock()
        self.go.acquire()
        self._thread = Thread(target=self._run, daemon=True)

    @property
    def beats(self) -> bool:
        """Whether its other threads run, those of its clients."""
        return self.alive and not self.killed and self._turns.clock.now >= self.frozen_until

    def _run(self) -> None:
        self.go.acquire()
        try:
            with suppress(Killed):
                self.check()
                self._main()
        except BaseException as error:  # noqa: BLE001 - whoever started it asks
            self.error = error
        self.alive = False
        self._turns.back.release()

    def start(self) -> None:
        self._thread.start()

    def check(self) -> None:
        if self.killed:
            raise Killed

    def die(self) -> None:
        self.killed = True
        raise Killed


class Turns:
    """`each` is called between any two turns."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self.clock, self.rng = clock, rng
        self.programs: list[Program] = []
        self.running: Program | None = None
        self.back = Lock()
        self.back.acquire()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    # for whoever runs the programs

    def start(self, name: str, main: Callable[[], None]) -> Program:
        program = Program(name, self, main)
        program.wakes_at = self.clock.now
        self.programs.append(program)
        program.start()
        return program

    def at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (when, next(self._order), act))

    def turn(self) -> None:
        """What is due is done, then one program runs until it gives way."""
        self._pass_time()
        while self._timers and self._timers[0][0] <= self.clock.now:
            heapq.heappop(self._timers)[2]()
        ready = [each for each in self.programs if each.wakes_at <= self.clock.now]
        if ready:
            self._resume(ready[self.rng.randrange(len(ready))])

    def kill(self, program: Program) -> None:
        program.killed = True
        if program.alive:
            self._resume(program)

    def end(self) -> None:
        for program in list(self.programs):
            self.kill(program)

    def _pass_time(self) -> None:
        moments = [each.wakes_at for each in self.programs]
        if self._timers:
            moments.append(self._timers[0][0])
        if moments:
            self.clock.now = max(self.clock.now, min(moments))

    def _resume(self, program: Program) -> None:
        self.running = program
        program.go.release()
        self.back.acquire()
        self.running = None
        if not program.alive:
            self.programs.remove(program)

    # for the programs

    def give_way(self, program: Program, seconds: float = 0.0) -> None:
        program.check()
        program.wakes_at = max(self.clock.now + seconds, program.frozen_until)
        self.back.release()
        program.go.acquire()
        program.check()
