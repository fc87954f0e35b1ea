"""What Kafka and Redis have in common: a folder, a port, a log, and a process that can be stopped, killed, paused."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from fraudstream.local import process
from fraudstream.local.guard import Guard
from fraudstream.local.process import Process
from schemas.errors import DependencyAway

_POLL = 0.02


@dataclass(slots=True, kw_only=True)
class Server(ABC):
    """With a guard it ends with this program; without one it lives on. Its data stays in its folder either way."""

    base: Path
    port: int
    guard: Guard | None = None
    process: Process | None = None

    name: ClassVar[str]
    settings_name: ClassVar[str]
    ready_within: ClassVar[float]
    grace: ClassVar[float]

    @abstractmethod
    def prepare(self) -> list[str]:
        """Writes what the server needs into its folder; the command that starts it, the settings file's path in it."""

    @abstractmethod
    def answers(self) -> bool:
        """True when a client is served; listening alone is not enough."""

    @classmethod
    def folder_in(cls, base: Path) -> Path:
        return base / cls.name.lower()

    @classmethod
    def settings_in(cls, base: Path) -> Path:
        """An argument of the server's command line: the mark by which its process is known again."""
        return cls.folder_in(base) / cls.settings_name

    @classmethod
    def log_in(cls, base: Path) -> Path:
        return cls.folder_in(base) / f"{cls.name.lower()}.log"

    @property
    def folder(self) -> Path:
        return self.folder_in(self.base)

    @property
    def settings(self) -> Path:
        return self.settings_in(self.base)

    @property
    def log(self) -> Path:
        return self.log_in(self.base)

    @property
    def pid(self) -> int:
        return self._started().pid

    def start(self) -> None:
        """Returns when clients can use it."""
        self.spawn()
        self.wait()

    def spawn(self) -> None:
        """Returns at once: `wait` before use."""
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        command = self.prepare()
        process.rotate(self.log)
        self.process = self.launch(command, log=self.log, mark=str(self.settings))

    def wait(self) -> None:
        deadline = time.monotonic() + self.ready_within
        while not self.answers():
            if not self._started().is_alive():
                raise self.failed("ended while it was starting")
            if time.monotonic() > deadline:
                raise self.failed(f"did not answer on port {self.port} within {self.ready_within:.0f} s")
            time.sleep(_POLL)

    def stop(self) -> None:
        """A clean stop, by force when it takes too long; does nothing when it is not running."""
        if self.process is not None:
            self.process.stop(self.grace)
            self._ended()

    def kill(self) -> None:
        """SIGKILL, as a crash would be; `start` brings it back with its data."""
        self._started().kill()
        self._ended()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing is answered."""
        self._started().pause()

    def resume(self) -> None:
        self._started().resume()

    def failed(self, what: str) -> DependencyAway:
        return DependencyAway(
            f"{self.name} {what}; the last lines of {self.log}:\n{process.tail(self.log)}",
            fix="the log says why; `fraudstream down --wipe` and `fraudstream up` start with an empty folder",
        )

    def _started(self) -> Process:
        if self.process is None:
            raise DependencyAway(f"the {self.name} of {self.folder} is not running", fix="start it first")
        return self.process

    def launch(self, command: list[str], *, log: Path, mark: str) -> Process:
        launched = process.spawn(command, log=log, mark=mark)
        if self.guard is not None:
            self.guard.watch(launched.pid)
        return launched

    def forget(self, ended: Process) -> None:
        if self.guard is not None:
            self.guard.forget(ended.pid)

    def _ended(self) -> None:
        if self.process is not None:
            self.forget(self.process)
        self.process = None
