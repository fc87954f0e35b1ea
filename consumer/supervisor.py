"""Keeps each slot staffed: starts one worker per slot, starts it again when it dies, and says in one line why it did.

A slot that dies is started again at once, so that its successor, which has the same identity, takes over within a
second or two; one that dies twice in ten seconds waits 1, 2, 4 ... 30 s. It is not started again when it is done
(0), when starting cannot help (64, 78), or when it was fenced twice within a minute: then another process has the
same identity, and both would go on fencing each other.
"""

import json
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from schemas.errors import DONE, Misconfigured, RestartMe, Usage

QUICK_S: Final = 10.0
FENCED_WITHIN_S: Final = 60.0
LONGEST_BACK_OFF_S: Final = 30.0
GRACE_S: Final = 18.0
TICK_S: Final = 0.1
FINAL: Final = frozenset({DONE, Usage.exit_code, Misconfigured.exit_code})
UNREADY: Final = -signal.SIGTERM
"""What a worker ends with that was asked to end before it could listen; it had begun nothing."""
WORDS_BYTES: Final = 65_536

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Member:
    """A running worker. Its words arrive before its end does."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    words: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        code = self.process.wait()
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return str(self.words.get("why") or f"exit code {code}")


def words(said: bytes) -> dict[str, Any]:
    """The last whole line: a worker may begin to speak and be ended, or speak twice."""
    for line in reversed(said.splitlines()):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}


@dataclass(slots=True)
class Slot:
    number: int
    member: Member | None = None
    died_at: float = float("-inf")
    fenced_at: float = float("-inf")
    back_off_s: float = 0.0
    start_at: float = 0.0
    done: bool = False


class Supervisor:
    """`command` gives the command line of a slot's worker from the slot's number and its end of the lifeline. `also`
    are descriptors that every worker inherits, such as a port they share.
    """

    def __init__(
        self,
        command: Callable[[int, int], Sequence[str]],
        workers: int,
        *,
        max_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        also: Sequence[int] = (),
    ) -> None:
        self._command, self._also = command, tuple(also)
        self._slots = [Slot(number) for number in range(workers)]
        self._clock = clock
        self._end_at = None if max_seconds is None else clock() + max_seconds
        self._kill_at: float | None = None
        self._exit_code = DONE
        self._asked: list[str] = []
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Returns the exit code when every slot is done or has ended; leaves no process behind."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _: self._asked.append(signal.Signals(received).name))
        try:
            while not all(slot.done for slot in self._slots):
                self._turn()
        finally:
            self._kill()
        return self._exit_code

    def stop(self, why: str) -> None:
        """Asks every worker to finish its lot; asked again, ends them."""
        now = self._clock()
        again = self._kill_at is not None
        self._kill_at = now if again else now + GRACE_S
        log.info("supervisor.stopping", why=why, at_once=again)
        for slot in self._slots:
            if slot.member:
                slot.member.process.terminate()
            else:
                slot.done = True

    def _turn(self) -> None:
        now = self._clock()
        for slot in self._slots:
            if slot.member is None and not slot.done and now >= slot.start_at:
                self._start(slot)
        for key, _ in self._selector.select(TICK_S):
            self._listen(*key.data)
        while self._asked:
            self.stop(self._asked.pop(0))
        if self._kill_at is None and self._end_at is not None and now >= self._end_at:
            self.stop("the time is over")
        if self._kill_at is not None and now >= self._kill_at:
            self._kill()

    def _start(self, slot: Slot) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = self._command(slot.number, theirs.fileno())
            shared = [theirs.fileno(), *self._also]
            process = subprocess.Popen(command, pass_fds=shared, start_new_session=True)  # noqa: S603
        slot.member = Member(process, ours)
        self._selector.register(ours, selectors.EVENT_READ, (slot, slot.member))
        log.info("slot.started", slot=slot.number, pid=process.pid)

    def _listen(self, slot: Slot, member: Member) -> None:
        try:
            said = member.line.recv(WORDS_BYTES)
        except ConnectionResetError:
            said = b""
        if said:
            member.words = words(said) or member.words
        else:
            self._selector.unregister(member.line)
            member.line.close()
            slot.member = None
            self._bury(slot, member)

    def _bury(self, slot: Slot, member: Member) -> None:
        code = member.process.wait()
        if code in FINAL or self._kill_at is not None:
            self._retire(slot, member, code)
        elif self._fenced_again(slot, member):
            log.error("slot.in_use", slot=slot.number, fix="give each node its own score.node, or stop the other one")
            self._retire(slot, member, Misconfigured.exit_code)
        else:
            self._plan_restart(slot, member)

    def _retire(self, slot: Slot, member: Member, code: int) -> None:
        slot.done = True
        if code == DONE or (self._kill_at is not None and code == UNREADY):
            return
        log.error("slot.ended", slot=slot.number, why=str(member))
        self._exit_code = self._exit_code or (code if code in FINAL else RestartMe.exit_code)
        if self._kill_at is None:
            self.stop(f"slot {slot.number} cannot go on")

    def _fenced_again(self, slot: Slot, member: Member) -> bool:
        if not member.words.get("fenced"):
            return False
        before, slot.fenced_at = slot.fenced_at, self._clock()
        return slot.fenced_at - before < FENCED_WITHIN_S

    def _plan_restart(self, slot: Slot, member: Member) -> None:
        now = self._clock()
        quick = now - slot.died_at < QUICK_S
        slot.back_off_s = min(max(2 * slot.back_off_s, 1.0), LONGEST_BACK_OFF_S) if quick else 0.0
        slot.died_at, slot.start_at = now, now + slot.back_off_s
        log.warning("slot.died", slot=slot.number, why=str(member), restart_in_s=slot.back_off_s)

    def _kill(self) -> None:
        for slot in self._slots:
            if slot.member:
                slot.member.process.kill()
