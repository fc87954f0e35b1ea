"""Kills workers at load, at random moments and inside open transactions, and audits what readers find.

python -m support.chaos [--kills 300] [--seconds S] [--workers 4] [--rate 400] [--seed N]

Kafka and Redis are its own. Its last line tells what was killed, lost, duplicated, out of order and wrong; it ends with
1 unless the last four are 0. A worker that is killed twice in ten seconds is started again later and later, so that
so many workers bear so many kills a minute: 4 some 20.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from support.audit import Toll, audited
from support.handshake import Handshake, Here, until
from support.scene import GIVEN, Scene, scene

from consumer.supervisor import QUICK_S
from fraudstream.local.running import running

INSIDE = ("produced", "offsets_sent")
"""Steps at which the coordinator knows of a transaction that has not ended."""
BETWEEN = ("computed", "begun", "committed", "advanced")
SHARE_INSIDE = 0.65
LULL_S = 0.2
LONGEST_HOLD_S = 0.05
WAIT_S = 3.0
STEP_MS = 10_000
"""Between two transactions, so that hours of them do not reach today: brokers refuse what is of tomorrow."""


@dataclass
class Killer:
    here: Handshake
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    died_at: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.killed.total()

    @property
    def inside(self) -> int:
        return sum(self.killed[step] for step in INSIDE)

    def strike(self) -> bool:
        """False where nobody may be killed right now."""
        if not any(self.ready(worker) for worker in list(self.here.pids)):
            return False
        if self.chance.random() < SHARE_INSIDE or self.inside * 2 <= self.total:
            return self._at(self.chance.choice(INSIDE))
        step = self.chance.choice(("", *BETWEEN))
        return self._at(step) if step else self._anywhere()

    def ready(self, worker: str) -> bool:
        """It scores, and its supervisor will start it again at once."""
        known = self.died_at.get(worker, -QUICK_S)
        return self.here.turns.get(self.here.pids[worker], 0) > 0 and time.monotonic() - known > QUICK_S + 0.5

    def _at(self, step: str) -> bool:
        self.here.hold(lambda each: each.step == step and self.ready(each.worker))
        held = self.here.held(WAIT_S)
        if held is None:
            return False
        time.sleep(self.chance.random() * LONGEST_HOLD_S)
        self._count(held)
        held.kill()
        return True

    def _anywhere(self) -> bool:
        worker = self.chance.choice([each for each in self.here.pids if self.ready(each)])
        pid = self.here.pids[worker]
        time.sleep(self.chance.random() * LONGEST_HOLD_S)
        self._note(worker, "anywhere")
        os.kill(pid, signal.SIGKILL)
        return True

    def _count(self, held: Here) -> None:
        self._note(held.worker, held.step)

    def _note(self, worker: str, where: str) -> None:
        self.killed[where] += 1
        self.died_at[worker] = time.monotonic()
        self.here.turns[self.here.pids[worker]] = 0


@dataclass(frozen=True)
class Outcome:
    killed: Counter[str]
    inside: int
    events: int
    deaths: int
    toll: Toll

    def __str__(self) -> str:
        return f"killed {self.killed.total()} (inside a transaction {self.inside}), {self.toll}"


def chaos(on: Scene, *, kills: int, seconds: float, workers: int, seed: int) -> Outcome:
    """Ends after so many kills or so many seconds, whichever is first, and when everything was answered."""
    killer = Killer(on.here, random.Random(seed))
    process = on.deployment.start("--workers", str(workers), **GIVEN)
    until(lambda: len(on.here.pids) == workers, "the workers did not start", 120)
    deadline = time.monotonic() + seconds
    with on.load:
        while killer.total < kills and time.monotonic() < deadline:
            assert not on.load.refused, on.load.refused
            if killer.strike():
                _say(killer, kills)
            else:
                time.sleep(LULL_S)
    on.answered(180)
    assert on.deployment.stop(process) == 0
    deaths = sum(each["event"] == "slot.died" and "SIGKILL" in each["why"] for each in on.deployment.events())
    return Outcome(killer.killed, killer.inside, on.load.sent, deaths, audited(on.deployment))


def _say(killer: Killer, kills: int) -> None:
    if killer.total % 10 == 0:
        sys.stdout.write(f"{killer.total} of {kills}, {killer.inside} of them inside a transaction\n")
        sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=7_200.0)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=400.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    sys.stdout.write(f"seed {options.seed}\n")
    given = {name: getattr(options, name) for name in ("kills", "seconds", "workers", "seed")}
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as folder,
        running(Path(folder) / "servers") as servers,
        scene(servers, Path(folder), rate=options.rate, step_ms=STEP_MS) as on,
    ):
        outcome = chaos(on, **given)
    for example in outcome.toll.examples:
        sys.stdout.write(f"  {example}\n")
    sys.stdout.write(f"{outcome.events} events; killed at: {dict(outcome.killed)}\n{outcome}\n")
    return 0 if outcome.toll.clean else 1


if __name__ == "__main__":
    sys.exit(main())
