"""The programs that play in the demo: the very commands a user types, as processes that end with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from fraudstream.local.guard import Guard
from schemas.errors import RestartMe

GRACE_S: Final = 20.0
LAST_LINES: Final = 15


class Player:
    """One command, its output in a log file."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 our own command line
                [sys.executable, "-m", "fraudstream", name, *arguments],
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def done(self) -> bool:
        """It came to its own end, in order."""
        return self._process.poll() == 0

    def has_said(self, words: str) -> bool:
        return words in self.log.read_text("utf-8", "replace")

    def check(self) -> None:
        """Raises when it ended otherwise, though nobody asked it to."""
        code = self._process.poll()
        if code:
            last = "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:])
            raise RestartMe(f"`fraudstream {self.name}` ended with {code}:\n{last}")

    def stop(self) -> None:
        """Asks it to end, and sees to it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Cast:
    """Everybody who entered leaves when the `with` block does, last in first out, and when this program is killed."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._players: list[Player] = []
        self._guard = Guard()

    def enter(self, name: str, *arguments: str) -> Player:
        player = Player(name, list(arguments), self._environment, self._folder)
        self._players.append(player)
        self._guard.watch(player.pid)
        return player

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for player in reversed(self._players):
                player.stop()
                self._guard.forget(player.pid)
        finally:
            self._guard.close()
