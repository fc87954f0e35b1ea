"""One server process, ours or one that an earlier program of ours started; never anybody else's.

A process is named by its pid **and** by a mark, the path of its settings file, which must be an argument of its command
line: the pid alone may have been given to another program since. Every signal checks both first.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL = 0.02
_SHORTLY = 0.0005  # a program has its command line only some moments after it has begun
_PROC = Path("/proc")
_unreaped: set[int] = set()  # spawned by this program: their pids cannot be given away before we ask for their end


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    mark: str

    def is_alive(self) -> bool:
        """A zombie is dead; one of ours is reaped here."""
        if self.pid in _unreaped:
            with contextlib.suppress(ChildProcessError):
                return not _has_ended(self.pid)
        return f" {self.mark} " in f" {command_line(self.pid)} "

    def signal(self, number: signal.Signals) -> bool:
        """Sent, unless the process is gone or the pid belongs to another program by now."""
        if not self.is_alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """True once it has ended, with its ports and locks; False when it still runs after that time."""
        deadline = time.monotonic() + seconds
        while self.is_alive() or _is_ending(self.pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def stop(self, grace: float) -> None:
        """SIGTERM, then SIGKILL when it has not ended within the grace; a paused process is woken first."""
        if self.signal(signal.SIGTERM):
            self.signal(signal.SIGCONT)
            if not self.wait(grace):
                self.kill()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait(5)

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)


def spawn(command: Sequence[str], *, log: Path, mark: str) -> Process:
    """In a session of its own, so that the terminal's Ctrl-C does not reach it; no input, output to `log`.

    Once it returns, any program knows the process by its mark, unless it has ended already.
    """
    if mark not in command:
        raise ValueError(f"{mark!r} is not an argument of {command}")
    pid = os.posix_spawn(
        command[0],
        list(command),
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE],
    )
    _unreaped.add(pid)
    while command_line(pid) == "" and not _is_zombie(pid):
        time.sleep(_SHORTLY)
    return Process(pid, mark)


def command_line(pid: int) -> str:
    """Arguments joined by blanks; empty when there is no such process, or only a zombie of it."""
    if _PROC.is_dir():
        try:
            return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603


def pid_of(process: Process | None) -> int | None:
    return None if process is None else process.pid


def _is_ending(pid: int) -> bool:
    """Killed, but some of its threads, and with them its ports, are not gone yet (seen on Linux, for milliseconds)."""
    try:
        return command_line(pid) == "" and len(list((_PROC / str(pid) / "task").iterdir())) > 1
    except OSError:
        return False


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented, for an error message."""
    try:
        last = log.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        last = []
    return "\n".join(f"    {line}" for line in last) or "    (the log is empty)"


def rotate(log: Path) -> None:
    """Each start writes a log of its own; the one before is kept as `<name>.1`."""
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))


def _is_zombie(child: int) -> bool:
    """Ended, and still to be reaped."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _has_ended(child: int) -> bool:
    """Reaps it then. Raises ChildProcessError in a fork of this program, which has the list but not the children."""
    ended = os.waitpid(child, os.WNOHANG)[0] != 0
    if ended:
        _unreaped.discard(child)
    return ended
