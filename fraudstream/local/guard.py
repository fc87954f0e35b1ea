"""Ends the servers of a program that died without ending them itself, SIGKILL included.

Runs as a process of its own beside that program, which writes to it: `+<pid>` for a server started, `-<pid>` for one
ended. When the writing end closes or the parent changes, every server still on the list is killed. A death signal
(prctl) would be simpler, but is Linux only and also fires when just the *thread* that started the server ends.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field

_CHECK_PARENT_EVERY = 0.5


def _start() -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, bufsize=0)  # noqa: S603


@dataclass(frozen=True, slots=True)
class Guard:
    """The program's end of it."""

    child: "subprocess.Popen[bytes]" = field(default_factory=_start)

    def watch(self, pid: int) -> None:
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """What is still watched is killed."""
        self.child.communicate()

    def _tell(self, line: str) -> None:
        if self.child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.child.stdin.write(line.encode())


def main(parent: int) -> None:
    """The guard's end. Asks for its parent too: a fork of the program would hold the pipe open after its death.

    Everything written is read before the parent is asked for: it may have died before this process was up.
    """
    watched: set[int] = set()
    while True:
        if select.select([0], [], [], _CHECK_PARENT_EVERY)[0]:
            lines = os.read(0, select.PIPE_BUF)
            if not lines:
                break
            for line in lines.split():
                (watched.add if line.startswith(b"+") else watched.discard)(int(line[1:]))
        elif os.getppid() != parent:
            break
    for pid in watched:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
