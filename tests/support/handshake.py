"""The test's end of fail points: workers say where they are, and wait there if the test wants them to."""

import json
import os
import queue
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from consumer.fail_points import ARMED, VARIABLE

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Here:
    """A worker that stands at a step until one of these is called."""

    step: str
    pid: int
    worker: str
    line: socket.socket

    def go(self) -> None:
        self._answer(b"go\n")

    def fail(self) -> None:
        self._answer(b"fail\n")

    def kill(self) -> None:
        """SIGKILL, right there."""
        os.kill(self.pid, signal.SIGKILL)
        self.line.close()

    def freeze(self) -> None:
        """SIGSTOP: when it is thawed it goes on from there."""
        os.kill(self.pid, signal.SIGSTOP)
        self.go()

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _answer(self, text: bytes) -> None:
        with suppress(OSError):
            self.line.sendall(text)
        self.line.close()


Wanted = Callable[[Here], bool]


class Handshake:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "here"
        self.pids: dict[str, int] = {}
        """By worker, the process that said last that it is there."""
        self.turns: dict[int, int] = {}
        """By process, how many steps it has come to."""
        self._wanted: Wanted | None = None
        self._held: queue.Queue[Here] = queue.Queue()
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen(64)
        threading.Thread(target=self._listen, name="handshake", daemon=True).start()

    def variable(self, *steps: str) -> dict[str, str]:
        return {VARIABLE: f"{','.join(steps)}:{self.path}"}

    def hold(self, wanted: Wanted) -> None:
        """The next one of which that is true waits for its answer."""
        self._wanted = wanted

    def held(self, seconds: float = PATIENCE_S) -> Here | None:
        """The one that waits; None, and nobody will, if none has come in that time."""
        try:
            return self._held.get(timeout=seconds)
        except queue.Empty:
            self._wanted = None
        with suppress(queue.Empty):
            return self._held.get(timeout=0.2)
        return None

    def at(self, step: str, worker: str = "") -> Here:
        self.hold(lambda here: here.step == step and here.worker.endswith(worker))
        here = self.held()
        assert here is not None, f"no worker came to {step!r}"
        return here

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            try:
                self._hear(line)
            except (OSError, ValueError):
                line.close()  # it was killed before it could say who it is

    def _hear(self, line: socket.socket) -> None:
        said = json.loads(line.recv(1_024))
        here = Here(said["step"], said["pid"], said["worker"], line)
        self.turns[here.pid] = self.turns.get(here.pid, 0) + 1
        if here.step == ARMED:
            self.pids[here.worker], self.turns[here.pid] = here.pid, 0
        wanted = self._wanted
        if wanted and here.step != ARMED and wanted(here):
            self._wanted = None
            self._held.put(here)
        else:
            here.go()


@contextmanager
def handshake() -> Iterator[Handshake]:
    """In a folder with a short name: paths of sockets have 108 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="hs-"))
    listening = Handshake(folder)
    try:
        yield listening
    finally:
        listening.close()
        shutil.rmtree(folder)


def until(what: Callable[[], bool], said: str, seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
