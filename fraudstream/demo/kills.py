"""Kills a worker every few seconds, one slot after the other, the hard way: none of them gets to say goodbye."""

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fraudstream.demo.board import ScoreBoard

EACH_SLOT_S: Final = 12.0
"""A slot that dies twice in ten seconds is started again only after a while, and then there is little to see."""
CALM_S: Final = 1.5
"""While a transaction has waited for so long, the one before is still being replaced."""
MOST_LATE_S: Final = 5.0
"""So long that is waited for, on a busy machine."""


def staffed(log: str) -> dict[int, int]:
    """By slot, the process that the supervisor started last."""
    found: dict[int, int] = {}
    for line in log.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(line)
            if said["event"] == "slot.started":
                found[said["slot"]] = said["pid"]
    return found


@dataclass(slots=True)
class Kills:
    """`log` is the supervisor's. Nobody is killed twice."""

    log: Path
    workers: int
    board: ScoreBoard
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _due: float | None = None
    _victims: set[int] = field(default_factory=set)

    def turn(self) -> None:
        """Kills when it is time, as a rule only while all are at work; the next time another slot's worker."""
        now = self.clock()
        if self._due is None:
            self._due = now + EACH_SLOT_S / self.workers if self.board.scored else None
        elif now >= self._due and (self.board.oldest(now) <= CALM_S or now >= self._due + MOST_LATE_S):
            self._kill(self.board.killed % self.workers)
            self._due = now + EACH_SLOT_S / self.workers

    def _kill(self, slot: int) -> None:
        pid = staffed(self.log.read_text("utf-8", "replace")).get(slot)
        if pid is None or pid in self._victims:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self._victims.add(pid)
            self.board.killed += 1
            self.say(f"killed the worker of slot {slot}, process {pid}")
